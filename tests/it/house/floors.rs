//! Which room may open which other, and who owns which heavy dependency.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A room, and the rooms that it may open.
const DOORS: &[(&str, &[&str])] = &[
    ("domain", &["lockgate-wit"]),
    ("store", &["domain", "lockgate-wit"]),
    ("egress", &["domain", "lockgate-wit"]),
    ("auth", &["domain", "store", "egress", "lockgate-wit"]),
    ("runtime", &["domain", "egress", "lockgate-wit"]),
    ("pipeline", &["domain", "runtime", "store", "lockgate-wit"]),
    ("lockgate", &["domain", "store", "egress", "auth", "runtime", "pipeline", "plugins", "lockgate-wit"]),
    // The test host of authors: a host with a vendor in place of the network.
    ("kit", &["domain", "lockgate", "lockgate-testing", "lockgate-wit"]),
    ("server", &["domain", "store", "egress", "auth", "runtime", "pipeline", "lockgate", "lockgate-wit"]),
    // The demo brings its own connectors and mock vendors.
    (
        "cli",
        &[
            "domain",
            "kit",
            "server",
            "lockgate",
            "lockgate-openapi",
            "lockgate-testing",
            "plugins",
            "scaffold",
            "vendors",
            "lockgate-wit",
        ],
    ),
    ("lockgate-wit", &[]),
    ("lockgate-sdk", &["lockgate-wit"]),
    ("lockgate-testing", &["lockgate-sdk"]),
    ("guest-build", &[]),
    ("scaffold", &[]),
    // What it writes is judged by the host's own rules.
    ("lockgate-openapi", &["domain", "lockgate-wit"]),
    ("plugins", &["guest-build"]),
    ("crm", &["lockgate-sdk"]),
    ("stripe", &["lockgate-sdk"]),
    ("jq", &["lockgate-sdk"]),
    ("guests", &["lockgate-sdk"]),
    ("desk", &["lockgate-sdk"]),
    ("vendors", &[]),
    ("fuzz", &["domain", "egress", "runtime", "server"]),
    // The compile worker of the tests is an embedding program, and so is the crash harness, which looks into the store.
    ("lockgate-tests", &["guest-build", "domain", "lockgate", "plugins", "store", "vendors"]),
];

/// A heavy dependency, and the rooms that may depend on it.
const OWNERS: &[(&str, &[&str])] = &[
    ("axum", &["server", "vendors"]),
    ("clap", &["cli"]),
    ("etcetera", &["cli"]),
    ("notify", &["cli"]),
    ("schemars", &["lockgate-sdk"]),
    // The command talks to the API with a client of its own.
    ("reqwest", &["cli"]),
    // One end of a connection each: outwards, and in.
    ("hyper", &["egress", "server"]),
    ("tokio-rustls", &["egress", "server"]),
    ("rustls", &["egress", "server", "cli"]),
    ("cronexpr", &["domain"]),
    ("sled", &["store"]),
    ("redb", &["store"]),
    ("chacha20poly1305", &["store"]),
    ("wasmtime", &["runtime"]),
    ("wasmtime-wasi", &["runtime"]),
    ("wasmparser", &["runtime"]),
    // One guest is made from the text of a released contract.
    ("wit-bindgen", &["lockgate-sdk", "guests"]),
    ("wasip2", &["guests"]),
    ("jaq-core", &["jq"]),
    ("libfuzzer-sys", &["fuzz"]),
    ("anyhow", &["cli"]),
];

/// Every package of the workspace with the names of its ordinary dependencies.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(super::top())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let normal = |dependency: &&Value| dependency["kind"].as_str() != Some("dev");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            (name(package), dependencies.iter().filter(normal).map(name).collect())
        })
        .collect()
}

#[test]
fn no_room_opens_a_door_that_the_floor_plan_does_not_show() {
    let packages = packages();
    let plan: BTreeMap<_, _> = DOORS.iter().map(|(room, doors)| (*room, doors)).collect();
    let ours: BTreeSet<_> = packages.keys().map(String::as_str).collect();
    assert_eq!(ours, plan.keys().copied().collect(), "the floor plan and the workspace name different rooms");
    for (room, dependencies) in &packages {
        for dependency in dependencies.iter().filter(|dependency| ours.contains(dependency.as_str())) {
            let allowed = plan[room.as_str()].contains(&dependency.as_str());
            assert!(allowed, "{room} opens {dependency}, which lies on another floor");
        }
    }
}

#[test]
fn a_heavy_dependency_has_one_owner() {
    for (room, dependencies) in packages() {
        for (heavy, owners) in OWNERS {
            let allowed = !dependencies.contains(*heavy) || owners.contains(&room.as_str());
            assert!(allowed, "{room} depends on {heavy}, which belongs to {}", owners.join(" and "));
        }
    }
}

#[test]
fn the_ground_floor_knows_no_time_no_thread_and_no_network() {
    for (name, text) in super::sources().iter().filter(|(name, _)| name.starts_with("host/domain/src/")) {
        for banned in [
            "std::net::Tcp",
            "std::fs",
            "std::thread",
            "std::time::Instant",
            "SystemTime",
            "tokio",
            "async fn",
        ] {
            assert!(!text.contains(banned), "{name} mentions {banned}");
        }
    }
}
