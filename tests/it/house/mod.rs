//! The house rules: which room may open which, what a capability consists of, how a file begins and how long it is.

mod audit;
mod contract;
mod floors;
mod guests;
mod guides;
mod lock;
mod routes;
mod security;
mod symmetry;
mod tidy;

use std::path::{Path, PathBuf};

/// The top of the repository.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the top folder").to_path_buf()
}

/// Every source file of ours, with its path from the top.
fn sources() -> Vec<(String, String)> {
    let top = top();
    let mut found = Vec::new();
    for room in ["host", "wit", "sdk-guest", "plugins", "tests"] {
        walk(&top.join(room), &mut found);
    }
    let mut sources: Vec<_> = found
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file is text");
            let name = path.strip_prefix(&top).expect("below the top").to_string_lossy().replace('\\', "/");
            (name, text)
        })
        .collect();
    sources.sort();
    assert!(sources.len() > 100, "the walk found only {} files", sources.len());
    sources
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "node_modules" && !name.starts_with('.') {
                walk(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}
