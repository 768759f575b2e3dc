//! A generated connector against a validator that we did not write: what it sends is what the document allows.
//!
//! The connector of `tests/openapi/shop.yaml` is generated, built to a component, admitted, and each of its actions is run
//! against Prism, which answers with an error whatever breaks the document.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lockgate::domain::Secret;
use lockgate::domain::call::{GuestError, Input};
use lockgate::{AuthChoice, NewProfile, Tenant};
use scaffold::{Language, Project, Sdk};
use serde_json::{Value, json};

use crate::harness;

const DOCUMENT: &str = "tests/openapi/shop.yaml";

struct Prism {
    child: Child,
    url: String,
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prism {
    /// None where it is not installed.
    async fn start(document: &Path) -> Option<Self> {
        let program = top().join("target/prism/node_modules/.bin/prism");
        if !program.exists() {
            eprintln!(
                "SKIPPED: Prism is not installed. To run this test: npm install --prefix target/prism \
                 @stoplight/prism-cli@5.14.2"
            );
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(["mock", "--errors", "--host", "127.0.0.1", "--port", &port.to_string()])
            .arg(document)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let prism = Self { child, url: format!("http://127.0.0.1:{port}") };
        let began = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "Prism does not listen");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Some(prism)
    }
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Generates the connector of the document and builds it, without the network. What was compiled before is used again.
fn built(document: &[u8]) -> Vec<u8> {
    let generated = lockgate_openapi::generate("paper", document, &[]).unwrap();
    let project = Project::new("paper", Language::Rust, Sdk::Checkout(top())).unwrap();
    let mut files = project.frame();
    let sources = generated.files.into_iter();
    files.extend(sources.map(|file| scaffold::File { path: file.path, bytes: file.text.into_bytes() }));
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("paper");
    scaffold::write(&files, &folder).unwrap();
    let target = top().join("target/openapi");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--lib", "--target", "wasm32-wasip2"]).current_dir(&folder);
    // What holds for this build of ours is not what an author has.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(name);
    }
    let output = cargo.env("CARGO_TARGET_DIR", &target).env("CARGO_NET_OFFLINE", "true").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "the generated connector does not build:\n{said}");
    assert!(!said.contains("warning"), "the generated connector has warnings:\n{said}");
    std::fs::read(target.join("wasm32-wasip2/release/paper.wasm")).unwrap()
}

async fn profile(tenant: &Tenant, prism: &Prism) -> lockgate::domain::ProfileName {
    let name: lockgate::domain::ProfileName = "paper-main".parse().unwrap();
    let new = NewProfile {
        name: name.clone(),
        connector: "paper".parse().unwrap(),
        version: None,
        config: json!({ "base_url": prism.url }),
        auth: Some(AuthChoice { kind: "bearer".to_owned(), user: None }),
        rate: None,
        egress_address: None,
    };
    let profile = tenant.create_profile(new).await.unwrap();
    tenant.set_credential(&name, Secret::new("a-token-of-the-shop")).await.unwrap();
    let hosts = tenant.requested_hosts(&profile).unwrap();
    let all = [
        "books:read",
        "books:write",
        "books:delete",
        "orders:read",
        "orders:write",
        "files:read",
        "files:write",
    ];
    let scopes: BTreeSet<_> = all.iter().map(|scope| scope.parse().unwrap()).collect();
    tenant.grant(&name, &hosts, &scopes).await.unwrap();
    name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_a_generated_connector_is_valid_against_its_document() {
    let document = top().join(DOCUMENT);
    let Some(prism) = Prism::start(&document).await else { return };
    let component = built(&std::fs::read(&document).unwrap());
    let host = harness::reaching(&[&prism.url]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(component).await.unwrap();
    let name = profile(&tenant, &prism).await;
    let run = async |action: &str, input: Value| -> Result<Value, GuestError> {
        let called = tenant.call(&name, action, vec![input], Some("once")).await;
        called.unwrap_or_else(|error| panic!("{action}: {error}")).results.remove(0)
    };
    let book = json!({"id": "b1", "title": "A", "price": 10});
    let with = |title: &str| json!({"id": "b1", "title": title, "price": 10});
    for (action, input, output) in [
        ("get_book", json!({"bookId": "b 1 ü"}), book.clone()),
        (
            "add_book",
            json!({"body": {"title": "C", "price": 30, "author": null}}),
            json!({"id": "b3", "title": "C", "price": 30}),
        ),
        ("patch_books_book_id", json!({"bookId": "b1", "body": {"title": "A2", "note": null}}), with("A2")),
        ("remove_book", json!({"bookId": "b1"}), Value::Null),
        (
            "place_order",
            json!({"body": {"book": "b1 & b2", "copies": 2, "gift": true, "address": {"street": "Main 1", "city": "Ö"}}}),
            json!({"number": 7, "state": "open"}),
        ),
        (
            "get_order",
            json!({"year": 2026, "number": 7, "expand": ["lines"]}),
            json!({"number": 7, "state": "open"}),
        ),
        ("read_text", json!({"name": "ü.txt"}), json!("hello")),
        ("write_text", json!({"name": "a", "body": "hello"}), Value::Null),
    ] {
        assert_eq!(run(action, input).await, Ok(output), "{action}");
    }
    let input = json!({
        "limit": 2, "cursor": "c 1", "tags": ["x", "y z"], "fields": ["id", "title"], "sizes": [1, 2],
        "filter": {"author": "Ada", "year": "1843"}, "X-Trace": "abc",
    });
    let page = run("list_books", input).await.unwrap();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(2));

    // The trigger reads the list, and the check of the profile needs no more than what was granted.
    let polled = tenant.rehearse_poll(&name, "list_books", None).await.unwrap();
    let page = polled.outcome.unwrap().unwrap();
    let keys: Vec<&str> = page.records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!((keys, page.more), (vec!["b1", "b2"], false));
    let checked = tenant.rehearse_check(&name).await.unwrap();
    assert_eq!(checked.outcome.unwrap(), Ok(()));

    // And Prism does look: what the host would not even let through breaks the document for it too.
    for (action, input) in [("get_book", json!({"bookId": "b"})), ("list_books", json!({"X-Trace": "ab"}))] {
        let input = Input { key: "1".to_owned(), body: input.to_string() };
        let rehearsed = tenant.rehearse_run(&name, action, &[input]).await.unwrap();
        let refused = rehearsed.outcome.unwrap().remove(0).unwrap_err();
        assert!(format!("{refused:?}").contains("422"), "{refused:?}");
    }
}
