//! What one connector costs in three languages: its size, the time to build and to admit it, its first call and those
//! after. The README says how it is run.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub,
    reason = "a benchmark measures the machine's time, and ends at the first surprise"
)]

#[path = "../it/languages/built.rs"]
mod built;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use built::Built;
use lockgate::domain::call::Inbound;
use lockgate::domain::{ProfileName, Secret};
use lockgate::{AuthChoice, Host, NewProfile, Tenant};
use serde_json::json;

const CALLS: usize = 200;
/// Is never asked: what is measured is a call that needs no network.
const DESK: &str = "https://desk.example";
const EVENT: &str = r#"{"type": "ticket.closed", "ticket":
    {"id": "t1", "subject": "A question", "status": "closed", "updated_at": "2026-11-02T10:00:00Z"}}"#;

fn main() {
    // `cargo test --benches` only asks whether it can start.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "\n| language | component | built in | admitted in | first call | further calls | memory of a call |"
    );
    println!("|---|---|---|---|---|---|---|");
    let rust = Built { took: Some(rust_again()), ..built::rust() };
    for built in [Some(rust), built::js(true), built::python(true)].into_iter().flatten() {
        tokio.block_on(row(built));
    }
}

/// The crate alone, its dependencies having been built before.
fn rust_again() -> Duration {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let build = |mark: &str| {
        let began = Instant::now();
        let status = Command::new(env!("CARGO"))
            .args(["rustc", "--quiet", "--release", "--package", "desk", "--lib", "--crate-type", "cdylib"])
            .args(["--target", "wasm32-wasip2", "--target-dir"])
            .arg(top.join("target/languages/rust"))
            .args(["--", "--cfg", &format!("measured=\"{mark}\"")])
            .current_dir(top)
            .status()
            .expect("cargo starts");
        assert!(status.success(), "cargo builds the connector");
        began.elapsed()
    };
    build("before");
    build(&std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().to_string())
}

async fn row(built: Built) {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::builder().data_dir(folder.path()).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    let began = Instant::now();
    let size = built.component.len();
    tenant.upload(built.component).await.unwrap();
    let admitted = began.elapsed();
    let profile = profile(&tenant, built.name).await;
    host.shutdown().await;
    drop((tenant, host));

    // Another process would begin like this: what was compiled lies in the folder.
    let host = Host::builder().data_dir(folder.path()).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    let (first, _) = call(&tenant, &profile).await;
    let mut further = Vec::new();
    let mut memory_bytes = 0;
    for _ in 0..CALLS {
        let (took, used_bytes) = call(&tenant, &profile).await;
        further.push(took);
        memory_bytes = used_bytes;
    }
    further.sort();
    println!(
        "| {} | {} KiB | {:.1} s | {:.2} s | {:.1} ms | {:.2} ms | {:.1} MiB |",
        built.language,
        size >> 10,
        built.took.unwrap_or_default().as_secs_f64(),
        admitted.as_secs_f64(),
        first.as_secs_f64() * 1e3,
        further[CALLS / 2].as_secs_f64() * 1e3,
        memory_bytes as f64 / f64::from(1 << 20),
    );
}

async fn call(tenant: &Tenant, profile: &ProfileName) -> (Duration, usize) {
    let event = Inbound { headers: Vec::new(), body: EVENT.as_bytes().to_vec() };
    let began = Instant::now();
    let report = tenant.rehearse_receive(profile, "ticket_events", event).await.unwrap();
    let took = began.elapsed();
    assert_eq!(report.outcome.unwrap().unwrap().len(), 1);
    (took, report.usage.memory_bytes)
}

async fn profile(tenant: &Tenant, connector: &str) -> ProfileName {
    let name: ProfileName = connector.parse().unwrap();
    let new = NewProfile {
        name: name.clone(),
        connector: connector.parse().unwrap(),
        version: None,
        config: json!({ "base_url": DESK }),
        auth: Some(AuthChoice { kind: "bearer".to_owned(), user: None }),
        rate: None,
        egress_address: None,
    };
    tenant.create_profile(new).await.unwrap();
    tenant.set_credential(&name, Secret::new("a-token-of-the-desk")).await.unwrap();
    tenant.grant(&name, &BTreeSet::from([DESK.parse().unwrap()]), &BTreeSet::new()).await.unwrap();
    name
}
