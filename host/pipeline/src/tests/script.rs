//! Connectors that do what a test says: answers for each page and each record, and a memory of what they were handed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use domain::call::{CallFailure, Fault, GuestError, Inbound, Input, Page, PolledRecord};
use domain::connector::ConnectorRef;
use domain::exchange::{Exchange, ExchangeOutcome, SendFailure};
use domain::{CorrelationId, Denial, FailureCode, Gate, Later, TenantId, Timestamp};
use tokio::sync::Notify;

use crate::circuits::Circuits;
use crate::ready::{NotReady, Ready};
use crate::sandbox::{Called, End, Mapped, Polled, Ran, Received, Sandbox};

/// What the destination does with one record.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    Works,
    Says(GuestError),
    /// The whole call ends.
    Breaks(Fault),
    /// The whole call ends after a request was sent.
    ActsAndBreaks(Fault),
    /// A write under the record's key is answered with this status, and the remote asks for this wait.
    Hears(u16, Option<u64>, GuestError),
    /// A write is sent, under the record's key or not, and no answer comes.
    Loses {
        keyed: bool,
        says: GuestError,
    },
}

/// What the source answers to one poll.
#[derive(Clone, Debug)]
pub(crate) enum Gives {
    Page(Page),
    Says(GuestError),
    Breaks(Fault),
}

pub(crate) struct Worsening {
    pub(crate) version: &'static str,
    /// Records that it takes before.
    pub(crate) works: usize,
    pub(crate) then: Does,
}

#[derive(Default)]
pub(crate) struct Script {
    /// By the cursor, which counts pages.
    pub(crate) pages: Mutex<Vec<Gives>>,
    /// Taken one by one before `pages` is asked.
    pub(crate) stumbles: Mutex<Vec<Gives>>,
    /// For each record key what happens, attempt by attempt; after the last one it works.
    pub(crate) fates: Mutex<HashMap<String, Vec<Does>>>,
    /// What happens to a record without fates of its own.
    pub(crate) otherwise: Mutex<Option<Does>>,
    /// Batches as they were handed over: idempotency key and body.
    pub(crate) batches: Mutex<Vec<Vec<(String, String)>>>,
    pub(crate) polls: AtomicUsize,
    /// Events that were read, or tried.
    pub(crate) received: AtomicUsize,
    pub(crate) mended: AtomicBool,
    pub(crate) mappings: AtomicUsize,
    /// Denied requests that each delivery leaves in the log.
    pub(crate) denied: AtomicUsize,
    /// Delivery waits for `gate` before it answers.
    pub(crate) gated: AtomicBool,
    pub(crate) gate: Notify,
    pub(crate) panics: AtomicBool,
    /// A version of the destination that works for a while and then does not.
    pub(crate) worsening: Mutex<Option<Worsening>>,
    /// The version of the destination that each batch was handed to.
    pub(crate) versions: Mutex<Vec<String>>,
    pub(crate) circuits: Circuits,
}

pub(crate) struct Scripted(pub(crate) Arc<Script>);

struct ScriptedEnd(Arc<Script>, String);

fn done<T>(outcome: Result<T, CallFailure>) -> Called<T> {
    Called { outcome, log: Vec::new(), exchanges: Vec::new() }
}

pub(crate) fn exchange(method: &str, outcome: ExchangeOutcome) -> Exchange {
    Exchange {
        at: Timestamp::from_ms(0),
        method: method.to_owned(),
        url: "https://api.example.com/".to_owned(),
        request_headers: Vec::new(),
        request_bytes: 0,
        scope: None,
        outcome,
        duration_ms: 0,
        class: None,
        asked_ms: None,
        key: None,
        request_excerpt: None,
        response_excerpt: None,
        remote_request_id: None,
    }
}

fn answered(status: u16) -> ExchangeOutcome {
    ExchangeOutcome::Answered { status, headers: Vec::new(), response_bytes: 0 }
}

impl Script {
    pub(crate) fn handed_over(&self) -> Vec<(String, String)> {
        self.batches.lock().unwrap().iter().flatten().cloned().collect()
    }

    fn answer(&self, version: &str, body: &str) -> Does {
        if let Some(worsening) = self.worsening.lock().unwrap().as_mut().filter(|one| one.version == version)
        {
            let worked = worsening.works > 0;
            worsening.works = worsening.works.saturating_sub(1);
            return if worked { Does::Works } else { worsening.then.clone() };
        }
        let key =
            serde_json::from_str::<serde_json::Value>(body).unwrap()["key"].as_str().unwrap().to_owned();
        let mut fates = self.fates.lock().unwrap();
        match fates.get_mut(&key) {
            Some(left) if !left.is_empty() => left.remove(0),
            _ => self.otherwise.lock().unwrap().clone().unwrap_or(Does::Works),
        }
    }
}

/// A page whose records are named by their keys.
pub(crate) fn page(keys: &[&str], next: usize, more: bool) -> Gives {
    let record = |key: &&str| PolledRecord { key: (*key).to_owned(), body: format!("{{\"key\":\"{key}\"}}") };
    Gives::Page(Page { records: keys.iter().map(record).collect(), next: Some(next.to_string()), more })
}

impl Sandbox for Scripted {
    fn end<'a>(
        &'a self,
        _tenant: &'a TenantId,
        ready: &'a Ready,
        _trace_state: Option<domain::trace::TraceState>,
    ) -> Later<'a, Result<Arc<dyn End>, NotReady>> {
        let end: Arc<dyn End> =
            Arc::new(ScriptedEnd(Arc::clone(&self.0), ready.profile.connector.version.to_string()));
        Box::pin(async move { Ok(end) })
    }

    fn circuits(&self) -> Circuits {
        self.0.circuits.clone()
    }

    fn transform(&self) -> &ConnectorRef {
        static JQ: std::sync::OnceLock<ConnectorRef> = std::sync::OnceLock::new();
        JQ.get_or_init(|| ConnectorRef { name: "jq".parse().unwrap(), version: "1.0.0".parse().unwrap() })
    }

    /// A language of its own: records whose key holds the program's word are dropped, refused or loop for ever.
    fn map<'a>(
        &'a self,
        _tenant: &'a TenantId,
        _correlation: &'a CorrelationId,
        program: &'a str,
        records: Vec<String>,
    ) -> Later<'a, Mapped> {
        Box::pin(async move {
            self.0.mappings.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let hit = |word: &str, record: &String| program.contains(word) && record.contains(word);
            if records.iter().any(|record| hit("loop", record)) {
                return done(Err(CallFailure::new(Fault::CpuLimit, "it ran for too long")));
            }
            let each = |record: String| {
                if hit("drop", &record) {
                    Ok(None)
                } else if hit("refuse", &record) {
                    Err(GuestError::Invalid("no such field".to_owned()))
                } else {
                    Ok(Some(record))
                }
            };
            done(Ok(records.into_iter().map(each).collect()))
        })
    }
}

impl End for ScriptedEnd {
    fn poll<'a>(
        &'a self,
        _correlation: &'a CorrelationId,
        _trigger: &'a str,
        cursor: Option<String>,
    ) -> Later<'a, Polled> {
        Box::pin(async move {
            self.0.polls.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let mut stumbles = self.0.stumbles.lock().unwrap();
            let gives = if stumbles.is_empty() {
                let index: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
                let pages = self.0.pages.lock().unwrap();
                pages.get(index).cloned().unwrap_or_else(|| page(&[], index, false))
            } else {
                stumbles.remove(0)
            };
            match gives {
                Gives::Page(page) => done(Ok(Ok(page))),
                Gives::Says(error) => done(Ok(Err(error))),
                Gives::Breaks(fault) => done(Err(CallFailure::new(fault, "it broke"))),
            }
        })
    }

    /// The words of an event's body are the keys of its records; `refuse` cannot be read, `later` not at once.
    fn receive<'a>(
        &'a self,
        _correlation: &'a CorrelationId,
        _trigger: &'a str,
        event: Inbound,
    ) -> Later<'a, Received> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.0.received.fetch_add(1, Ordering::SeqCst);
            let text = String::from_utf8(event.body).unwrap();
            if text.contains("refuse") && !self.0.mended.load(Ordering::SeqCst) {
                return done(Ok(Err(GuestError::Invalid("no such event".to_owned()))));
            }
            if text.contains("break") {
                return done(Err(CallFailure::new(Fault::Trap, "it broke")));
            }
            if text.contains("later") && !self.0.mended.swap(true, Ordering::SeqCst) {
                return done(Ok(Err(GuestError::Transient("not now".to_owned()))));
            }
            let record =
                |key: &str| PolledRecord { key: key.to_owned(), body: format!("{{\"key\":\"{key}\"}}") };
            done(Ok(Ok(text.split(' ').filter(|word| !word.is_empty()).map(record).collect())))
        })
    }

    fn run<'a>(
        &'a self,
        _correlation: &'a CorrelationId,
        _action: &'a str,
        inputs: Vec<Input>,
    ) -> Later<'a, Ran> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            assert!(!self.0.panics.load(Ordering::SeqCst), "a defect of the host");
            let batch = inputs.iter().map(|input| (input.key.clone(), input.body.clone())).collect();
            self.0.batches.lock().unwrap().push(batch);
            self.0.versions.lock().unwrap().push(self.1.clone());
            if self.0.gated.load(Ordering::SeqCst) {
                self.0.gate.notified().await;
            }
            tokio::task::yield_now().await;
            let answers: Vec<Does> = inputs.iter().map(|input| self.0.answer(&self.1, &input.body)).collect();
            let denial = || Denial::new(Gate::Scope, "not granted", "grant it");
            let denied = (0..self.0.denied.load(Ordering::SeqCst))
                .map(|_| exchange("POST", ExchangeOutcome::Denied { denial: denial() }));
            let mut exchanges: Vec<Exchange> = denied.collect();
            let mut results = Vec::new();
            let mut broken = None;
            for (answer, input) in answers.into_iter().zip(&inputs) {
                match answer {
                    Does::Hears(status, asked_ms, error) => {
                        let sent = exchange("POST", answered(status)).judged(Some(input.key.clone()), None);
                        exchanges.push(Exchange { asked_ms, ..sent });
                        results.push(Err(error));
                    }
                    Does::Loses { keyed, says } => {
                        let failure = SendFailure::new(FailureCode::ConnectionLost, true);
                        let key = keyed.then(|| input.key.clone());
                        let lost = exchange("POST", ExchangeOutcome::Failed { failure });
                        exchanges.push(lost.judged(key, None));
                        results.push(Err(says));
                    }
                    Does::Works => {
                        exchanges.push(exchange("POST", answered(200)).judged(Some(input.key.clone()), None));
                        results.push(Ok("{}".to_owned()));
                    }
                    Does::Says(error) => results.push(Err(error)),
                    Does::Breaks(fault) => broken = Some(fault),
                    Does::ActsAndBreaks(fault) => {
                        exchanges.push(exchange("POST", answered(200)));
                        broken = Some(fault);
                    }
                }
            }
            let outcome = match broken {
                Some(fault) => Err(CallFailure::new(fault, "it broke")),
                None => Ok(results),
            };
            Called { outcome, log: Vec::new(), exchanges }
        })
    }
}
