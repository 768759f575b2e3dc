//! The verbs by which an author runs a component on this machine, records what it does and plays that again.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests write the files that a user would have, and end at the first surprise"
)]

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use vendors::{Crm, CrmOptions};

mod program;

struct Laptop {
    folder: TempDir,
    url: String,
}

struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Laptop {
    fn new(url: String) -> Self {
        let laptop = Self { folder: tempfile::tempdir().unwrap(), url };
        laptop.file("crm.wasm", plugins::CRM);
        laptop.file("stripe.wasm", plugins::STRIPE);
        laptop.file("token.txt", CrmOptions::default().token.as_bytes());
        laptop.file("ceiling.json", json!({ "private": [laptop.url] }).to_string().as_bytes());
        laptop
    }

    fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn ask(&self, words: &[&str]) -> Answer {
        let output = program::lockgate()
            .args(words)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// With all that the CRM's connector needs to reach its mock.
    fn ask_crm(&self, words: &[&str]) -> Answer {
        let config = json!({ "api_base": self.url }).to_string();
        let rest = [
            "--component",
            "crm.wasm",
            "--config",
            &config,
            "--credential-file",
            "token.txt",
            "--ceiling",
            "ceiling.json",
        ];
        self.ask(&[words, &rest].concat())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_on_this_machine_is_recorded_and_played_again_without_its_remote() {
    let crm = Crm::start(CrmOptions::default()).await.unwrap();
    let laptop = Laptop::new(crm.url());
    let page = laptop.ask_crm(&["poll", "closed_won_deals", "--json", "--record", "page.cassette.json"]);
    assert_eq!(page.code, 0, "{}", page.err);
    let page: Value = serde_json::from_str(&page.out).unwrap();
    assert_eq!(page["outcome"], "ok");
    assert!(!page["result"]["records"].as_array().unwrap().is_empty(), "{page}");
    assert!(!page["exchanges"].as_array().unwrap().is_empty());
    drop(crm);

    let cassette = laptop.read("page.cassette.json");
    assert!(!cassette.contains(&CrmOptions::default().token), "the credential is in the cassette");
    let same = laptop.ask(&["replay", "page.cassette.json", "--component", "crm.wasm"]);
    assert_eq!(same.code, 0, "{} {}", same.out, same.err);
    assert!(same.out.contains(": same (crm@"), "{}", same.out);

    // Another page size than the guest asks for: as if another version had recorded it.
    let mut other: Value = serde_json::from_str(&cassette).unwrap();
    let calls = other["host_calls"].as_array_mut().unwrap();
    let at = calls.iter().position(|call| call["asked"].get("send").is_some()).unwrap();
    let url = calls[at]["asked"]["send"]["url"].as_str().unwrap().to_owned();
    calls[at]["asked"]["send"]["url"] = json!(format!("{url}x"));
    std::fs::create_dir(laptop.folder.path().join("past")).unwrap();
    laptop.file("past/1.json", other.to_string().as_bytes());
    laptop.file("past/2.json", cassette.as_bytes());
    let diverged = laptop.ask(&["replay", "past/1.json", "--component", "crm.wasm", "--json"]);
    assert_eq!(diverged.code, 1, "{} {}", diverged.out, diverged.err);
    let told: Value = serde_json::from_str(&diverged.out).unwrap();
    assert_eq!(told["verdict"], "diverged");
    assert_eq!(told["differences"][0]["host_call"], json!(at));
    assert_eq!(told["differences"][0]["place"], "/send/url");

    let judged = laptop.ask(&["replay", "--judge", "past", "--component", "crm.wasm"]);
    assert_eq!(judged.code, 1, "{}", judged.err);
    assert!(judged.out.contains("past/2.json: same"), "{}", judged.out);
    assert!(judged.err.contains("2 cassettes: 1 same"), "{}", judged.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_run_or_played_is_refused_with_its_own_exit_code() {
    let crm = Crm::start(CrmOptions::default()).await.unwrap();
    let laptop = Laptop::new(crm.url());
    laptop.file("hostile.json", b"{\"cassette\": 7, \"x\": []}");
    let hostile = laptop.ask(&["replay", "hostile.json", "--component", "crm.wasm"]);
    assert_eq!(hostile.code, 3, "{}", hostile.err);
    assert!(hostile.err.contains("has version 7; this host reads version 1"), "{}", hostile.err);

    let nowhere = laptop.ask(&["call", "get_balance"]);
    assert_eq!(nowhere.code, 2, "{}", nowhere.err);
    let unknown = laptop.ask_crm(&["call", "fly"]);
    assert_eq!(unknown.code, 2, "{}", unknown.err);
    assert!(unknown.err.contains("has no action \"fly\"; it offers"), "{}", unknown.err);

    // Without the ceiling the mock on loopback is out of reach, and that is said.
    let config = json!({ "api_base": laptop.url }).to_string();
    let words = ["poll", "closed_won_deals", "--component", "crm.wasm", "--credential-file", "token.txt"];
    let refused = laptop.ask(&[words.as_slice(), &["--config", &config]].concat());
    assert_eq!(refused.code, 3, "{} {}", refused.out, refused.err);

    // A scope less than it needs: the request is denied at its gate.
    let narrow = laptop.ask_crm(&["poll", "closed_won_deals", "--scope", "crm.objects.contacts.read"]);
    assert_eq!(narrow.code, 1, "{}", narrow.err);
    assert!(narrow.out.contains("denied at the scope gate"), "{}", narrow.out);
    assert!(Path::new(&laptop.folder.path().join("token.txt")).exists());
}
