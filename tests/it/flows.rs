//! The main job, whole: deals become invoices, exactly once, whatever the vendors do.

use std::collections::BTreeMap;

use lockgate::domain::run::RunStatus;
use vendors::{Fault, Faults, When, northwind};

use crate::harness::{DEAL_TO_INVOICE, Town};

fn expected() -> (u64, i64) {
    let shipped: Vec<_> = northwind::orders().iter().filter(|order| order.shipped.is_some()).collect();
    (shipped.len() as u64, shipped.iter().map(|order| order.amount_cents()).sum())
}

/// Every deal has exactly one invoice, and every invoice belongs to one deal.
fn assert_exactly_once(town: &Town) {
    let mut by_deal: BTreeMap<String, usize> = BTreeMap::new();
    for invoice in town.stripe.invoices() {
        *by_deal.entry(invoice.metadata["deal_id"].clone()).or_default() += 1;
    }
    assert!(by_deal.values().all(|count| *count == 1), "a deal was invoiced twice: {by_deal:?}");
    let (records, amount_cents) = expected();
    assert_eq!(by_deal.len() as u64, records);
    assert_eq!(town.stripe.total_cents(), amount_cents);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_won_deal_becomes_one_invoice_to_the_cent_although_both_vendors_fail_now_and_then() {
    let town = Town::new(Faults::demo_crm(), Faults::demo()).await;
    town.flow("deals", DEAL_TO_INVOICE).await;
    let run = town.run("deals").await;
    assert_eq!(run.status, RunStatus::Succeeded, "{:?}", run.failure);
    assert_eq!(run.counts.read, 809);
    assert_eq!(run.counts.delivered, 809);
    assert_eq!(run.counts.dead_lettered, 0);
    assert!(run.counts.retried > 0, "the faults made nothing retry");
    assert_exactly_once(&town);

    let again = town.run("deals").await;
    assert_eq!(again.status, RunStatus::Succeeded);
    assert_eq!(again.counts.delivered, 0, "{:?}", again.counts);
    assert_exactly_once(&town);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deal_that_is_won_later_is_found_by_the_next_run() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    town.flow("deals", DEAL_TO_INVOICE).await;
    town.run("deals").await;
    let open =
        northwind::orders().iter().find(|order| order.shipped.is_none()).expect("an order not shipped");
    assert!(town.crm.close_deal(open.id, 1_900_000_000_000));
    let run = town.run("deals").await;
    assert_eq!(run.counts.delivered, 1, "{:?}", run.counts);
    let (_, amount_cents) = expected();
    assert_eq!(town.stripe.total_cents(), amount_cents + open.amount_cents());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_destination_refuses_for_good_is_a_dead_letter_that_a_replay_delivers() {
    let refuse_one = Faults::none().on(When::nth("POST", "/v1/invoices", 7), Fault::status(422));
    let town = Town::new(Faults::none(), refuse_one).await;
    town.flow("deals", DEAL_TO_INVOICE).await;
    let run = town.run("deals").await;
    assert_eq!(run.status, RunStatus::Partial);
    assert_eq!((run.counts.delivered, run.counts.dead_lettered), (808, 1));

    let letters = town.tenant.dead_letters(None, None, 10).expect("dead letters are listed").items;
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert!(letter.body["deal_id"].is_string(), "the original record is kept: {}", letter.body);
    let replay = town.tenant.replay(&letter.id).await.expect("the replay starts");
    let replay = crate::harness::finished(&town.tenant, replay).await;
    assert_eq!(replay.status, RunStatus::Succeeded, "{:?}", replay.failure);
    assert_exactly_once(&town);
    let invoice = town
        .stripe
        .invoices()
        .into_iter()
        .find(|invoice| invoice.metadata["deal_id"] == letter.body["deal_id"].as_str().unwrap());
    let key = invoice.and_then(|invoice| invoice.idempotency_key).expect("a key");
    assert!(key.starts_with(&letter.idempotency_key), "{key} is not the old key {}", letter.idempotency_key);
}
