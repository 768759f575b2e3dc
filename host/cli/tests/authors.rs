//! An author's first hour: a project is written, builds, runs in a host, and follows its sources there.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests write the files that a user would have, and end at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

mod program;

/// Kept between runs, so that only the first one compiles the SDK.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("authors")
}

fn lockgate(folder: &Path) -> Command {
    let mut command = program::lockgate();
    command.env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    // The machine that tests may have no network: the crates are those that this repository was built of.
    command.current_dir(folder).env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", target());
    command
}

fn done(output: Output) -> String {
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}\n{err}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// A shop on loopback that has one book, and says which requests it got.
fn shop() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).to_lowercase();
            let knows_us = head.contains("authorization: bearer of-the-shop");
            let body = r#"{"id": "7", "title": "Emma", "price_cents": 950}"#;
            let status =
                if knows_us && head.starts_with("get /v1/books/7 ") { "200 OK" } else { "404 Not Found" };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

/// `lockgate dev`, whose lines are read one by one.
struct Dev {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Dev {
    /// What is said of an event, once it has happened.
    fn until(&mut self, event: &str) -> Value {
        loop {
            let line = self.lines.next().unwrap_or_else(|| panic!("it ended before {event}")).unwrap();
            let said: Value = serde_json::from_str(&line).unwrap();
            assert_ne!(said["event"], "failed", "{said}");
            if said["event"] == event {
                return said["about"].clone();
            }
        }
    }
}

impl Dev {
    /// Done when a row of the log says this.
    fn until_row(&mut self, text: &str) {
        loop {
            let line = self.lines.next().unwrap_or_else(|| panic!("it ended before {text}")).unwrap();
            let said: Value = serde_json::from_str(&line).unwrap();
            assert_ne!(said["event"], "failed", "{said}");
            if said["number"].is_u64() && line.contains(text) {
                return;
            }
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_new_project_builds_runs_in_a_host_and_follows_its_sources() {
    let dir = tempfile::tempdir().unwrap();
    let written = done(lockgate(dir.path()).args(["new", "book-shop"]).output().unwrap());
    assert!(written.contains("book-shop"), "{written}");
    let project = dir.path().join("book-shop");

    let built = done(lockgate(&project.join("src")).args(["build", "--json"]).output().unwrap());
    let built: Value = serde_json::from_str(&built).unwrap();
    assert!(built["bytes"].as_u64().is_some_and(|bytes| bytes < 1 << 20), "{built}");
    assert!(
        built["component"].as_str().unwrap().ends_with("wasm32-wasip2/release/book_shop.wasm"),
        "{built}"
    );

    // Its own tests and the kit: none fails, and none is left out for want of something to judge by.
    let report = done(lockgate(&project).args(["test", "--json"]).output().unwrap());
    let report: Value = serde_json::from_str(&report).unwrap();
    let all = ["tests", "checks"].map(|part| report[part].as_array().unwrap().clone()).concat();
    let other: Vec<_> = all.iter().filter(|verdict| verdict["state"] != "passed").collect();
    assert!(other.is_empty() && all.len() > 30, "{other:#?}");

    let (shop, credential) = (shop(), dir.path().join("key.txt"));
    std::fs::write(&credential, "of-the-shop\n").unwrap();
    let config = serde_json::json!({ "api_base": shop }).to_string();
    let mut child = lockgate(&project)
        .args(["dev", "--json", "--listen", "127.0.0.1:0", "--private", &shop, "--config", &config])
        .arg("--credential")
        .arg(&credential)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut dev = Dev { child, lines };
    let host = dev.until("host");
    assert_eq!(dev.until("in_use")["version"], "0.1.0-dev.1");

    let run_with = |input: &str| {
        let words = ["profiles", "run", "book-shop-dev", "get_book", "--json", "--input", input];
        let mut command = lockgate(dir.path());
        command.env("LOCKGATE_URL", host["url"].as_str().unwrap());
        command.env("LOCKGATE_TOKEN", host["token"].as_str().unwrap()).args(words).output().unwrap()
    };
    let run = || run_with(r#"{"id": "7"}"#);
    assert!(done(run()).contains("Emma"));

    // What the component says is another thing now, and the profile follows.
    dev.until("waiting");
    let source = project.join("src/books.rs");
    let text = std::fs::read_to_string(&source).unwrap();
    let other = text.replace("answer.error_for_status()?.json()", "answer.error_for_status()?.json().map(|book: Book| Book { title: book.title.to_uppercase(), ..book })");
    assert_ne!(text, other);
    std::fs::write(&source, other).unwrap();
    // What happens while it is built is shown when it is: nothing of the log is lost.
    dev.until("building");
    let meanwhile = run_with(r#"{"id": "while-it-was-built"}"#);
    assert!(!meanwhile.status.success());
    assert_eq!(dev.until("in_use")["version"], "0.1.0-dev.2");
    dev.until_row("while-it-was-built");
    assert!(done(run()).contains("EMMA"));
}

#[test]
fn a_project_is_written_where_nothing_is_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["../outside", "Shop", "a b", "fn", "", "-x", "a/b", "shop\u{1b}[2J", "аbc"] {
        let refused = lockgate(dir.path()).arg("new").arg("--").arg(name).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{name:?}");
        assert!(!refused.stderr.contains(&0x1b), "{name:?}");
    }
    let unknown = lockgate(dir.path()).args(["new", "shop", "--lang", "cobol"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    let elsewhere = lockgate(dir.path()).args(["new", "shop", "--sdk", "."]).output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(1));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "something was written");

    for language in ["rust", "js", "python"] {
        let folder = dir.path().join(language);
        let words = ["new", "shop", "--json", "--lang", language, "--dir", folder.to_str().unwrap()];
        let said = done(lockgate(dir.path()).args(words).output().unwrap());
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["language"], language);
        assert!(folder.join("README.md").is_file() && folder.join("tests/shop.yaml").is_file(), "{language}");
        let again = lockgate(dir.path()).args(words).output().unwrap();
        assert_eq!(again.status.code(), Some(1), "{language}");
        assert!(String::from_utf8_lossy(&again.stderr).contains("not empty"), "{language}");
    }
    let nowhere = lockgate(dir.path()).arg("build").output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("lockgate new"));
}

#[cfg(unix)]
#[test]
fn a_project_whose_writing_is_killed_is_there_as_a_whole_or_not_at_all() {
    use std::time::{Duration, Instant};
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    done(lockgate(dir.path()).args(["new", "whole"]).output().unwrap());
    let (took, whole) = (began.elapsed(), files(&dir.path().join("whole")));
    assert!(whole > 50, "{whole} files");
    let mut killed = 0;
    for step in 1..=20_u32 {
        let name = format!("shop-{step}");
        let mut child = lockgate(dir.path())
            .args(["new", &name])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(took * step / 20);
        child.kill().unwrap();
        if !child.wait().unwrap().success() {
            killed += 1;
        }
        let project = dir.path().join(&name);
        assert!(!project.exists() || files(&project) == whole, "{name} is there in part");
        // The next one is not kept from its work by what the last one left.
        let again = dir.path().join(format!("again-{step}"));
        if step % 10 == 0 {
            done(lockgate(dir.path()).args(["new", "shop", "--dir"]).arg(&again).output().unwrap());
            assert_eq!(files(&again), whole);
        }
    }
    assert!(killed > 0, "none was killed before it was done");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[cfg(unix)]
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[test]
fn a_mistake_in_the_code_is_shown_as_the_compiler_says_it() {
    let dir = tempfile::tempdir().unwrap();
    done(lockgate(dir.path()).args(["new", "broken-shop"]).output().unwrap());
    let project = dir.path().join("broken-shop");
    // A crate of nothing else: what is looked at is how a mistake is shown, not how long the SDK takes.
    std::fs::remove_file(project.join("Cargo.lock")).unwrap();
    let alone = "[package]\nname = \"broken-shop\"\n[lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n";
    std::fs::write(project.join("Cargo.toml"), alone).unwrap();
    std::fs::write(project.join("src/lib.rs"), "fn broken( {}").unwrap();
    let failed = lockgate(&project).args(["build", "--json"]).output().unwrap();
    let err = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(1), "{err}");
    assert!(err.contains("src/lib.rs:1") && err.contains("what it says is above"), "{err}");
    assert!(failed.stdout.is_empty());

    // Without cargo on the path, the way to get it is said.
    let without = lockgate(&project).arg("build").env("PATH", dir.path()).output().unwrap();
    let err = String::from_utf8_lossy(&without.stderr);
    assert!(without.status.code() == Some(1) && err.contains("https://rustup.rs"), "{err}");
}
