//! The files below a folder that belong to an SDK, and none that tools have left there.

use std::fs;
use std::path::Path;

/// Made by tools, or for this repository alone.
const NOT_OURS: [&str; 10] = [
    "node_modules",
    "dist",
    "target",
    "build",
    "__pycache__",
    ".venv",
    ".mypy_cache",
    ".pytest_cache",
    "tests",
    "examples",
];

/// Their paths from the root, in order. Cargo is told to look again when one of them changes or another one comes.
pub(crate) fn files(root: &Path, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    if root.join(folder).is_dir() {
        visit(root, folder, &mut found);
    } else if root.join(folder).is_file() {
        println!("cargo:rerun-if-changed={}", root.join(folder).display());
        found.push(folder.to_string_lossy().replace('\\', "/"));
    }
    found.sort();
    found
}

fn visit(root: &Path, folder: &Path, found: &mut Vec<String>) {
    let here = root.join(folder);
    let entries =
        fs::read_dir(&here).unwrap_or_else(|error| panic!("cannot list {}: {error}", here.display()));
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    let is_template = root.ends_with("templates");
    let ours = |name: &str| {
        let left_by_tools = NOT_OURS.contains(&name) && !(is_template && name == "tests");
        !left_by_tools && !name.ends_with(".wasm") && !name.ends_with(".egg-info")
    };
    let names: Vec<String> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    // A folder as a whole would be watched with everything that tools put into it.
    if names.iter().all(|name| ours(name)) {
        println!("cargo:rerun-if-changed={}", here.display());
    }
    for name in names.iter().filter(|name| ours(name)) {
        let path = folder.join(name);
        if root.join(&path).is_dir() {
            visit(root, &path, found);
        } else {
            println!("cargo:rerun-if-changed={}", root.join(&path).display());
            found.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
}
