//! The connector of the help desk as a component of each language, built by its own tools if they are there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

/// One component, and how it came about.
pub struct Built {
    pub language: &'static str,
    /// Of the connector.
    pub name: &'static str,
    pub component: Vec<u8>,
    /// How long its tools took; none where it was built before.
    #[allow(dead_code, reason = "the benchmark asks")]
    pub took: Option<Duration>,
}

/// Cargo has built it with the tests.
pub fn rust() -> Built {
    Built { language: "Rust", name: "desk", component: lockgate_tests::connectors::DESK.to_vec(), took: None }
}

/// Without the SDK; none where the tools are not installed.
#[allow(dead_code, reason = "the tests ask")]
pub fn own_fetch() -> Option<Built> {
    let toolchain = js_toolchain()?;
    built("JavaScript", "own-fetch", &[], false, |to| {
        let mut node = Command::new("node");
        node.arg(top().join("tests/it/languages/own_fetch/build.mjs"));
        node.arg(toolchain).arg(top().join("wit/v0")).arg(to);
        node
    })
}

fn js_toolchain() -> Option<PathBuf> {
    let toolchain = top().join("target/js-toolchain");
    if !toolchain.join("node_modules/@bytecodealliance/componentize-js").exists() {
        eprintln!(
            "SKIPPED in JavaScript: componentize-js is not in target/js-toolchain; `.ci/run` installs it"
        );
        return None;
    }
    Some(toolchain)
}

/// None where the tools are not installed.
pub fn js(afresh: bool) -> Option<Built> {
    let toolchain = js_toolchain()?;
    built("JavaScript", "desk-js", &["sdk-guest/js", "sdk-guest/examples/js"], afresh, |to| {
        let mut node = Command::new("node");
        node.arg(top().join("sdk-guest/js/build.js")).arg("src/connector.js").arg(to);
        node.arg("--toolchain").arg(toolchain).current_dir(top().join("sdk-guest/examples/js"));
        node
    })
}

/// None where the tools are not installed.
pub fn python(afresh: bool) -> Option<Built> {
    let tool = top().join("target/python-toolchain/bin/componentize-py");
    if !tool.exists() {
        eprintln!(
            "SKIPPED in Python: componentize-py is not in target/python-toolchain; `.ci/run` installs it"
        );
        return None;
    }
    built("Python", "desk-py", &["sdk-guest/python/src", "sdk-guest/examples/python"], afresh, |to| {
        let mut componentize = Command::new(tool);
        componentize.current_dir(top().join("sdk-guest/examples/python"));
        componentize.arg("-d").arg(top().join("wit/v0")).args(["-w", "connector-component", "componentize"]);
        componentize.args(["-p", "src", "-p"]).arg(top().join("sdk-guest/python/src"));
        componentize.args(["connector", "-o"]).arg(to);
        componentize
    })
}

static TURN: Mutex<()> = Mutex::new(());

/// A component of unchanged sources is built once, unless it is wanted afresh.
fn built(
    language: &'static str,
    name: &'static str,
    sources: &[&str],
    afresh: bool,
    command: impl FnOnce(&Path) -> Command,
) -> Option<Built> {
    let mut digest = Sha256::new();
    for folder in sources.iter().chain(&["wit/v0", "tests/it/languages"]) {
        for file in files(&top().join(folder)) {
            digest.update(file.to_string_lossy().as_bytes());
            digest.update(std::fs::read(&file).unwrap());
        }
    }
    let digest: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let to = top().join("target/languages").join(format!("{name}-{digest}.wasm"));
    let mut took = None;
    // Of two tests that want the same component, one builds it.
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if afresh || !to.exists() {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let unfinished = to.with_extension("part");
        let began = Instant::now();
        let output = command(&unfinished).output().expect("the tool starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{language}: {said}\n{}", String::from_utf8_lossy(&output.stdout));
        took = Some(began.elapsed());
        std::fs::rename(unfinished, &to).unwrap();
    }
    Some(Built { language, name, component: std::fs::read(to).unwrap(), took })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if ["node_modules", "dist", "__pycache__"].contains(&&*name) {
            continue;
        }
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
