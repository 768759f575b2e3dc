//! An operator compares a version that the host has and lets it play recorded calls, before a profile moves to it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests write the files that a user would have, and end at the first surprise"
)]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use vendors::{Stripe, StripeOptions};

struct Served {
    child: Child,
    url: String,
    folder: TempDir,
    token: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    code: i32,
    out: String,
    err: String,
}

fn lockgate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    for name in ["LOCKGATE_KEY", "LOCKGATE_TOKEN", "LOCKGATE_URL"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

impl Served {
    /// A host that may reach the mock, and nothing else on this machine.
    fn reaching(remote: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, ceiling) = (folder.path().join("data"), folder.path().join("ceiling.json"));
        std::fs::write(&ceiling, json!({ "private": [remote] }).to_string()).unwrap();
        let mut serve = lockgate();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).arg("--ceiling").arg(&ceiling);
        let mut child = serve.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("serving ")).expect("it serves before it ends");
        let url = line.split_once("serving ").unwrap().1.split_whitespace().next().unwrap().to_owned();
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut served = Self { child, url, folder, token: String::new() };
        let operator = data.join("operator.token");
        let made =
            served.ask(&["tokens", "create", "--tenant", "acme", "--token-file", operator.to_str().unwrap()]);
        assert_eq!(made.code, 0, "{}", made.err);
        served.token = made.out.trim().to_owned();
        served
    }

    fn ask(&self, words: &[&str]) -> Answer {
        let mut command = lockgate();
        let output = command.args(words).env("LOCKGATE_URL", &self.url).env("LOCKGATE_TOKEN", &self.token);
        let output = output.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn good(&self, words: &[&str]) -> String {
        let answer = self.ask(words);
        assert_eq!(answer.code, 0, "{words:?}: {}{}", answer.out, answer.err);
        answer.out
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn upload(&self, name: &str, bytes: &[u8]) -> String {
        self.good(&["upload", self.file(name, bytes).to_str().unwrap()])
    }
}

/// A component with a text replaced by another of the same length, wherever it stands.
fn patched(component: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = component.to_vec();
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    assert_ne!(bytes, component, "{from} stands in it");
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_compared_and_judged_on_the_host_before_a_profile_moves_to_it() {
    let remote = Stripe::start(StripeOptions::default()).await.unwrap();
    let url = remote.url();
    let served = Served::reaching(&url);
    let as_version = |version: &str| patched(plugins::STRIPE, "0.1.0Stripe", &format!("{version}Stripe"));
    served.upload("first.wasm", plugins::STRIPE);
    let config = json!({ "api_base": url }).to_string();
    served.good(&[
        "profiles",
        "create",
        "billing",
        "--connector",
        "stripe",
        "--auth",
        "bearer",
        "--config",
        &config,
    ]);
    let never = served.ask(&["profiles", "judge", "billing"]);
    assert_eq!(never.code, 4, "{}", never.err);
    assert!(never.err.contains("lockgate profiles record billing"), "{}", never.err);

    let key = served.file("key.txt", StripeOptions::default().key.as_bytes());
    served.good(&["profiles", "credential", "billing", "--from-file", key.to_str().unwrap()]);
    served.good(&["profiles", "grant", "billing", "--all"]);
    served.good(&["profiles", "record", "billing", "--all"]);
    let nothing = served.ask(&["profiles", "judge", "billing"]);
    assert!(nothing.code == 3 && nothing.err.contains("nothing_to_judge"), "{}", nothing.err);
    served.good(&["profiles", "run", "billing", "get_balance", "--input", "{}"]);

    let same = served.upload("same.wasm", &as_version("0.2.0"));
    assert!(!same.contains("says too little"), "{same}");
    let other = served.upload("other.wasm", &patched(&as_version("0.2.1"), "/v1/balance", "/v1/balancf"));
    assert!(!other.contains("says too little"), "below 1.0.0 a patch may ask for more: {other}");
    served.good(&["diff", "stripe@0.1.0", "stripe@0.2.0"]);
    let file = served.folder.path().join("other.wasm");
    let diff = served.ask(&["diff", "stripe@0.1.0", file.to_str().unwrap(), "--json"]);
    let told: Value = serde_json::from_str(&diff.out).unwrap();
    assert_eq!((&told["old"], &told["new"]), (&json!("0.1.0"), &json!("0.2.1")), "{}{}", diff.out, diff.err);
    assert!(told["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{told}");
    let gone = served.ask(&["diff", "stripe@latest", "stripe@9.9.9"]);
    assert_eq!(gone.code, 4, "{}", gone.err);

    let judged = served.good(&["profiles", "judge", "billing", "0.2.0"]);
    assert!(judged.contains("1 cassette: 1 same") && judged.contains("verdict: the same"), "{judged}");
    let judged = served.ask(&["profiles", "judge", "billing", "0.2.1"]);
    assert_eq!(judged.code, 1, "{}{}", judged.out, judged.err);
    let said = &judged.out;
    assert!(said.contains("asks for what was not recorded") && said.contains("/v1/balancf"), "{said}");

    // The highest version differs, so nothing moves; one that does not is moved to.
    let stays = served.ask(&["profiles", "upgrade", "billing", "--against-cassettes", "--json"]);
    assert_eq!(stays.code, 1, "{}{}", stays.out, stays.err);
    let told: Value = serde_json::from_str(&stays.out).unwrap();
    assert_eq!((&told["verdict"], &told["version"]), (&json!("differs"), &json!("stripe@0.2.1")));
    assert!(served.good(&["profiles", "show", "billing"]).contains("stripe@0.1.0"));
    let moved = served.good(&["profiles", "upgrade", "billing", "0.2.0", "--against-cassettes"]);
    assert!(moved.contains("stripe@0.2.0"), "{moved}");
    // What differs and is accepted stops nothing more: it is refused for what it asks for.
    let accepted =
        served.ask(&["profiles", "upgrade", "billing", "--against-cassettes", "--accept-differences"]);
    assert!(
        accepted.code == 3 && accepted.err.contains("consent_needed"),
        "{}{}",
        accepted.out,
        accepted.err
    );

    // The other two ways to another version are held up, and let through, by the same look at it.
    for way in [&["consent", "billing", "0.2.1", "--diff", "any"][..], &["canary", "billing", "0.2.1"]] {
        let stays = served.ask(&[&["profiles"], way, &["--against-cassettes"]].concat());
        assert_eq!(stays.code, 1, "{way:?}: {}{}", stays.out, stays.err);
        assert!(served.good(&["profiles", "show", "billing", "--json"]).contains("\"0.2.0\""));
    }
    served.good(&["profiles", "canary", "billing", "0.1.0", "--against-cassettes"]);
    served.good(&["profiles", "canary", "billing", "--promote", "--against-cassettes"]);
    assert!(served.good(&["profiles", "show", "billing"]).contains("stripe@0.1.0"));

    let renamed = served.upload("renamed.wasm", &patched(&as_version("0.2.2"), "get_balance", "get_balancf"));
    let expected = "says too little: since 0.2.1 it made a major step, so the least would be 0.3.0";
    assert!(renamed.contains(expected), "{renamed}");
}
