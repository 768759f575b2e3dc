//! Name servers that fail, stall or say too much, and whom that costs.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockgate::EgressOptions;
use lockgate::domain::FailureCode::{NameNotFound, NameTimeout, NameUnavailable};
use lockgate::domain::injected::NameError;
use lockgate::domain::{Gate, Later, Resolver};

use super::server::{Hostile, ok};
use super::world::{World, hurried};
use crate::harness;

/// Answers by what the name says.
#[derive(Default)]
struct Servers {
    /// Look-ups that have begun and will never end.
    stalled: AtomicUsize,
}

impl Resolver for Servers {
    fn resolve<'a>(&'a self, host: &'a str) -> Later<'a, Result<Vec<IpAddr>, NameError>> {
        Box::pin(async move {
            match host.split('.').next().unwrap_or_default() {
                "unknown" => Err(NameError::NotFound),
                "broken" => Err(NameError::Unavailable),
                "empty" => Ok(Vec::new()),
                "crowded" => {
                    Ok((0..4_096u32).map(|at| IpAddr::from((0x7f00_0001 + at).to_be_bytes())).collect())
                }
                "stalled" => {
                    self.stalled.fetch_add(1, Ordering::SeqCst);
                    std::future::pending().await
                }
                _ => Ok(vec!["127.0.0.1".parse().expect("an address")]),
            }
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_of_a_name_has_its_code_and_one_message() {
    let remote = Hostile::start(|_| ok("fine")).await;
    let fine = format!("http://fine.test:{}", remote.port);
    for (name, code) in [
        ("unknown", NameNotFound),
        ("empty", NameNotFound),
        ("broken", NameUnavailable),
        ("crowded", NameUnavailable),
        ("stalled", NameTimeout),
    ] {
        let url = format!("http://{name}.test:{}", remote.port);
        let options = EgressOptions { connect_timeout_ms: 300, ..hurried() };
        let builder = harness::reaching(&[&url, &fine]).egress(options).resolver(Arc::<Servers>::default());
        let world = World::build([&url, &fine], builder).await;
        world.post("{}").await.assert_failed(code, false);
        world.get_as_other("one").await.assert_answered(200, "fine");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_server_that_stalls_costs_its_own_tenant_and_no_other() {
    let remote = Hostile::start(|_| ok("fine")).await;
    let [stalled, fine] = ["stalled", "fine"].map(|name| format!("http://{name}.test:{}", remote.port));
    let options = EgressOptions { connect_timeout_ms: 200, lookups_per_tenant: 2, ..hurried() };
    let servers = Arc::<Servers>::default();
    let builder = harness::reaching(&[&stalled, &fine]).egress(options).resolver(servers.clone());
    let world = World::build([&stalled, &fine], builder).await;
    for _ in 0..2 {
        world.get("one").await.assert_failed(NameTimeout, false);
    }
    // Both look-ups are still under way, though nobody waits for them: the third request does not begin another.
    for _ in 0..3 {
        world.get("one").await.assert_denied(Gate::Budget);
        world.get_as_other("one").await.assert_answered(200, "fine");
    }
    assert_eq!(servers.stalled.load(Ordering::SeqCst), 2);
}
