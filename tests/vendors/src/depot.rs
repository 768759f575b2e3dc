//! A depot: hands out numbered records, takes them in, and counts how often each arrived and under which keys.
//!
//! It fails in the same places every time: some records are answered 503 the first time, some take effect and are then
//! answered 500, and some are refused until the depot is mended.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::faults::Faults;
use crate::front::{Front, Mishap, Vendor};
use crate::serve::Server;

const PAGE: u64 = 40;
/// Every so many records one is unlucky in its way.
const REFUSED_EVERY: u64 = 97;
const BUSY_EVERY: u64 = 31;
const BROKEN_AFTER_EVERY: u64 = 41;

/// What arrived of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// The keys it was offered under.
    pub keys: BTreeSet<String>,
    /// Those under which it took effect; more than one is a record that was delivered twice.
    pub taken: BTreeSet<String>,
    /// Requests in all.
    pub requests: u32,
}

#[derive(Debug, Default)]
struct Stock {
    /// Records there are: 1 to this number.
    available: u64,
    arrived: BTreeMap<u64, Arrived>,
    mended: bool,
    luck: bool,
    /// The lowest credential that may still be used.
    credential_min: u64,
    stale: u64,
    requests: u64,
    /// Of lucky records only a number is kept, so that millions can pass.
    taken: u64,
}

struct Yard(Mutex<Stock>);

/// A depot on loopback, until it is dropped.
pub struct Depot {
    front: Arc<Front<Yard>>,
    server: Server,
}

impl Depot {
    /// With `luck`, nothing ever fails, and only numbers are kept.
    pub async fn start(luck: bool) -> io::Result<Self> {
        let stock = Stock { luck, ..Stock::default() };
        let front = Front::counting(Yard(Mutex::new(stock)));
        let server = Server::start(0, Arc::clone(&front)).await?;
        Ok(Self { front, server })
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn set_faults(&self, faults: Faults) {
        self.front.set_faults(faults);
    }

    /// Has so many records from now on, and those it had before.
    pub fn offer(&self, available: u64) {
        let mut stock = self.stock();
        stock.available = stock.available.max(available);
    }

    pub fn available(&self) -> u64 {
        self.stock().available
    }

    /// Refuses nothing any more.
    pub fn mend(&self) {
        self.stock().mended = true;
    }

    /// Begins anew: no record, none arrived.
    pub fn clear(&self) {
        let mut stock = self.stock();
        *stock = Stock { luck: stock.luck, ..Stock::default() };
    }

    /// Credentials are numbered texts, `depot-credential-7`: one with a lower number is counted as stale from now on.
    pub fn expect_credential(&self, number: u64) {
        self.stock().credential_min = number;
    }

    pub fn stale(&self) -> u64 {
        self.stock().stale
    }

    pub fn requests(&self) -> u64 {
        self.stock().requests
    }

    /// With `luck`: how many requests took effect.
    pub fn taken(&self) -> u64 {
        self.stock().taken
    }

    pub fn arrived(&self) -> BTreeMap<u64, Arrived> {
        self.stock().arrived.clone()
    }

    /// How many records have taken effect.
    pub fn delivered(&self) -> usize {
        self.stock().arrived.values().filter(|arrived| !arrived.taken.is_empty()).count()
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.front.vendor.stock()
    }
}

impl Yard {
    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vendor for Yard {
    async fn answer(&self, call: &Call, mishap: Mishap) -> Answer {
        mishap.pause().await;
        let mut stock = self.stock();
        stock.requests += 1;
        let number = call
            .authorization()
            .and_then(|(_, value)| value.strip_prefix("depot-credential-").map(str::to_owned))
            .and_then(|number| number.parse::<u64>().ok());
        match number {
            None => return refusal(401, "no credential of mine"),
            Some(number) if number < stock.credential_min => stock.stale += 1,
            Some(_) => {}
        }
        match call.method.as_str() {
            "GET" => stock.page(call),
            _ => stock.take(call),
        }
    }

    fn refuse(&self, _call: &Call, status: u16) -> Answer {
        refusal(status, "it is not the day for it")
    }
}

impl Stock {
    fn page(&self, call: &Call) -> Answer {
        let after = call.query_pairs().into_iter().find(|(name, _)| name == "after");
        let after: u64 = after.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        let last = self.available.min(after + PAGE);
        let records: Vec<Value> =
            (after + 1..=last).map(|n| json!({ "n": n, "label": format!("record {n}") })).collect();
        Answer::json(
            200,
            &json!({ "records": records, "next": last.max(after), "more": last < self.available }),
        )
    }

    fn take(&mut self, call: &Call) -> Answer {
        let body: Value = serde_json::from_slice(call.bytes()).unwrap_or_default();
        let number = body.get("n").and_then(Value::as_u64);
        let (Some(n), Some(key)) = (number, call.header("idempotency-key")) else {
            return refusal(400, "a record has a number and a key");
        };
        if self.luck {
            self.taken += 1;
            return Answer::json(201, &json!({ "n": n }));
        }
        let mended = self.mended;
        let arrived = self.arrived.entry(n).or_default();
        arrived.requests += 1;
        arrived.keys.insert(key.to_owned());
        if !mended && n.is_multiple_of(REFUSED_EVERY) {
            return refusal(422, "this one never");
        }
        if n % BUSY_EVERY == 5 && arrived.requests == 1 {
            return refusal(503, "busy");
        }
        // A key that is known has had its effect.
        let known = !arrived.taken.insert(key.to_owned());
        if n % BROKEN_AFTER_EVERY == 7 && !known {
            return refusal(500, "it broke afterwards");
        }
        Answer::json(201, &json!({ "n": n }))
    }
}

fn refusal(status: u16, why: &str) -> Answer {
    Answer::json(status, &json!({ "error": why }))
}
