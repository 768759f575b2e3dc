//! Deals, invoices and tokens, against the books of those who gave and took them.

use std::collections::{BTreeMap, BTreeSet};

use lockgate::domain::flow::Seen;
use lockgate::domain::{RecordKey, SecretName};
use serde_json::Value;
use store::{
    DeadLetters as _, FlowStates as _, Outbox as _, PAGE_ITEMS_MAX, Paging, Profiles as _, Purpose,
    SeenRecords as _, Store, StoreError,
};

use super::{Found, Known};
use crate::plan::Chain;
use crate::worker::{CONSENTING, TENANT, flow_of};
use crate::world::Town;

/// What has been invoiced for each deal: in cents, and in how many invoices.
struct Billed {
    cents: i64,
    invoices: usize,
}

fn billed(town: &Town) -> BTreeMap<u64, Billed> {
    let mut all: BTreeMap<u64, Billed> = BTreeMap::new();
    for invoice in town.stripe.invoices() {
        let deal = invoice.metadata["deal_id"].parse().unwrap();
        let billed = all.entry(deal).or_insert(Billed { cents: 0, invoices: 0 });
        billed.cents += invoice.total_cents;
        billed.invoices += 1;
    }
    all
}

/// One invoice for one deal, one line on it, one key for it, and one customer for one address.
pub fn vendor(town: &Town, found: &mut Found) {
    let billed = billed(town);
    for deal in town.crm.won_deals() {
        let Some(billed) = billed.get(&deal.id) else { continue };
        if billed.invoices > 1 {
            found.doubled.push(format!("deal {} has {} invoices", deal.id, billed.invoices));
        }
        if ![0, deal.amount_cents].contains(&billed.cents) {
            found.doubled.push(format!("deal {} is invoiced with {} cents", deal.id, billed.cents));
        }
    }
    for (deal, keys) in town.stripe.keys_by_deal() {
        if keys.len() > 1 {
            found.two_keys.push(format!("deal {deal} came under {keys:?}"));
        }
    }
    let mut known = BTreeSet::new();
    for customer in town.stripe.customers() {
        if !known.insert(customer.email.clone()) {
            found.doubled.push(format!("customer {:?} was made twice", customer.email));
        }
    }
}

/// Every deal that is won is invoiced, to the cent.
pub fn missing(town: &Town) -> Vec<String> {
    let (billed, won) = (billed(town), town.crm.won_deals());
    let unpaid = won.iter().filter(|deal| billed.get(&deal.id).map(|it| it.cents) != Some(deal.amount_cents));
    let mut missing: Vec<String> = unpaid.map(|deal| format!("deal {} is not invoiced", deal.id)).collect();
    let (is, should) = (town.stripe.total_cents(), town.crm.closed_won().total_cents);
    if is != should {
        missing.push(format!("{is} cents are invoiced in all, and {should} should be"));
    }
    missing
}

/// The refresh token that is stored is one that the provider takes: no newer one has been used and forgotten.
pub fn tokens(store: &Store, town: &Town, found: &mut Found) -> Result<(), StoreError> {
    let (tenant, profile) = (TENANT.parse().unwrap(), CONSENTING.parse().unwrap());
    if let Some(row) = store.profile(&tenant, &profile)?
        && let Some(problem) = row.value.credential.problem
    {
        found.lost.push(format!("the provider refused to renew: {}", problem.code));
    }
    let opened = store.open_secret(&tenant, &profile, &SecretName::tokens(), Purpose::Tokens)?;
    let Some(opened) = opened else {
        // Nothing that was used may be missing.
        let used = town.issuer.tokens().used;
        found.lost.extend((used > 0).then(|| format!("pair {used} of tokens was used and is not stored")));
        return Ok(());
    };
    let stored: Value = serde_json::from_slice(opened.secret.expose()).unwrap();
    let (tokens, refresh) = (town.issuer.tokens(), stored["refresh_token"].as_str().unwrap());
    if tokens.takes(refresh).is_none() {
        found.lost.push(format!("{refresh} is stored, and pair {} has been used", tokens.used));
    }
    Ok(())
}

/// The cursor has passed exactly the deals that were taken; what is said to be delivered is invoiced; what waits would go
/// out under the key under which it went before.
pub fn records(store: &Store, town: &Town, known: &mut Known, found: &mut Found) -> Result<(), StoreError> {
    let (tenant, flow) = (TENANT.parse().unwrap(), flow_of(Chain::Crm));
    let cursor = store.flow_state(&tenant, &flow)?.value.cursor.unwrap_or_default();
    let since_ms = cursor["since_ms"].as_i64().unwrap_or(0);
    known.cursor_is(since_ms, found);
    let read: BTreeSet<&str> =
        cursor["seen"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (deals, billed) = (town.crm.won_deals(), billed(town));
    let keys: Vec<RecordKey> =
        deals.iter().map(|deal| format!("deal/{}", deal.id).parse().unwrap()).collect();
    for (deal, seen) in deals.iter().zip(store.seen_many(&tenant, &flow, &keys)?) {
        let id = deal.id;
        let passed =
            deal.updated_ms < since_ms || (deal.updated_ms == since_ms && read.contains(&*id.to_string()));
        match seen {
            None if passed => found.lost.push(format!("deal {id} was passed by the cursor")),
            Some(_) if deal.updated_ms > since_ms => {
                found.problems.push(format!("deal {id} lies before the cursor {since_ms}"));
            }
            Some(Seen::Delivered { .. }) if billed.get(&id).map(|it| it.cents) != Some(deal.amount_cents) => {
                found.lost.push(format!("deal {id} counts as delivered and is not invoiced"));
            }
            _ => {}
        }
    }
    let sent = town.stripe.keys_by_deal();
    let mut same_key = |record: &RecordKey, key: &str| {
        // The connector sends the invoice of a record under the record's key.
        let (deal, key) = (record.as_str().trim_start_matches("deal/"), format!("{key}/invoice"));
        if sent.get(deal).is_some_and(|keys| keys.iter().any(|sent| *sent != key)) {
            found.two_keys.push(format!("deal {deal} waits under {key} and was sent under another"));
        }
    };
    for row in store.parcels(&tenant, &flow, PAGE_ITEMS_MAX)? {
        same_key(&row.value.key, &row.value.idempotency_key);
    }
    for row in store.dead_letters(&tenant, Some(&flow), &Paging::first(PAGE_ITEMS_MAX))?.items {
        same_key(&row.value.key, &row.value.idempotency_key);
    }
    Ok(())
}
