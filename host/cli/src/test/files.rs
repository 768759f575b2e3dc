//! The test files of a project.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use lockgate_testing::file::{self, Test};

use super::relative;
use crate::files::read_text;

/// Files of one project: more is a folder of something else.
const FILES_MAX: usize = 1_000;

/// A file with its tests, or with why it has none.
#[derive(Debug)]
pub(super) struct TestFile {
    pub(super) name: String,
    pub(super) tests: Result<Vec<Test>, String>,
}

/// The files of a folder, by name. `wanted`: it has to be there.
pub(super) fn of_folder(folder: &Path, wanted: bool) -> anyhow::Result<Vec<TestFile>> {
    if !folder.is_dir() && !wanted {
        return Ok(Vec::new());
    }
    let reading = || format!("reading the tests in {}", folder.display());
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        let is_test = path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml" || kind == "json");
        if is_test && path.is_file() {
            paths.push(path);
        }
    }
    if paths.len() > FILES_MAX {
        bail!("{} has more than {FILES_MAX} test files", folder.display());
    }
    paths.sort_unstable();
    let above = folder.parent().unwrap_or(folder);
    Ok(paths
        .into_iter()
        .map(|path| TestFile {
            name: relative(&path, above),
            tests: read_text(&path)
                .map_err(|error| format!("{error:#}"))
                .and_then(|text| file::parse(&text).map_err(|error| error.to_string())),
        })
        .collect())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the files that an author would have")]
mod tests {
    use super::*;

    #[test]
    fn test_files_come_by_name_and_a_broken_one_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let tests = dir.path().join("tests");
        std::fs::create_dir(&tests).unwrap();
        std::fs::write(tests.join("b.yaml"), "name: x\ncal: {}\n").unwrap();
        std::fs::write(tests.join("a.json"), r#"{"name": "x", "call": {"check": true}}"#).unwrap();
        std::fs::write(tests.join("it.rs"), "no").unwrap();
        let files = of_folder(&tests, false).unwrap();
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        assert_eq!(names, ["tests/a.json", "tests/b.yaml"]);
        assert_eq!(files[0].tests.as_ref().unwrap().len(), 1);
        assert!(files[1].tests.as_ref().unwrap_err().contains("cal"));
        assert!(of_folder(&dir.path().join("none"), false).unwrap().is_empty());
        assert!(of_folder(&dir.path().join("none"), true).is_err());
    }
}
