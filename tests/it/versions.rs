//! Another version of a connector while records are on their way: swapped, tried by a share, promoted and given up.

use std::collections::BTreeMap;

use lockgate::domain::run::RunStatus;
use serde_json::json;
use vendors::{Faults, northwind};

use crate::harness::{DEAL_TO_INVOICE, Probed, Town, call, finished};

/// The component as another version. The version of an interface stands behind an `@`, that of a connector does not.
pub(crate) fn as_version(component: &[u8], version: &str) -> Vec<u8> {
    patched(component, "0.1.0", version, |before| before != b'@')
}

/// A component with a part of its data replaced by another of the same length, which stands there once.
pub(crate) fn patched(component: &[u8], from: &str, to: &str, behind: fn(u8) -> bool) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = component.to_vec();
    let here = |at: &usize| bytes[*at..].starts_with(from.as_bytes()) && behind(bytes[*at - 1]);
    let at: Vec<_> = (1..bytes.len()).filter(here).collect();
    assert_eq!(at.len(), 1, "{from} stands once in the guest");
    bytes[at[0]..at[0] + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

/// The probing guest as version 0.2.0.
fn prober() -> Vec<u8> {
    as_version(lockgate_tests::guests::PROBER, "0.2.0")
}

/// The same, whose action `log` does not find its message.
pub(crate) fn broken() -> Vec<u8> {
    patched(&prober(), "actionmessagefound", "actionmassagefound", |_| true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_that_fails_more_is_given_up_by_the_host_itself() {
    let probed = Probed::new().await;
    let (tenant, name) = (&probed.tenant, "probe".parse().unwrap());
    tenant.upload(broken()).await.unwrap();
    let tried = tenant.start_canary(&name, None, 50).await.unwrap();
    assert_eq!(tried.connector.to_string(), "prober@0.1.0", "the version in use stays what it is");

    let mut failed = 0;
    for n in 0..200 {
        let called = call(tenant, "probe", "log", json!({ "message": format!("line {n}") })).await;
        failed += u32::from(called.results[0].is_err());
        if tenant.profile(&name).unwrap().canary.is_none() {
            break;
        }
    }
    let profile = tenant.profile(&name).unwrap();
    assert!(profile.canary.is_none(), "after {failed} failures it is still tried");
    assert!((5..=8).contains(&failed), "{failed} calls were lost before the version was given up");
    let trial = tenant.trial(&profile).unwrap().expect("what became of it is kept");
    assert!(trial.rolled_back_at.is_some(), "{trial:?}");
    assert_eq!((trial.canary.failures, trial.in_use.failures), (u64::from(failed), 0));
    for _ in 0..20 {
        let called = call(tenant, "probe", "log", json!({ "message": "after it" })).await;
        assert!(called.results[0].is_ok(), "the version that was given up is called still");
    }
    let told = tenant.audit().entries(None, 500).unwrap().items;
    let rolled: Vec<_> = told.iter().filter(|entry| entry.verb == "profile.canary_rolled_back").collect();
    assert_eq!(rolled.len(), 1);
    assert_eq!((rolled[0].actor.as_str(), rolled[0].outcome.as_str()), ("host", "failed_more_often"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_with_both_versions_is_not_held_against_the_new_one_and_it_can_be_promoted() {
    let probed = Probed::new().await;
    let (tenant, name) = (&probed.tenant, "probe".parse().unwrap());
    tenant.upload(prober()).await.unwrap();
    tenant.start_canary(&name, Some("0.2.0"), 50).await.unwrap();
    for _ in 0..40 {
        call(tenant, "probe", "fail", json!({ "class": "permanent" })).await;
    }
    let profile = tenant.profile(&name).unwrap();
    let trial = tenant.trial(&profile).unwrap().unwrap();
    assert!(profile.canary.is_some(), "{trial:?}");
    assert_eq!(trial.canary.tries + trial.in_use.tries, 40);
    assert!(trial.canary.tries >= 5 && trial.in_use.tries >= 5, "{trial:?}");

    let promoted = tenant.promote_canary(&name).await.unwrap();
    assert_eq!((promoted.connector.to_string().as_str(), promoted.canary), ("prober@0.2.0", None));
    assert_eq!(tenant.stop_canary(&name).await.unwrap_err().code, "no_canary");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_asks_for_no_more_and_its_version_stays_while_it_is_tried() {
    let probed = Probed::new().await;
    let (tenant, name) = (&probed.tenant, "probe".parse().unwrap());
    let newer = as_version(lockgate_tests::guests::PROBER, "0.3.0");
    let wider = patched(&newer, "/things/{id}", "/{everyt...}", |_| true);
    tenant.upload(wider).await.unwrap();
    assert_eq!(tenant.start_canary(&name, None, 10).await.unwrap_err().code, "consent_needed");
    tenant.upload(prober()).await.unwrap();
    for percent in [0, 100] {
        let refused = tenant.start_canary(&name, Some("0.2.0"), percent).await.unwrap_err();
        assert_eq!(refused.code, "invalid_percent");
    }
    tenant.start_canary(&name, Some("0.2.0"), 10).await.unwrap();
    let connector = "prober".parse().unwrap();
    assert!(tenant.delete_connector(&connector, "0.2.0").await.is_err(), "it was taken from under its trial");
    tenant.stop_canary(&name).await.unwrap();
    tenant.delete_connector(&connector, "0.2.0").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_in_the_middle_of_a_run_loses_nothing_and_repeats_nothing() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    let newer = as_version(plugins::STRIPE, "0.2.0");
    town.tenant.upload(newer).await.unwrap();
    town.flow("deals", DEAL_TO_INVOICE).await;
    let run = town.tenant.run_flow(&"deals".parse().unwrap()).await.unwrap();
    while town.stripe.invoices().len() < 100 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let moved = town.tenant.upgrade(&"stripe".parse().unwrap(), None).await.unwrap();
    assert_eq!(moved.connector.to_string(), "stripe@0.2.0");
    assert!(!town.tenant.run(&run.id).unwrap().status.is_final(), "the run was over before the swap");
    let run = finished(&town.tenant, run).await;
    assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 809), "{:?}", run.failure);

    let mut by_deal: BTreeMap<String, usize> = BTreeMap::new();
    for invoice in town.stripe.invoices() {
        *by_deal.entry(invoice.metadata["deal_id"].clone()).or_default() += 1;
    }
    assert!(by_deal.values().all(|count| *count == 1), "a deal was invoiced twice: {by_deal:?}");
    let shipped: Vec<_> = northwind::orders().iter().filter(|order| order.shipped.is_some()).collect();
    assert_eq!(by_deal.len(), shipped.len());
    assert_eq!(town.stripe.total_cents(), shipped.iter().map(|order| order.amount_cents()).sum::<i64>());
}
