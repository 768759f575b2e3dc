//! What an action or a trigger needs and what its profile was granted: compared before anything begins.

use std::collections::BTreeSet;

use lockgate::Kind;
use lockgate::domain::run::RunStatus;
use serde_json::json;
use vendors::Faults;

use crate::harness::Town;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_lacks_a_scope_is_refused_by_its_name_and_nothing_is_sent() {
    let town = Town::new(Faults::default(), Faults::default()).await;
    let stripe = "stripe".parse().unwrap();
    let scopes = BTreeSet::from(["customers:write".parse().unwrap()]);
    town.tenant.revoke(&stripe, &BTreeSet::new(), &scopes).await.unwrap();
    let before = town.stripe.journal().entries().len();
    let input = json!({ "email": "a@example.com" });
    let refused = town.tenant.call(&stripe, "create_customer", vec![input.clone()], None).await.unwrap_err();
    assert_eq!((refused.kind, refused.code), (Kind::Refused, "scope_missing"), "{refused}");
    assert!(refused.message.contains("grant stripe --scope customers:write"), "{refused}");
    assert_eq!(town.stripe.journal().entries().len(), before, "something was sent");

    town.tenant.grant(&stripe, &BTreeSet::new(), &scopes).await.unwrap();
    let called = town.tenant.call(&stripe, "create_customer", vec![input], None).await.unwrap();
    assert!(called.results[0].is_ok(), "{:?}", called.results);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_lacks_a_scope_is_blocked_before_its_source_is_asked() {
    let town = Town::new(Faults::default(), Faults::default()).await;
    town.flow("deals", crate::harness::DEAL_TO_INVOICE).await;
    let crm = "crm".parse().unwrap();
    let scopes = BTreeSet::from(["crm.objects.deals.read".parse().unwrap()]);
    town.tenant.revoke(&crm, &BTreeSet::new(), &scopes).await.unwrap();
    let before = town.crm.journal().entries().len();
    let run = town.run("deals").await;
    let failure = run.failure.expect("it says why");
    assert_eq!((run.status, failure.code.as_str()), (RunStatus::Blocked, "scope_missing"));
    assert!(failure.message.contains("crm.objects.deals.read"), "{}", failure.message);
    assert_eq!(town.crm.journal().entries().len(), before, "something was sent");
}
