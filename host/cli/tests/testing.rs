//! `lockgate test` and `lockgate check`, on a connector that ships and on what is none.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests write the files that a user would have, and end at the first surprise"
)]

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

mod program;

fn lockgate(words: &[&str]) -> Output {
    program::lockgate().args(words).output().unwrap()
}

fn crm(folder: &Path) -> PathBuf {
    let path = folder.join("crm.wasm");
    std::fs::write(&path, plugins::CRM).unwrap();
    path
}

fn tests_of_crm() -> String {
    format!("{}/../../plugins/crm/tests", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_connector_that_is_well_passes_and_says_so_to_people_and_to_programs() {
    let folder = tempfile::tempdir().unwrap();
    let crm = crm(folder.path());
    let words = ["test", crm.to_str().unwrap(), "--tests", &tests_of_crm(), "--only", "describe"];
    let output = lockgate(&words);
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{out}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("✓ describe.examples") && out.contains("0 failed"), "{out}");

    let words =
        ["test", crm.to_str().unwrap(), "--tests", &tests_of_crm(), "--only", "reads one contact", "--json"];
    let output = lockgate(&words);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["tests"][0]["state"], "passed", "{report}");
    assert_eq!(report["tests"][0]["file"], "tests/contacts.yaml");
}

#[test]
fn a_test_that_fails_is_told_with_its_file_and_exits_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let crm = crm(folder.path());
    let tests = folder.path().join("tests");
    std::fs::create_dir(&tests).unwrap();
    let text = "name: reads another\ncall: {action: get_contact, input: {id: \"1\"}}\nexchanges:\n  - request: {url: https://api.hubapi.com/crm/v3/objects/contacts/2}\n";
    std::fs::write(tests.join("a.yaml"), text).unwrap();
    std::fs::write(tests.join("b.yaml"), "name: x\ncal: {}\n").unwrap();
    let words =
        ["test", crm.to_str().unwrap(), "--tests", tests.to_str().unwrap(), "--only", "reads another"];
    let output = lockgate(&words);
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("✗ reads another"), "{out}");
    assert!(
        out.contains("the path is /crm/v3/objects/contacts/1; expected /crm/v3/objects/contacts/2"),
        "{out}"
    );
    assert!(out.contains("✗ tests/b.yaml") && out.contains("unknown field `cal`"), "{out}");
}

#[test]
fn what_there_is_to_run_is_listed_without_running_it() {
    let folder = tempfile::tempdir().unwrap();
    let crm = crm(folder.path());
    let words = ["test", crm.to_str().unwrap(), "--tests", &tests_of_crm(), "--list"];
    let output = lockgate(&words);
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("tests/deals.yaml: reads a deal with its contact"), "{out}");
    assert!(out.contains("errors.429") && out.contains("rate-limited"), "{out}");
}

#[test]
fn admission_on_the_laptop_says_what_is_asked_for_and_what_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let crm = crm(folder.path());
    let output = lockgate(&["check", crm.to_str().unwrap(), "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{found}");
    assert_eq!(found["connector"]["name"], "crm");
    assert!(found["cost"]["compile_us"].as_u64() > Some(0), "{found}");
    assert!(found["cost"]["warm_call_us"].as_u64() > Some(0), "{found}");

    let text = folder.path().join("no.wasm");
    std::fs::write(&text, "(module)").unwrap();
    let output = lockgate(&["check", text.to_str().unwrap()]);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("compile it to a binary component"), "{err}");
    let output = lockgate(&["check", text.to_str().unwrap(), "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &found["code"]), (Some(3), &Value::from("text")));

    let output = lockgate(&["check", folder.path().join("none.wasm").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
}
