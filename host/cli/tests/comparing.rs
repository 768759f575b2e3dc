//! Two commands of an author who starts from an API's description and ends with a next version.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests write the files that a user would have, and end at the first surprise"
)]

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

mod program;

fn lockgate(words: &[&str]) -> (i32, String, String) {
    let output = program::lockgate().args(words).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/openapi/shop.yaml")
}

#[test]
fn a_project_is_written_from_a_document_and_what_is_missing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, document) = (folder.path().join("shop"), document());
    let words = ["new", "shop", "--dir", dir.to_str().unwrap(), "--openapi", document.to_str().unwrap()];
    let (code, out, err) = lockgate(&[&words[..], &["--json"]].concat());
    assert_eq!(code, 0, "{err}");
    let written: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&written["openapi"]["actions"], &written["openapi"]["triggers"]),
        (&Value::from(9), &Value::from(1))
    );
    assert_eq!(written["openapi"]["not_carried_over"].as_array().map(Vec::len), Some(2));
    assert!(dir.join("Cargo.toml").is_file() && dir.join("src/operations.rs").is_file());
    assert!(std::fs::read_to_string(dir.join("README.md")).unwrap().contains("image/png"));

    let other = folder.path().join("other");
    let words = ["new", "other", "--dir", other.to_str().unwrap(), "--openapi", document.to_str().unwrap()];
    let (code, _, err) = lockgate(&[&words[..], &["--only", "nothing"]].concat());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("--only") && !other.exists(), "{err}");
    let (code, _, err) = lockgate(&[&words[..], &["--lang", "js"]].concat());
    assert_eq!(code, 2, "{err}");
    let (code, out, err) = lockgate(&[&words[..], &["--only", "files"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("other") && err.contains("not carried over"), "{err}");
}

#[test]
fn a_version_that_says_too_little_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.wasm"), folder.path().join("new.wasm"));
    std::fs::write(&old, plugins::STRIPE).unwrap();
    // The same component with an action of another name.
    let (from, to) = (b"get_balance", b"get_balancf");
    let mut bytes = plugins::STRIPE.to_vec();
    let places: Vec<usize> =
        (0..bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    std::fs::write(&new, bytes).unwrap();
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());

    let (code, out, err) = lockgate(&["diff", old, old, "--json"]);
    assert_eq!(code, 0, "{err}");
    let same: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&same["step"], &same["enough"]), (&Value::from("none"), &Value::from(true)));

    let (code, out, err) = lockgate(&["diff", old, new, "--json"]);
    assert_eq!(code, 1, "{err}");
    let changed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(changed["step"], "major");
    assert_eq!(changed["changes"][0]["place"], "/actions/get_balance");
    let (code, out, _) = lockgate(&["diff", old, new]);
    assert_eq!(code, 1);
    assert!(out.contains("breaking") && out.contains("/actions/get_balancf: a new action"), "{out}");

    let document = document();
    let (code, _, err) = lockgate(&["diff", old, document.to_str().unwrap()]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("shop.yaml"), "{err}");
}
