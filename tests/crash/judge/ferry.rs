//! Numbered records, against the depot that gave and took them.

use lockgate::domain::RecordKey;
use lockgate::domain::flow::Seen;
use store::{
    DeadLetters as _, FlowStates as _, Outbox as _, PAGE_ITEMS_MAX, Paging, SeenRecords as _, Store,
    StoreError,
};
use vendors::Depot;

use super::{Found, Known};
use crate::worker::{TENANT, ferry};

pub fn vendor(depot: &Depot, found: &mut Found) {
    for (n, arrived) in depot.arrived() {
        if arrived.taken.len() > 1 {
            found.doubled.push(format!("record {n} took effect {} times", arrived.taken.len()));
        }
        if arrived.keys.len() > 1 {
            found.two_keys.push(format!("record {n} came under {:?}", arrived.keys));
        }
    }
    if depot.stale() > 0 {
        found.lost.push(format!("{} requests with a credential that had been replaced", depot.stale()));
    }
}

/// Every record of a page and every event that was acknowledged has taken effect.
pub fn missing(depot: &Depot, known: &Known) -> Vec<String> {
    let arrived = depot.arrived();
    let events = known.acknowledged.iter().filter_map(|words| words.strip_prefix("event "));
    let events = events.filter_map(|number| number.parse::<u64>().ok());
    (1..=depot.available())
        .chain(events)
        .filter(|n| arrived.get(n).is_none_or(|one| one.taken.is_empty()))
        .map(|n| format!("record {n} never arrived"))
        .collect()
}

/// The cursor has passed exactly the records that were taken; what is said to be delivered has arrived; what waits would
/// go out under the key under which it went before.
pub fn records(store: &Store, depot: &Depot, known: &mut Known, found: &mut Found) -> Result<(), StoreError> {
    let (tenant, flow) = (TENANT.parse().unwrap(), ferry::FLOW.parse().unwrap());
    let cursor = store.flow_state(&tenant, &flow)?.value.cursor;
    let cursor = cursor.and_then(|cursor| cursor.as_u64()).unwrap_or(0);
    known.cursor_is(cursor as i64, found);
    let keys: Vec<RecordKey> = (1..=cursor + 3).map(|n| format!("r-{n}").parse().unwrap()).collect();
    let arrived = depot.arrived();
    for (n, seen) in (1..).zip(store.seen_many(&tenant, &flow, &keys)?) {
        match seen {
            None if n <= cursor => found.lost.push(format!("record {n} was passed by the cursor")),
            Some(_) if n > cursor => {
                found.problems.push(format!("record {n} lies before the cursor {cursor}"))
            }
            Some(Seen::Delivered { .. }) if arrived.get(&n).is_none_or(|one| one.taken.is_empty()) => {
                found.lost.push(format!("record {n} counts as delivered and never arrived"));
            }
            _ => {}
        }
    }
    let mut same_key = |record: &RecordKey, key: &str| {
        let n: u64 = record.as_str().trim_start_matches("r-").parse().unwrap();
        if arrived.get(&n).is_some_and(|one| one.keys.iter().any(|sent| sent != key)) {
            found.two_keys.push(format!("record {n} waits under {key} and was sent under another"));
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
