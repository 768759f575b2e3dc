//! The canary search: a host lives through everything that carries a secret, and then nothing that it has left behind
//! (its folder, its answers, its traces, its output, a core file) holds one, in any form that can be listed.
//!
//! The host lives in a process of its own, so that every trace of every thread is caught and nothing of other tests is.

mod mirror;
mod scenario;
mod search;

use std::path::{Path, PathBuf};
use std::process::Command;

use self::search::{Finding, forms, search};

const FOLDER: &str = "LOCKGATE_TEST_CANARY_FOLDER";
const ENGINE: &str = "LOCKGATE_TEST_CANARY_ENGINE";

/// What is searched for. Each begins with letters that no escape touches and goes on with what escapes do touch.
const CREDENTIAL: &str = "Cred7f3b9d2e51c84a06/\"x+y=";
const REPLACED: &str = "Gone51c84a067f3b9d2e/\"x+y=";
const PASSWORD: &str = "Pass9d2e51c84a067f3b/\"x+y=\u{e4}";
const HANDLE: &str = "Hand84a067f3b9d2e51c\n\0\"x";
const REFUSED: &str = "Nope067f3b9d2e51c84a\r\n\"x";

/// What is searched for to see that the search finds: each is put where its name says, by the scenario.
const CONTROL_IN_FOLDER: &str = "control-folder-7d1e";
/// What a customer's system sent: it is in the answers, and nowhere in the clear in the folder.
const CUSTOMER: &str = "customer-data-7d1e";
const CONTROL_IN_TRACES: &str = "control-traces-7d1e";
const CONTROL_IN_ANSWERS: &str = "control-answers-7d1e";

/// Everything that the scenario leaves: its folder, and what it wrote to its output.
fn lived_through(engine: &str, folder: &Path) -> Vec<PathBuf> {
    let output = Command::new(std::env::current_exe().expect("a program"))
        .args(["hostile::canary::scenario::lives_through_everything", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(ENGINE, engine)
        .env("RUST_BACKTRACE", "1")
        .current_dir(folder)
        .output()
        .expect("it runs");
    std::fs::write(folder.join("stdout.txt"), &output.stdout).expect("written");
    std::fs::write(folder.join("stderr.txt"), &output.stderr).expect("written");
    assert!(
        output.status.success(),
        "{engine}: the scenario failed:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    search::files(folder)
}

fn nothing_is_found(engine: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let files = lived_through(engine, folder.path());
    let name = |path: &Path| path.strip_prefix(folder.path()).expect("inside").display().to_string();
    let holding = |control: &str| -> Vec<String> {
        let found = search(&files, &[("control", control.as_bytes().to_vec())]);
        found.iter().map(|found| name(&found.path)).collect()
    };
    // A search that finds nothing anywhere proves nothing.
    for (control, place) in [
        (CONTROL_IN_FOLDER, format!("data/{engine}/")),
        (CONTROL_IN_TRACES, "traces.txt".to_owned()),
        (CONTROL_IN_ANSWERS, "answers.txt".to_owned()),
    ] {
        let holding = holding(control);
        assert!(
            holding.iter().any(|path| path.starts_with(&place)),
            "{engine}: {control} only in {holding:?}"
        );
    }
    let customers: Vec<_> = holding(CUSTOMER);
    assert!(customers.iter().any(|path| path == "answers.txt"), "{engine}: only in {customers:?}");
    let clear: Vec<_> = customers.iter().filter(|path| path.starts_with("data/")).collect();
    assert!(clear.is_empty(), "{engine}: a customer's data is in the clear in {clear:?}");
    let wanted: Vec<_> = [CREDENTIAL, REPLACED, PASSWORD, HANDLE, REFUSED]
        .into_iter()
        .flat_map(|canary| forms(canary.as_bytes()))
        .chain([("the operator's token", std::fs::read(folder.path().join("data/token")).expect("a token"))])
        .collect();
    assert!(wanted.len() > 60, "too few forms: {}", wanted.len());
    let found: Vec<Finding> = search(&files, &wanted)
        .into_iter()
        // The scenario keeps the token there to be searched for.
        .filter(|found| !found.path.ends_with("data/token"))
        .collect();
    assert!(found.is_empty(), "{engine}: {found:#?}");
    let cores: Vec<_> = files.iter().map(|path| name(path)).filter(|name| name.contains("core.")).collect();
    assert!(cores.is_empty(), "{engine}: {cores:?}");
}

#[test]
fn after_everything_that_carries_a_secret_no_file_answer_trace_or_core_holds_one_on_sled() {
    nothing_is_found("sled");
}

#[test]
fn after_everything_that_carries_a_secret_no_file_answer_trace_or_core_holds_one_on_redb() {
    nothing_is_found("redb");
}
