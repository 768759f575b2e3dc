//! Builds guest crates of this workspace to components from a build script, so that plain `cargo build` is enough.
//!
//! ```ignore
//! // build.rs
//! fn main() {
//!     guest_build::components(&["crm", "stripe"]);
//! }
//!
//! // lib.rs
//! include!(concat!(env!("OUT_DIR"), "/components.rs"));
//! ```
//!
//! All build scripts share one guest build below the target directory, whatever profile or tool runs them.
#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    reason = "a build script is told by its environment, works on files, speaks on stdout and fails by panicking"
)]
#![warn(missing_docs)]

mod cargo;
mod inputs;
mod target;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Builds these packages' libraries to components and writes `components.rs` to `OUT_DIR`: one constant a package,
/// `CRM` for `crm`, that holds the component's bytes.
///
/// # Panics
///
/// When a component cannot be built, with the reason; that is how a build script fails.
pub fn components(packages: &[&str]) {
    let mut selection = vec!["--lib".to_owned()];
    for package in packages {
        selection.extend(["--package".to_owned(), (*package).to_owned()]);
    }
    build(&selection, "", packages, "components.rs");
}

/// Builds these examples of one package to components and writes `examples.rs` to `OUT_DIR`: one constant an example,
/// `NO_MANIFEST` for `no_manifest`. The examples' crate type must be `cdylib`.
///
/// # Panics
///
/// When a component cannot be built, with the reason; that is how a build script fails.
pub fn examples(package: &str, examples: &[&str]) {
    let mut selection = vec!["--package".to_owned(), package.to_owned()];
    for example in examples {
        selection.extend(["--example".to_owned(), (*example).to_owned()]);
    }
    build(&selection, "examples", examples, "examples.rs");
}

fn build(selection: &[String], folder: &str, names: &[&str], file: &str) {
    let out = PathBuf::from(variable("OUT_DIR"));
    let root = workspace_root(Path::new(&variable("CARGO_MANIFEST_DIR")));
    let target_dir = target_dir(&out).join("guests");

    target::ensure();
    cargo::build(&root.join("Cargo.toml"), &target_dir, selection);

    let built = target_dir.join(target::TRIPLE).join(cargo::PROFILE).join(folder);
    let mut code = String::new();
    for name in names {
        let stem = name.replace('-', "_");
        let component = format!("{stem}.wasm");
        copy_if_changed(&built.join(&component), &out.join(&component));
        // Writing to a string does not fail.
        let _ = writeln!(code, "/// The component `{name}`.");
        let _ = writeln!(
            code,
            "pub const {}: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{component}\"));",
            stem.to_uppercase()
        );
        inputs::watch(&built.join(format!("{stem}.d")));
    }
    for name in ["Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={}", root.join(name).display());
    }
    write(&out.join(file), code.as_bytes());
}

/// The directory that cargo builds into, found by the tag that cargo puts there: every profile and tool has it in common.
fn target_dir(out: &Path) -> PathBuf {
    out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()).unwrap_or(out).to_owned()
}

fn workspace_root(package: &Path) -> PathBuf {
    let is_root = |folder: &&Path| {
        fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|manifest| manifest.contains("[workspace]"))
    };
    match package.ancestors().find(is_root) {
        Some(root) => root.to_owned(),
        None => panic!("no workspace above {}", package.display()),
    }
}

/// A file that keeps its time when it keeps its bytes does not make cargo compile what includes it again.
fn copy_if_changed(from: &Path, to: &Path) {
    match fs::read(from) {
        Ok(bytes) => write(to, &bytes),
        Err(error) => panic!("cannot read the component {}: {error}", from.display()),
    }
}

fn write(path: &Path, bytes: &[u8]) {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return;
    }
    if let Err(error) = fs::write(path, bytes) {
        panic!("cannot write {}: {error}", path.display());
    }
}

fn variable(name: &str) -> String {
    match env::var(name) {
        Ok(value) => value,
        Err(error) => panic!("cannot read {name}, which cargo gives to build scripts: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_directory_is_the_tagged_one_above() {
        let root = env::temp_dir().join(format!("guest-build-{}", std::process::id()));
        let out = root.join("target/debug/build/plugins-0/out");
        fs::create_dir_all(&out).expect("the temporary directory is writable");
        fs::write(root.join("target/CACHEDIR.TAG"), "").expect("the temporary directory is writable");
        assert_eq!(target_dir(&out), root.join("target"));
        fs::remove_dir_all(&root).expect("the temporary directory is writable");
    }

    #[test]
    fn the_workspace_is_found_from_a_nested_package() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(workspace_root(here).join("sdk-guest/build/Cargo.toml").is_file());
    }
}
