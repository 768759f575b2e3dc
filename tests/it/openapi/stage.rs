//! A generated connector on a host, with Prism for its remote.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kit::{Options, Stand, State, Verdict};
use lockgate::domain::{ProfileName, Secret};
use lockgate::{AuthChoice, Host, NewProfile, Tenant};
use scaffold::{Language, Project, Sdk};
use serde_json::json;

use crate::harness;

/// Everything is granted to the profile.
pub(super) struct Stage {
    pub(super) tenant: Tenant,
    pub(super) profile: ProfileName,
    component: Vec<u8>,
    tests: Vec<String>,
    /// It ends with the stage.
    _host: Host,
    _prism: Prism,
}

impl Stage {
    /// Of a document of `tests/openapi`. None where Prism is not installed.
    pub(super) async fn of(document: &str, auth: &str) -> Option<Self> {
        let path = top().join("tests/openapi").join(document);
        let prism = Prism::start(&path).await?;
        let name = document.split('.').next().unwrap();
        let generated = lockgate_openapi::generate(name, &std::fs::read(&path).unwrap(), &[]).unwrap();
        let scopes: Vec<String> = generated.manifest.scopes.iter().map(|scope| scope.name.clone()).collect();
        let of_tests = generated.files.iter().filter(|file| file.path.starts_with("tests/"));
        let tests = of_tests.map(|file| file.text.clone()).collect();
        let component = built(name, generated.files);
        let host = harness::reaching(&[&prism.url]).build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        tenant.upload(component.clone()).await.unwrap();
        let profile: ProfileName = "main".parse().unwrap();
        let new = NewProfile {
            name: profile.clone(),
            connector: name.parse().unwrap(),
            version: None,
            config: json!({ "base_url": prism.url }),
            auth: Some(AuthChoice { kind: auth.to_owned(), user: None }),
            rate: None,
            egress_address: None,
        };
        let row = tenant.create_profile(new).await.unwrap();
        tenant.set_credential(&profile, Secret::new("a-token-of-the-vendor")).await.unwrap();
        let hosts = tenant.requested_hosts(&row).unwrap();
        let scopes: BTreeSet<_> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        tenant.grant(&profile, &hosts, &scopes).await.unwrap();
        Some(Self { tenant, profile, component, tests, _host: host, _prism: prism })
    }

    /// The tests that the project was generated with, and the conformance kit on top of them.
    pub(super) async fn passes_its_own_tests(&self) {
        let options = Options { artefacts: Some(harness::compiled()), ..Options::default() };
        let stand = Stand::open(self.component.clone(), options).await.unwrap();
        let mut tests = Vec::new();
        for text in &self.tests {
            tests.extend(lockgate_testing::file::parse(text).unwrap());
        }
        let mut verdicts = kit::tests(&stand, &tests).await;
        verdicts.extend(kit::conformance(&stand, &tests, None).await);
        let not = |state: State| -> Vec<&Verdict> {
            verdicts.iter().filter(|verdict| verdict.state == state).collect()
        };
        assert!(not(State::Failed).is_empty(), "{:#?}", not(State::Failed));
        assert!(not(State::Skipped).is_empty(), "{:#?}", not(State::Skipped));
    }
}

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

/// Builds a project of these sources, without the network. What was compiled before is used again.
fn built(name: &str, sources: Vec<lockgate_openapi::File>) -> Vec<u8> {
    let project = Project::new(name, Language::Rust, Sdk::Checkout(top())).unwrap();
    let mut files = project.frame();
    let sources = sources.into_iter();
    files.extend(sources.map(|file| scaffold::File { path: file.path, bytes: file.text.into_bytes() }));
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join(name);
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
    std::fs::read(target.join("wasm32-wasip2/release").join(format!("{name}.wasm"))).unwrap()
}
