//! Everything that a killed host left, against what it had acknowledged and what the vendor counted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lockgate::domain::audit::{Chain, Head};
use lockgate::domain::flow::Seen;
use lockgate::domain::{Randomness, RecordKey, TenantId};
use store::{
    Audit as _, Connectors as _, DeadLetters as _, FlowStates as _, Flows as _, KeyEncryptionKey,
    Outbox as _, PAGE_ITEMS_MAX, Paging, Runs as _, SeenRecords as _, Store,
};
use vendors::{Arrived, Depot};

use crate::worker::{FLOW, TENANT};

/// What the host has told us is durable, and what it may not go back behind.
#[derive(Default)]
pub struct Known {
    pub acknowledged: BTreeSet<String>,
    pub credential: u64,
    heads: BTreeMap<String, Head>,
    cursor: u64,
}

/// What is wrong. All are empty when all is well.
#[derive(Default)]
pub struct Found {
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
    pub two_keys: Vec<String>,
    pub problems: Vec<String>,
}

impl Found {
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.lost.iter().chain(&self.doubled).chain(&self.two_keys).chain(&self.problems)
    }

    pub fn add(&mut self, other: Self) {
        self.lost.extend(other.lost);
        self.doubled.extend(other.doubled);
        self.two_keys.extend(other.two_keys);
        self.problems.extend(other.problems);
    }
}

impl Known {
    pub fn note(&mut self, acknowledged: &[String]) {
        for words in acknowledged {
            match words.strip_prefix("credential ").and_then(|number| number.parse().ok()) {
                Some(number) => self.credential = self.credential.max(number),
                None => drop(self.acknowledged.insert(words.clone())),
            }
        }
    }
}

/// When all has come to rest: every record of a page and every event that was acknowledged has taken effect.
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

/// The judge makes nothing.
struct Still;

impl Randomness for Still {
    fn fill(&self, _bytes: &mut [u8]) {}
}

pub fn judge(data: &Path, depot: &Depot, known: &mut Known) -> Found {
    let mut found = Found::default();
    vendor(&depot.arrived(), &mut found);
    if depot.stale() > 0 {
        found.lost.push(format!("{} requests with a credential that had been replaced", depot.stale()));
    }
    if !data.join("store.json").exists() {
        // It was killed before it had a folder to speak of.
        if !known.acknowledged.is_empty() {
            found.lost.push("the whole folder".to_owned());
        }
        return found;
    }
    let key = KeyEncryptionKey::from_file(&data.join("lockgate.key"));
    let store = key.map_err(store::StoreError::from).and_then(|key| Store::inspect(data, key, &Still));
    match store {
        Err(error) => found.problems.push(format!("the folder does not open: {error}")),
        Ok(store) => {
            let outcome = inside(&store, depot, known, &mut found);
            found.problems.extend(outcome.err().map(|error| format!("it cannot be read: {error}")));
        }
    }
    found
}

fn vendor(arrived: &BTreeMap<u64, Arrived>, found: &mut Found) {
    for (n, arrived) in arrived {
        if arrived.taken.len() > 1 {
            found.doubled.push(format!("record {n} took effect {} times", arrived.taken.len()));
        }
        if arrived.keys.len() > 1 {
            found.two_keys.push(format!("record {n} came under {:?}", arrived.keys));
        }
    }
}

fn inside(
    store: &Store,
    depot: &Depot,
    known: &mut Known,
    found: &mut Found,
) -> Result<(), store::StoreError> {
    let checked = store.check()?;
    found.problems.extend(
        checked.problems.iter().map(|problem| format!("{} {}: {}", problem.table, problem.key, problem.what)),
    );
    for words in &known.acknowledged {
        if !is_there(store, words)? {
            found.lost.push(format!("{words} was acknowledged"));
        }
    }
    trails(store, known, found)?;
    records(store, depot, known, found)
}

fn is_there(store: &Store, words: &str) -> Result<bool, store::StoreError> {
    let acme: TenantId = TENANT.parse().unwrap();
    match words.split(' ').collect::<Vec<_>>()[..] {
        ["run", id] => Ok(store.run(&acme, &id.parse().unwrap())?.is_some()),
        ["flow", name] => Ok(store.flow(&acme, &name.parse().unwrap())?.is_some()),
        // It is in the inbox or made into a record; that it arrives is asked at the end.
        ["event", _] => Ok(true),
        ["connector", tenant, name] => {
            let found = store.latest_connector(&tenant.parse().unwrap(), &name.parse().unwrap())?;
            Ok(found.is_some_and(|connector| store.component(&connector.value.digest).is_ok()))
        }
        _ => panic!("nobody acknowledges {words}"),
    }
}

/// Each trail contains the end that it had before, and has not lost an entry.
fn trails(store: &Store, known: &mut Known, found: &mut Found) -> Result<(), store::StoreError> {
    for chain in [Chain::Host, Chain::Tenant(TENANT.parse().unwrap())] {
        let name = chain.to_string();
        match store.verify_audit(&chain, known.heads.get(&name))? {
            Ok(Some(head)) => drop(known.heads.insert(name, head)),
            Ok(None) => {}
            Err(broken) => {
                found.problems.push(format!("the trail of {name}, entry {}: {}", broken.number, broken.wrong))
            }
        }
    }
    Ok(())
}

/// The cursor has passed exactly the records that were taken; what is said to be delivered has arrived; what waits would
/// go out under the key under which it went before.
fn records(
    store: &Store,
    depot: &Depot,
    known: &mut Known,
    found: &mut Found,
) -> Result<(), store::StoreError> {
    let (tenant, flow) = (TENANT.parse().unwrap(), FLOW.parse().unwrap());
    let cursor = store.flow_state(&tenant, &flow)?.value.cursor;
    let cursor = cursor.and_then(|cursor| cursor.as_u64()).unwrap_or(0);
    if cursor < known.cursor {
        found.lost.push(format!("the cursor went back from {} to {cursor}", known.cursor));
    }
    known.cursor = cursor;
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
