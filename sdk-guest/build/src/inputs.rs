//! What a component was built from, so that cargo runs the build script again when that changes and only then.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Tells cargo to watch the sources that the compiler listed in this dependency file, and their packages' manifests.
/// WIT files are among them, because the generated bindings include them.
pub(crate) fn watch(dependency_file: &Path) {
    let text = match fs::read_to_string(dependency_file) {
        Ok(text) => text,
        Err(error) => panic!("cannot read {}: {error}", dependency_file.display()),
    };
    let sources = sources(&text);
    let manifests: BTreeSet<PathBuf> = sources.iter().filter_map(|source| manifest_of(source)).collect();
    for path in sources.iter().chain(&manifests) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

fn manifest_of(source: &Path) -> Option<PathBuf> {
    source.ancestors().skip(1).map(|folder| folder.join("Cargo.toml")).find(|manifest| manifest.is_file())
}

/// The right-hand side of `artefact: source source`; a blank inside a path is written `\ `.
fn sources(text: &str) -> BTreeSet<PathBuf> {
    const BLANK: &str = "\u{0}";
    let joined = text.replace("\\\n", " ").replace("\\ ", BLANK);
    joined
        .lines()
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(_, sources)| sources.split_whitespace())
        .map(|source| PathBuf::from(source.replace(BLANK, " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_file_lists_paths_with_blanks_too() {
        let found = sources("/t/crm.wasm: /w/crm/src/lib.rs /w/my\\ sdk/src/lib.rs\n");
        assert_eq!(found, BTreeSet::from(["/w/crm/src/lib.rs".into(), "/w/my sdk/src/lib.rs".into()]));
    }

    #[test]
    fn a_source_belongs_to_the_nearest_package() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(manifest_of(&here.join("src/lib.rs")), Some(here.join("Cargo.toml")));
    }
}
