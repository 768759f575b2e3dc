//! The stand: one component in a host in memory, and a vendor at the other end of its wire.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::call::{CallFailure, GuestError, Input, LogLine, PolledRecord, Usage};
use domain::connector::Connector;
use domain::exchange::Exchange as Row;
use domain::{Artefacts, Digest, Timestamp};
use lockgate::{AdmissionReport, CallReport, Compiler, Error, EveryName, Host, Kind, Quotas, Tenant};
use lockgate_testing::{Ended, Failed, Outcome, Problem, Received, Record, Vendor, file};
use serde_json::Value;

use crate::line::Wire;
use crate::profile::Known;
use crate::time::{Dice, Stopped};

/// Between two descriptions, so that one that tells the time is found out.
const AN_HOUR_MS: u64 = 3_600_000;
/// Pages of one walk, whatever a test says.
const PAGES_MAX: u32 = 1_000;
/// Of these the middle one is told.
const WARM_CALLS: usize = 9;
const PROFILES_MAX: u64 = 100_000;
/// Where a consent would come back to.
const PUBLIC_URL: &str = "https://lockgate.example";

/// What a stand is made of.
#[derive(Clone, Default)]
pub struct Options {
    /// Who compiles the component; a host's default unless said.
    pub compiler: Option<Compiler>,
    /// Where compiled code is kept; nowhere unless said.
    pub artefacts: Option<Arc<dyn Artefacts>>,
}

/// A component that was admitted, and can be called. One call at a time.
pub struct Stand {
    pub(crate) host: Host,
    pub(crate) tenant: Tenant,
    pub(crate) wire: Wire,
    pub(crate) connector: Connector,
    admission: Admission,
    clock: Arc<Stopped>,
    dice: Arc<Dice>,
    /// One call at a time: the wire has one vendor.
    turn: tokio::sync::Mutex<u64>,
    profiles: Mutex<HashMap<Digest, Known>>,
    seen: Mutex<Vec<Seen>>,
}

/// What admission found.
#[derive(Clone, Debug)]
pub struct Admission {
    /// What it measured.
    pub report: AdmissionReport,
    /// How a second description differs from the first, if it does.
    pub fickle: Option<String>,
}

/// Why a call could not be made: what is wrong with the test, or with what it asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unready(pub(crate) String);

impl From<Error> for Unready {
    fn from(error: Error) -> Self {
        Self(error.message)
    }
}

/// A call that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) profile: file::Profile,
    pub(crate) call: file::Call,
    pub(crate) vendor: Vendor,
    pub(crate) now: Option<Timestamp>,
    /// With a profile of its own, whose tokens nobody has used.
    pub(crate) fresh: bool,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What the connector returned.
    pub outcome: Outcome,
    /// What did not go as the exchanges say.
    pub problems: Vec<Problem>,
    /// What the vendor received.
    pub requests: Vec<Received>,
    /// What the host's log keeps of the requests, refused ones included.
    pub exchanges: Vec<Row>,
    /// What the connector said.
    pub log: Vec<LogLine>,
    /// What it used.
    pub usage: Usage,
    /// The cursor after each page but the last.
    pub(crate) cursors: Vec<Option<Value>>,
    /// Keys of the records of each page.
    pub(crate) pages: Vec<Vec<String>>,
    /// The vendor as it was left.
    pub(crate) vendor: Vendor,
}

/// What is remembered of every call, for what is judged over all of them.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// What was called, for messages.
    pub(crate) what: String,
    pub(crate) exchanges: Vec<Row>,
    pub(crate) ended: Option<Ended>,
    pub(crate) memory_bytes: usize,
    /// Everything that left the guest, as text.
    pub(crate) told: String,
    /// The scopes that the action or trigger declares.
    pub(crate) declared: Option<Vec<String>>,
    /// The test itself said that something is refused or ends badly.
    pub(crate) on_purpose: bool,
}

impl Stand {
    /// Admits a component into a host of its own.
    pub async fn open(component: Vec<u8>, options: Options) -> Result<Self, Error> {
        let (clock, dice, wire) = (Arc::new(Stopped::default()), Arc::new(Dice::default()), Wire::default());
        let public_url = PUBLIC_URL
            .parse()
            .map_err(|_| Error::new(Kind::Internal, "public_url", "the stand's own address is none"))?;
        let builder = Host::builder()
            .clock(clock.clone())
            .randomness(dice.clone())
            .resolver(Arc::new(EveryName))
            .network(Arc::new(wire.clone()))
            .public_url(public_url)
            .quotas(Quotas { profiles: PROFILES_MAX, secrets: PROFILES_MAX, ..Quotas::default() });
        let builder = match options.compiler {
            Some(compiler) => builder.compiler(compiler),
            None => builder,
        };
        let builder = match options.artefacts {
            Some(artefacts) => builder.artefacts(artefacts),
            None => builder,
        };
        let host = Box::pin(builder.build()).await?;
        let tenant = host.tenant("author")?;
        let uploaded = Box::pin(tenant.upload(component.clone())).await?;
        clock.pass(AN_HOUR_MS);
        dice.set(u64::MAX / 3);
        let again = Box::pin(host.tenant("again")?.upload(component)).await;
        let fickle = match again {
            Err(error) => Some(format!("the second time it was refused: {}", error.message)),
            Ok(again) => {
                let text =
                    |connector: &Connector| serde_json::to_value(&connector.manifest).unwrap_or_default();
                let (one, other) = (text(&uploaded.connector), text(&again.connector));
                lockgate_testing::compare::exact(&one, &other).first().map(ToString::to_string)
            }
        };
        Ok(Self {
            host,
            tenant,
            wire,
            connector: uploaded.connector,
            admission: Admission { report: uploaded.report, fickle },
            clock,
            dice,
            turn: tokio::sync::Mutex::default(),
            profiles: Mutex::default(),
            seen: Mutex::default(),
        })
    }

    /// The connector's row, with its manifest.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// What admission found.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Forgets the calls that were made: what is judged over all of them begins anew.
    pub fn forget(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a call costs when everything is ready: the check of a profile, on a vendor that says 404 to everything. None
    /// where no profile can be made up.
    pub async fn warm(&self) -> Option<Usage> {
        let mut used = Vec::with_capacity(WARM_CALLS);
        for _ in 0..WARM_CALLS {
            let case = Case {
                profile: file::Profile::default(),
                call: file::Call { check: true, ..file::Call::default() },
                vendor: crate::material::always(404, None),
                now: None,
                fresh: false,
            };
            used.push(Box::pin(self.run(case, "the check of a profile")).await.ok()?.usage);
        }
        used.sort_unstable_by_key(|usage| usage.wall_us);
        used.get(WARM_CALLS / 2).copied()
    }

    /// Makes a call, on a clock and with a chance that are the same each time.
    pub(crate) async fn run(&self, case: Case, what: &str) -> Result<Ran, Unready> {
        let mut turn = self.turn.lock().await;
        *turn += 1;
        match case.now {
            Some(now) => self.clock.set(now),
            None => self.clock.reset(),
        }
        self.dice.set(*turn);
        let known = self.known(&case, *turn).await?;
        self.dice.set(7);
        let vendor = self.with_tokens(&case, &known);
        let vendor = match &known.credential {
            Some(credential) => vendor.with_credential(credential),
            None => vendor,
        };
        self.wire.put(vendor);
        let made = Box::pin(self.make(&case.call, &known)).await;
        let vendor = self.wire.put(Vendor::default());
        let mut ran = made?;
        (ran.problems, ran.requests) = (vendor.problems(), vendor.requests().to_vec());
        ran.vendor = vendor;
        self.note(what, &case.call, &ran);
        drop(turn);
        Ok(ran)
    }

    /// The profile of the case, which other cases with the same settings share.
    async fn known(&self, case: &Case, turn: u64) -> Result<Known, Unready> {
        let settings = Digest::of(format!("{:?}", case.profile).as_bytes());
        let kept = || self.profiles.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept().get(&settings).filter(|_| !case.fresh).cloned();
        if let Some(found) = found {
            return Ok(found);
        }
        let known = Box::pin(self.profile(&case.profile, &format!("p{turn}"))).await?;
        if !case.fresh {
            kept().insert(settings, known.clone());
        }
        Ok(known)
    }

    /// A test that says how tokens are had is taken at its word.
    fn with_tokens(&self, case: &Case, known: &Known) -> Vendor {
        known.tokens.iter().fold(case.vendor.clone(), |vendor, tokens| vendor.beside(tokens.clone()))
    }

    async fn make(&self, call: &file::Call, known: &Known) -> Result<Ran, Unready> {
        let (tenant, profile) = (&self.tenant, &known.profile);
        if let Some(action) = &call.action {
            let inputs: Vec<Input> = call
                .all_inputs()
                .iter()
                .enumerate()
                .map(|(at, body)| Input { key: input_key(call.key.as_deref(), at), body: body.to_string() })
                .collect();
            let report = tenant.rehearse_run(profile, action, &inputs).await?;
            return Ok(ran(report, |results| {
                Outcome::Results(
                    results.into_iter().map(|result| result.map(value).map_err(failed)).collect(),
                )
            }));
        }
        if let Some(trigger) = &call.poll {
            return self.walk(profile, trigger, call).await;
        }
        if let Some(hook) = &call.receive {
            let body = match &call.body {
                None => Vec::new(),
                Some(Value::String(text)) => text.clone().into_bytes(),
                Some(json) => json.to_string().into_bytes(),
            };
            let headers =
                call.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone().into_bytes()));
            let event = domain::call::Inbound { headers: headers.collect(), body };
            let report = tenant.rehearse_receive(profile, hook, event).await?;
            return Ok(ran(report, |received| match received {
                Ok(records) => Outcome::Records(records.into_iter().map(record).collect()),
                Err(error) => Outcome::Failed(failed(error)),
            }));
        }
        let report = tenant.rehearse_check(profile).await?;
        Ok(ran(report, |checked| match checked {
            Ok(()) => Outcome::Checked,
            Err(error) => Outcome::Failed(failed(error)),
        }))
    }

    /// Page after page, as a run of a flow would read them.
    async fn walk(
        &self,
        profile: &domain::ProfileName,
        trigger: &str,
        call: &file::Call,
    ) -> Result<Ran, Unready> {
        let pages_max = call.pages.unwrap_or(1).clamp(1, PAGES_MAX);
        let mut cursor = call.cursor.clone();
        let mut whole: Option<Ran> = None;
        for page in 1..=pages_max {
            let text = cursor.as_ref().map(Value::to_string);
            let report = self.tenant.rehearse_poll(profile, trigger, text.as_deref()).await?;
            let mut next = ran(report, |polled| match polled {
                Ok(page) => Outcome::Page {
                    records: page.records.into_iter().map(record).collect(),
                    next: page.next.map(value),
                    more: page.more,
                },
                Err(error) => Outcome::Failed(failed(error)),
            });
            let Outcome::Page { records, next: after, more } = &next.outcome else {
                return Ok(joined(whole, next));
            };
            next.pages.push(records.iter().map(|record| record.key.clone()).collect());
            let (after, goes_on) = (after.clone(), *more && page < pages_max);
            if goes_on {
                next.cursors.push(after.clone());
            }
            whole = Some(joined(whole, next));
            if !goes_on {
                break;
            }
            cursor = after;
        }
        whole.ok_or_else(|| Unready("no page was read".to_owned()))
    }

    fn note(&self, what: &str, call: &file::Call, ran: &Ran) {
        let ended = match &ran.outcome {
            Outcome::Ended(ended) => Some(ended.clone()),
            _ => None,
        };
        let told = format!("{:?}\n{:?}\n{:?}", ran.outcome, ran.log, ran.exchanges);
        let seen = Seen {
            what: what.to_owned(),
            exchanges: ran.exchanges.clone(),
            ended,
            memory_bytes: ran.usage.memory_bytes,
            told,
            declared: self.declared(call),
            on_purpose: false,
        };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }

    fn declared(&self, call: &file::Call) -> Option<Vec<String>> {
        let manifest = &self.connector.manifest;
        if let Some(name) = &call.action {
            return manifest
                .actions
                .iter()
                .find(|action| action.name == *name)
                .map(|action| action.scopes.clone());
        }
        let name = call.poll.as_ref().or(call.receive.as_ref())?;
        manifest.triggers.iter().find(|trigger| trigger.name == *name).map(|trigger| trigger.scopes.clone())
    }

    /// What the last call did was meant: it is not held against the connector.
    pub(crate) fn on_purpose(&self) {
        if let Some(seen) = self.seen.lock().unwrap_or_else(PoisonError::into_inner).last_mut() {
            seen.on_purpose = true;
        }
    }
}

fn input_key(given: Option<&str>, at: usize) -> String {
    let first = given.unwrap_or("lc_3b8e17f2c94d60a5");
    if at == 0 { first.to_owned() } else { format!("{first}-{at}") }
}

fn ran<T>(report: CallReport<T>, outcome: impl FnOnce(T) -> Outcome) -> Ran {
    let outcome = match report.outcome {
        Ok(answer) => outcome(answer),
        Err(CallFailure { fault, message, .. }) => {
            Outcome::Ended(Ended { fault: fault.code().to_owned(), message })
        }
    };
    Ran {
        outcome,
        problems: Vec::new(),
        requests: Vec::new(),
        exchanges: report.exchanges,
        log: report.log,
        usage: report.usage,
        cursors: Vec::new(),
        pages: Vec::new(),
        vendor: Vendor::default(),
    }
}

/// One walk of several pages.
fn joined(before: Option<Ran>, next: Ran) -> Ran {
    let Some(mut whole) = before else { return next };
    whole.exchanges.extend(next.exchanges);
    whole.log.extend(next.log);
    whole.cursors.extend(next.cursors);
    whole.pages.extend(next.pages);
    whole.usage.memory_bytes = whole.usage.memory_bytes.max(next.usage.memory_bytes);
    whole.usage.requests += next.usage.requests;
    whole.outcome = match (whole.outcome, next.outcome) {
        (Outcome::Page { records: mut all, .. }, Outcome::Page { records, next, more }) => {
            all.extend(records);
            Outcome::Page { records: all, next, more }
        }
        (_, other) => other,
    };
    whole
}

fn value(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

fn record(record: PolledRecord) -> Record {
    Record { key: record.key, body: value(record.body) }
}

fn failed(error: GuestError) -> Failed {
    let wait_ms = match &error {
        GuestError::RateLimited { wait_ms } => *wait_ms,
        _ => None,
    };
    Failed { class: error.code().to_owned(), message: error.message(), wait_ms }
}
