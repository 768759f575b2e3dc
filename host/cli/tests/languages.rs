//! A new project in JavaScript or Python passes its own tests and builds, with the language's own tools.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests write the files that a user would have, and end at the first surprise"
)]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

mod program;

use program::lockgate;

fn toolchain(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").join(name)
}

fn done(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("it starts");
    assert!(status.success(), "{command:?}\n{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

fn new(folder: &Path, language: &str) -> PathBuf {
    done(lockgate().current_dir(folder).args(["new", "book-shop", "--lang", language]));
    folder.join("book-shop")
}

/// The author's tests and the kit: none fails, and none is left out for want of something to judge by.
fn tested(project: &Path) {
    let report = done(lockgate().current_dir(project).args(["test", "--json"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    let all = ["tests", "checks"].map(|part| report[part].as_array().unwrap().clone()).concat();
    let other: Vec<_> = all.iter().filter(|verdict| verdict["state"] != "passed").collect();
    assert!(other.is_empty() && all.len() > 30, "{other:#?}");
}

/// It must not reach for the network: what it needs is there.
fn built(project: &Path) -> Vec<u8> {
    let said = done(lockgate().current_dir(project.join("src")).args(["build", "--json"]));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(said["component"].as_str().unwrap().ends_with("dist/book-shop.wasm"), "{said}");
    std::fs::read(project.join("dist/book-shop.wasm")).unwrap()
}

#[test]
fn a_new_project_in_javascript_passes_its_tests_and_builds() {
    let tools = toolchain("js-toolchain").join("node_modules");
    if !tools.join("@bytecodealliance/componentize-js").exists() {
        eprintln!("SKIPPED: componentize-js is not in target/js-toolchain; `.ci/run` installs it");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let project = new(dir.path(), "js");
    // What `npm install` would do.
    let modules = project.join("node_modules");
    std::fs::create_dir_all(modules.join("@lockgate")).unwrap();
    symlink(project.join("lockgate/sdk-guest/js"), modules.join("@lockgate/sdk")).unwrap();
    let tools = tools.canonicalize().unwrap();
    for name in ["@bytecodealliance", "esbuild"] {
        symlink(tools.join(name), modules.join(name)).unwrap();
    }
    done(Command::new("node").current_dir(&project).args(["--test", "tests/"]));
    assert!(built(&project).starts_with(b"\0asm\x0d\0\x01\0"));
    tested(&project);

    // What is wrong is said with its file.
    std::fs::write(
        project.join("src/connector.js"),
        "export const connector = nothing;\nimport 'node:fs';\n",
    )
    .unwrap();
    let output = lockgate().current_dir(&project).arg("build").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("node:fs") && said.contains("connector.js:2"),
        "{said}"
    );
}

#[test]
fn a_new_project_in_python_passes_its_tests_and_builds() {
    let tools = toolchain("python-toolchain");
    if !tools.join("bin/componentize-py").exists() {
        eprintln!("SKIPPED: componentize-py is not in target/python-toolchain; `.ci/run` installs it");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let project = new(dir.path(), "python");
    // What `lockgate build` would do the first time, with its note of what was installed.
    let tools = tools.canonicalize().unwrap();
    std::fs::write(tools.join("lockgate-installed"), "componentize-py==0.25.1").unwrap();
    symlink(tools, project.join(".venv")).unwrap();
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", "src:lockgate/sdk-guest/python/src").env("PYTHONDONTWRITEBYTECODE", "1");
    done(python.current_dir(&project).args(["-m", "unittest", "discover", "tests"]));
    assert!(built(&project).starts_with(b"\0asm\x0d\0\x01\0"));
    tested(&project);

    std::fs::write(project.join("src/connector.py"), "import no_such_module\n").unwrap();
    let output = lockgate().current_dir(&project).arg("build").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("no_such_module"), "{said}");
    assert!(!said.contains("Stack backtrace"), "{said}");
}
