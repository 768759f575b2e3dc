//! The commands of an operator against a host of their own, with the exit codes that `--help` promises.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests write the files that a user would have, and end at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

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

impl Served {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut child = lockgate()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().expect("it serves before it ends").unwrap();
            if let Some((_, rest)) = line.split_once("serving ") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
        };
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
        self.ask_with(words, &self.token, "")
    }

    fn ask_with(&self, words: &[&str], token: &str, input: &str) -> Answer {
        let mut child = lockgate()
            .args(words)
            .env("LOCKGATE_URL", &self.url)
            .env("LOCKGATE_TOKEN", token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn lockgate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    command.env_remove("LOCKGATE_KEY").env_remove("LOCKGATE_TOKEN").env_remove("LOCKGATE_URL");
    command
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_operator_gets_from_an_upload_to_a_refusal_that_says_what_would_help() {
    let served = Served::start();
    let component = served.file("stripe.wasm", plugins::STRIPE);
    let uploaded = served.ask(&["upload", text(&component)]);
    assert_eq!(uploaded.code, 0, "{}", uploaded.err);
    assert!(
        uploaded.out.contains("invoices:void"),
        "it does not say what the connector asks for: {}",
        uploaded.out
    );

    let create = ["profiles", "create", "billing", "--connector", "stripe", "--auth", "bearer"];
    assert_eq!(served.ask(&create).code, 0);
    let secret = "sk_test_canary_of_the_command";
    let stored = served.ask_with(&["profiles", "credential", "billing"], &served.token, secret);
    assert_eq!(stored.code, 0, "{}", stored.err);
    let grant =
        ["profiles", "grant", "billing", "--host", "https://api.stripe.com", "--scope", "customers:read"];
    assert_eq!(served.ask(&grant).code, 0);

    let refused = served.ask(&["profiles", "run", "billing", "get_balance", "--input", "{}"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    let said = format!("{}{}", refused.out, refused.err);
    assert!(said.contains("lockgate profiles grant billing --scope balance:read"), "{said}");
    let log = served.ask(&["logs", "--profile", "billing", "--json"]);
    assert!(log.out.contains("/v1/balance") && !log.out.contains(secret), "{}", log.out);
    let shown = served.ask(&["profiles", "show", "billing", "--json"]);
    assert!(shown.out.contains("customers:read") && !shown.out.contains(secret), "{}", shown.out);
}

#[test]
}

#[test]
fn a_proxy_of_the_environment_is_never_asked() {
    let served = Served::start();
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let proxy = format!("http://user:password@{}", trap.local_addr().unwrap());
    let mut command = lockgate();
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &proxy);
    }
    let command =
        command.env("NO_PROXY", "").env("LOCKGATE_URL", &served.url).env("LOCKGATE_TOKEN", &served.token);
    let output = command.args(["profiles", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let asked = trap.accept().map(|(_, from)| from);
    assert!(asked.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "the proxy was asked");
