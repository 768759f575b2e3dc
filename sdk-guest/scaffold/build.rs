//! Puts the templates and the sources of the SDKs into the program, as files of a project that stands alone.
#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    reason = "a build script is told by its environment, works on files, speaks on stdout and fails by panicking"
)]

#[path = "build/manifest.rs"]
mod manifest;
#[path = "build/tree.rs"]
mod tree;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What a project may need of this repository, by its path here and there.
const SDKS: [&str; 7] = [
    "wit",
    "sdk-guest/rust",
    "sdk-guest/testing",
    "sdk-guest/js",
    "sdk-guest/python",
    "sdk-guest/messages.md",
    "sdk-guest/cassettes.md",
];

fn main() {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    let Some(top) = here.ancestors().nth(2) else { panic!("{} is not in sdk-guest", here.display()) };

    let mut files = Vec::new();
    for sdk in SDKS {
        files.extend(tree::files(top, Path::new(sdk)));
    }
    // Neither belongs to the SDK: the one builds this repository's guests, the other is about to be read itself.
    let sdks = table("SDKS", top, &out, &files);
    let templates = table("TEMPLATES", &here.join("templates"), &out, &templates(&here.join("templates")));

    let lock = manifest::pruned_lock(&read(&top.join("Cargo.lock")), &["lockgate-sdk", "schemars", "serde"]);
    fs::write(out.join("Cargo.lock"), lock)
        .unwrap_or_else(|error| panic!("cannot write a lock file: {error}"));
    let lock = "pub(crate) static LOCK: &str = include_str!(concat!(env!(\"OUT_DIR\"), \"/Cargo.lock\"));\n";
    for name in ["Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={}", top.join(name).display());
    }
    let code = format!("{sdks}{templates}{lock}");
    fs::write(out.join("embedded.rs"), code).unwrap_or_else(|error| panic!("cannot write a table: {error}"));
}

fn templates(folder: &Path) -> Vec<String> {
    let languages = ["js", "python", "rust"];
    languages.iter().flat_map(|language| tree::files(folder, Path::new(language))).collect()
}

/// A table of paths with bytes. Cargo manifests are written anew, without what they inherit from this workspace.
fn table(name: &str, root: &Path, out: &Path, files: &[String]) -> String {
    let mut code = format!("pub(crate) static {name}: &[(&str, &[u8])] = &[\n");
    for path in files {
        let mut source = root.join(path);
        if name == "SDKS" && path.ends_with("Cargo.toml") {
            let workspace = read(&root.join("Cargo.toml"));
            let alone = manifest::standalone(&workspace, &read(&source), path);
            source = out.join(path.replace('/', "-"));
            fs::write(&source, alone).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
        }
        // Writing to a string does not fail.
        let _ = writeln!(
            code,
            "    ({path:?}, include_bytes!({source:?})),",
            source = source.display().to_string()
        );
    }
    code.push_str("];\n");
    code
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn variable(name: &str) -> String {
    env::var(name)
        .unwrap_or_else(|error| panic!("cannot read {name}, which cargo gives to build scripts: {error}"))
}
