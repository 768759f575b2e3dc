//! The commands of an operator against a host of their own, with the exit codes that `--help` promises.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests write the files that a user would have, and end at the first surprise"
)]

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

mod program;
mod served;

use program::lockgate;

struct Served {
    host: served::Host,
    folder: TempDir,
    token: String,
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
        let mut served = Self { host: served::serve(&data, &[]), folder, token: String::new() };
        let operator = data.join("operator.token");
        let made =
            served.ask(&["tokens", "create", "--tenant", "acme", "--token-file", operator.to_str().unwrap()]);
        assert_eq!(made.code, 0, "{}", made.err);
        served.token = made.out.trim().to_owned();
        served
    }

    /// Ends the host as a power cut would, and starts it again over the same folder.
    fn kill_and_start_again(&mut self) {
        self.host.child.kill().unwrap();
        self.host.child.wait().unwrap();
        self.host = served::serve(&self.folder.path().join("data"), &[]);
    }

    fn ask(&self, words: &[&str]) -> Answer {
        self.ask_with(words, &self.token, "")
    }

    fn ask_with(&self, words: &[&str], token: &str, input: &str) -> Answer {
        let mut child = lockgate()
            .args(words)
            .env("LOCKGATE_URL", &self.host.url)
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
    assert_eq!(refused.code, 3, "{}", refused.err);
    let said = format!("{}{}", refused.out, refused.err);
    assert!(said.contains("lockgate profiles grant billing --scope balance:read"), "{said}");
    let shown = served.ask(&["profiles", "show", "billing", "--json"]);
    assert!(shown.out.contains("customers:read") && !shown.out.contains(secret), "{}", shown.out);
}

#[test]
fn a_refusal_is_explained_and_what_a_connector_needs_is_proposed() {
    let served = Served::start();
    let component = served.file("stripe.wasm", plugins::STRIPE);
    assert_eq!(served.ask(&["upload", text(&component)]).code, 0);
    // A literal that no ceiling names: nothing is looked up, and nothing is sent.
    let made = [
        "profiles",
        "create",
        "main",
        "--connector",
        "stripe",
        "--config",
        r#"{"api_base": "https://10.0.0.1"}"#,
        "--auth",
        "bearer",
    ];
    let made = served.ask(&made);
    assert_eq!(made.code, 0, "{}", made.err);
    let explain = |words: &[&str]| {
        let fixed = ["policy", "explain", "POST", "https://10.0.0.1/v1/invoices", "--profile", "main"];
        served.ask(&[&fixed[..], words].concat())
    };
    let denied = explain(&["--header", "Host: x"]);
    assert_eq!(denied.code, 7, "{}", denied.err);
    for line in [
        "denied at the ceiling gate",
        "ceiling.private = [\"https://10.0.0.1\"]",
        "lockgate profiles grant main --host https://10.0.0.1",
        "lockgate profiles grant main --scope invoices:write",
        "a connector may not set the header host",
        "not reached",
        "no call is made at all now",
    ] {
        assert!(denied.out.contains(line), "{line}: {}", denied.out);
    }
    let json = explain(&["--json"]);
    assert_eq!(json.code, 7);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json["allowed"].as_bool(), json["denial"]["gate"].as_str()), (Some(false), Some("ceiling")));

    assert_eq!(served.ask(&["policy", "propose", "main"]).code, 4, "it was never observed");
    let observed = served.ask(&["policy", "observe", "main", "--for", "30m"]);
    assert!(observed.code == 0 && observed.out.contains("main is being observed"), "{}", observed.out);
    let proposed = served.ask(&["policy", "propose", "main"]);
    assert!(proposed.code == 0 && proposed.out.contains("nothing was tried yet"), "{}", proposed.out);
    let stopped = served.ask(&["policy", "observe", "main", "--stop"]);
    assert!(stopped.code == 0 && stopped.out.contains("main is not being observed"), "{}", stopped.out);
    assert_eq!(served.ask(&["policy", "explain", "GET", "https://a.example", "--profile", "nobody"]).code, 4);
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
    let command = command
        .env("NO_PROXY", "")
        .env("LOCKGATE_URL", &served.host.url)
        .env("LOCKGATE_TOKEN", &served.token);
    let output = command.args(["profiles", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let asked = trap.accept().map(|(_, from)| from);
    assert!(asked.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "the proxy was asked");
}

#[test]
fn what_is_wrong_ends_with_the_exit_code_that_the_help_names() {
    let served = Served::start();
    let nonsense = served.file("nonsense.wasm", b"\x89PNG\r\n\x1a\n\0\0");
    let component = served.file("stripe.wasm", plugins::STRIPE);
    assert_eq!(served.ask(&["upload", text(&component)]).code, 0);
    let cases: [(&[&str], i32, &str); 8] = [
        (&["upload", text(&nonsense)], 3, "not a WebAssembly component"),
        (&["profiles", "create", "a", "--connector", "never-was"], 4, "never-was"),
        (&["profiles", "create", "A!", "--connector", "stripe", "--auth", "bearer"], 3, "A!"),
        (&["profiles", "create", "a", "--connector", "stripe"], 3, "choose one"),
        (&["profiles", "show", "ghost"], 4, "ghost"),
        (&["flows", "run", "ghost"], 4, "ghost"),
        (&["profiles", "frobnicate"], 2, "frobnicate"),
        (&["tokens", "list"], 5, "operator"),
    ];
    for (words, code, said) in cases {
        let answer = served.ask(words);
        assert_eq!(answer.code, code, "{words:?}: {}", answer.err);
        assert!(answer.err.contains(said), "{words:?} does not say {said:?}: {}", answer.err);
    }
    assert_eq!(served.ask_with(&["profiles"], "lg_wrong", "").code, 5);
    let nowhere = served.ask(&["profiles", "--url", "http://127.0.0.1:9"]);
    assert_eq!(nowhere.code, 6, "{}", nowhere.err);
    assert!(
        served.ask(&["profiles", "--json"]).out.contains("\"items\": []"),
        "a refused command left a profile"
    );
}

/// Serves a folder that is not to be served, and says how that ended.
fn refused_to_serve(data: &Path, key_file: Option<&Path>) -> Answer {
    let mut command = lockgate();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    if let Some(key_file) = key_file {
        command.arg("--key-file").arg(key_file);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn private(path: &Path, contents: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, contents).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_key_is_rotated_offline_and_a_wrong_weak_open_or_missing_one_serves_nothing() {
    let mut served = Served::start();
    let (folder, data) = (served.folder.path().to_owned(), served.folder.path().join("data"));
    let rotate = |more: &[&str]| {
        let mut command = lockgate();
        command.args(["keys", "rotate", "--json", "--data-dir"]).arg(&data).args(more);
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    };
    let new = folder.join("new.key");
    let in_use = rotate(&["--new-key-file", text(&new)]);
    assert_eq!(in_use.code, 3, "{}", in_use.err);
    assert!(in_use.err.contains("in use") && !new.exists(), "{}", in_use.err);
    served.host.child.kill().unwrap();
    served.host.child.wait().unwrap();

    let rotated = rotate(&["--new-key-file", text(&new)]);
    assert_eq!(rotated.code, 0, "{}", rotated.err);
    assert!(rotated.out.contains("\"rotated\": true"), "{}", rotated.out);
    let again = rotate(&["--new-key-file", text(&new)]);
    assert!(again.out.contains("\"rotated\": false"), "{} {}", again.out, again.err);

    let file = |name: &str, contents: &str| {
        let path = folder.join(name);
        private(&path, contents);
        path
    };
    let open = file("open.key", &std::fs::read_to_string(&new).unwrap());
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let random = "8f5b2c0d9e41a7763c58e0f1b2a49d6685c3170e4fa2b9d86e1c7530a9f4d28b\n";
    for (key, said) in [
        (None, "not the one that the data folder"),
        (Some(file("other.key", random)), "not the one that the data folder"),
        (Some(file("weak.key", &"00".repeat(32))), "not random"),
        (Some(file("text.key", "correct horse battery staple 123")), "not random"),
        (Some(file("short.key", "8f5b2c0d")), "64 hexadecimal digits or 32 bytes"),
        (Some(open), "chmod 600"),
        (Some(folder.join("nowhere.key")), "does not exist"),
    ] {
        let refused = refused_to_serve(&data, key.as_deref());
        assert_eq!(refused.code, 3, "{key:?}: {}", refused.err);
        assert!(refused.err.contains(said), "{key:?}: {}", refused.err);
    }
    std::fs::remove_file(data.join("lockgate.key")).unwrap();
    let refused = refused_to_serve(&data, None);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(refused.err.contains("does not exist"), "{}", refused.err);
    assert!(!data.join("lockgate.key").exists(), "a key was made over an existing store");

    let third = folder.join("third.key");
    let wrong = rotate(&["--key-file", text(&folder.join("other.key")), "--new-key-file", text(&third)]);
    assert_eq!(wrong.code, 3, "{}", wrong.err);
    assert!(!third.exists(), "a key was made for a folder that it cannot open");
    let back = rotate(&["--key-file", text(&new), "--new-key-file", text(&third)]);
    assert_eq!(back.code, 0, "{}", back.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_host_leaves_no_core_file_and_no_look_into_its_memory() {
    let served = Served::start();
    let about = |file: &str| {
        std::fs::read_to_string(format!("/proc/{}/{file}", served.host.child.id()))
            .expect("the process is there")
    };
    let limits = about("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    let bounds: Vec<_> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(bounds, ["0", "0"], "{core}");
    // What the kernel shows of a process that may not be dumped belongs to the superuser, whoever runs it.
    use std::os::unix::fs::MetadataExt as _;
    let owner = std::fs::metadata(format!("/proc/{}/environ", served.host.child.id())).unwrap().uid();
    assert_eq!(owner, 0);
}

#[test]
fn the_audit_trail_is_listed_exported_and_verified_also_without_the_host() {
    let mut served = Served::start();
    let component = served.file("stripe.wasm", plugins::STRIPE);
    assert_eq!(served.ask(&["upload", text(&component)]).code, 0);
    let listed = served.ask(&["audit"]);
    assert!(listed.out.contains("connector.uploaded") && listed.out.contains("token:"), "{}", listed.out);
    let exported = served.ask(&["audit", "export"]);
    assert_eq!(exported.out.lines().count(), 2, "the token and the upload: {}", exported.out);
    assert_eq!(served.ask(&["audit", "export", "--after", "1"]).out.lines().count(), 1);
    let whole = served.ask(&["audit", "verify"]);
    assert_eq!(whole.code, 0, "{}", whole.err);
    let head = whole.out.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(served.ask(&["audit", "verify", "--head", &head, "--json"]).code, 0);
    let forged = format!("2:{}", "0".repeat(64));
    let broken = served.ask(&["audit", "verify", "--head", &forged]);
    assert_eq!(broken.code, 1, "{}", broken.out);
    assert!(broken.out.contains("BROKEN: entry 2"), "{}", broken.out);

    served.host.child.kill().unwrap();
    served.host.child.wait().unwrap();
    let data = served.folder.path().join("data");
    let all = served.ask(&["audit", "verify", "--data", text(&data)]);
    assert_eq!(all.code, 0, "{}", all.err);
    assert!(all.out.contains("host: whole") && all.out.contains("tenant:acme: whole"), "{}", all.out);
    let of_acme = ["audit", "verify", "--data", text(&data), "--tenant", "acme", "--head"];
    assert_eq!(served.ask(&[&of_acme[..], &[head.as_str()]].concat()).code, 0);
    assert_eq!(served.ask(&[&of_acme[..], &[forged.as_str()]].concat()).code, 1);
    let without = ["audit", "verify", "--data", text(&data), "--head", &forged];
    assert_eq!(served.ask(&without).code, 2);

    let checked = served.ask(&["store", "check", "--data", text(&data)]);
    assert!(checked.code == 0 && checked.out.ends_with("all is well\n"), "{} {}", checked.out, checked.err);
    let components = std::fs::read_dir(data.join("components")).unwrap();
    components.for_each(|file| std::fs::write(file.unwrap().path(), b"something else").unwrap());
    let spoilt = served.ask(&["store", "check", "--data", text(&data), "--json"]);
    assert_eq!(spoilt.code, 1, "{} {}", spoilt.out, spoilt.err);
    assert!(spoilt.out.contains("connectors") && spoilt.out.contains("is damaged"), "{}", spoilt.out);
}

#[test]
fn a_hook_is_made_tried_and_given_another_secret_and_what_it_took_survives_a_kill() {
    let mut served = Served::start();
    let component = served.file("stripe.wasm", plugins::STRIPE);
    assert_eq!(served.ask(&["upload", text(&component)]).code, 0);
    let create = ["profiles", "create", "billing", "--connector", "stripe", "--auth", "bearer"];
    assert_eq!(served.ask(&create).code, 0);
    let stored = served.ask_with(&["profiles", "credential", "billing"], &served.token, "sk_test_canary");
    assert_eq!(stored.code, 0, "{}", stored.err);
    let polled = served.ask(&["hooks", "create", "--profile", "billing", "--trigger", "customers"]);
    assert_eq!(polled.code, 3, "{}", polled.err);

    let secret = "whsec_canary_of_the_hook";
    let words =
        ["hooks", "create", "--profile", "billing", "--trigger", "paid_invoices", "--secret-stdin", "--json"];
    let made = served.ask_with(&words, &served.token, secret);
    assert_eq!(made.code, 0, "{}", made.err);
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    let id = made["hook"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made["hook"]["url"].as_str().unwrap(), format!("{}/hooks/{id}", served.host.url));
    assert!(!made.to_string().contains(secret));
    // Nobody waits for its events yet.
    let early = served.ask(&["hooks", "test", &id]);
    assert_eq!(early.code, 3, "{} {}", early.out, early.err);

    let flow = ["flows", "create", "paid", "--from", "billing:paid_invoices", "--to", "billing:void_invoice"];
    let flow = served.ask(&flow);
    assert_eq!(flow.code, 0, "{}", flow.err);
    assert_eq!(served.ask(&["flows", "disable", "paid"]).code, 0);
    let event = r#"{"id":"evt_1","type":"customer.created","created":1,"data":{"object":{}}}"#;
    let body = served.file("event.json", event.as_bytes());
    let taken = served.ask(&["hooks", "test", &id, "--body", text(&body)]);
    assert!(taken.code == 0 && taken.out.contains("taken"), "{} {}", taken.out, taken.err);
    served.kill_and_start_again();
    let again = served.ask(&["hooks", "test", &id, "--body", text(&body)]);
    assert!(again.out.contains("again"), "what was taken is forgotten: {} {}", again.out, again.err);
    let removed = served.ask(&["flows", "delete", "paid"]);
    assert!(removed.code == 3 && removed.err.contains("events"), "{} {}", removed.code, removed.err);

    let rotated = served.ask(&["hooks", "rotate-secret", &id, "--keep-old", "24h"]);
    assert!(rotated.code == 0 && rotated.out.contains("whsec_"), "{} {}", rotated.out, rotated.err);
    let shown = served.ask(&["hooks", "show", &id, "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["hook"]["old_secret"].as_bool(), Some(true));
    assert_eq!(served.ask(&["hooks", "retire", &id]).code, 0);
    assert_eq!(served.ask(&["hooks", "disable", &id]).code, 0);
    assert_eq!(served.ask(&["hooks", "test", &id]).code, 3);
    assert!(served.ask(&["hooks"]).out.contains("disabled"));
    assert_eq!(served.ask(&["hooks", "delete", &id]).code, 0);
    assert_eq!(served.ask(&["hooks", "show", &id]).code, 4);
}

#[test]
fn what_gave_up_is_looked_for_and_nothing_is_sent_again_by_mistake() {
    let served = Served::start();
    let found = served.ask(&["records", "find", "deal-4711", "--beginning"]);
    assert!(found.code == 0 && found.out.contains("no record"), "{}{}", found.out, found.err);
    let planned = served.ask(&["dead-letters", "replay-all", "--dry-run"]);
    assert!(planned.code == 0 && planned.out.contains("no parked"), "{}{}", planned.out, planned.err);
    let all = served.ask(&["dead-letters", "replay-all"]);
    assert!(all.code == 2 && all.err.contains("--everything"), "{}", all.err);
    let started = served.ask(&["dead-letters", "replay-all", "--everything", "--json"]);
    assert_eq!(started.code, 0, "{}", started.err);
    let plan: serde_json::Value = serde_json::from_str(&started.out).unwrap();
    let job = plan["job"]["id"].as_str().unwrap();
    let shown = served.ask(&["dead-letters", "jobs", "show", job]);
    assert!(shown.code == 0 && shown.out.contains(job), "{}{}", shown.out, shown.err);
    let listed = served.ask(&["dead-letters", "list", "--blame", "remote", "--state", "parked"]);
    assert!(listed.code == 0 && listed.out.contains("no dead letters"), "{}{}", listed.out, listed.err);
    let unread = served.ask(&["dead-letters", "list", "--since", "yesterday"]);
    assert_eq!(unread.code, 3, "{}", unread.err);
    let nobody = served.ask(&["dead-letters", "discard", "01KAWB6W3M2Q0R5T7V9X1Z3B5D", "--reason", "no"]);
    assert_eq!(nobody.code, 4, "{}", nobody.err);
}

#[test]
fn a_profile_says_what_is_kept_of_it_and_is_found_by_its_status() {
    let served = Served::start();
    let component = served.file("stripe.wasm", plugins::STRIPE);
    assert_eq!(served.ask(&["upload", text(&component)]).code, 0);
    let create = ["profiles", "create", "billing", "--connector", "stripe", "--auth", "bearer"];
    assert_eq!(served.ask(&create).code, 0);
    let set = served.ask(&["profiles", "tracing", "billing", "--log-bodies", "off"]);
    assert_eq!(set.code, 0, "{}", set.err);
    assert!(set.out.contains("no bodies") && set.out.contains("its trace"), "{}", set.out);
    assert_eq!(served.ask(&["profiles", "tracing", "billing"]).code, 2, "it says nothing");
    let listed = |status: &str| served.ask(&["profiles", "list", "--status", status]).out;
    assert!(listed("pending").contains("billing") && !listed("active").contains("billing"));
}

#[test]
fn a_replay_of_all_that_is_waited_for_ends_with_its_outcome() {
    let served = Served::start();
    let replayed = served.ask(&["dead-letters", "replay-all", "--since", "24h", "--wait", "--json"]);
    assert_eq!(replayed.code, 0, "{}", replayed.err);
    let job: serde_json::Value = serde_json::from_str(&replayed.out).unwrap();
    assert_eq!((&job["state"], &job["replayed"]), (&"done".into(), &0.into()), "{job}");
}
