//! One batch through the mapping and into the destination: what became of each parcel, as values. Nothing is written here.

use std::collections::HashMap;

use domain::call::{CallFailure, Fault, GuestError, Input};
use domain::canary::Tally;
use domain::dead_letter::Step;
use domain::exchange::Exchange;
use domain::flow::{Flow, OnDrift, Parcel};
use domain::log::LogEntry;
use domain::retry::{Action, Class, Pass, Saw, Seen, State};
use domain::run::{Attempt, Failure};
use domain::{Blame, CorrelationId, ProfileKey, ProfileName, RecordKey, RunId, TenantId, Timestamp};

use wit::Effect;

use crate::drift::{Declarations, Differing};
use crate::ends::Side;
use crate::evidence::{Evidence, Records, told};
use crate::health::Health;
use crate::inputs::Inputs;
use crate::judge::{Judge, Verdict, failure_of, failure_of_fault, of_mapping};
use crate::room::Room;
use crate::sandbox::Called;
use crate::trace::{Caller, entries};

/// What a batch needs to be on its way.
pub(crate) struct Delivery<'a> {
    pub(crate) destination: &'a Side,
    pub(crate) inputs: &'a Inputs,
    pub(crate) declared: &'a Declarations,
    pub(crate) tenant: &'a TenantId,
    pub(crate) flow: &'a Flow,
    pub(crate) run: &'a RunId,
    pub(crate) correlation: &'a CorrelationId,
    pub(crate) room: &'a Room,
}

/// What became of one parcel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    Delivered {
        attempt: Attempt,
    },
    /// The mapping dropped it.
    Skipped,
    /// It stays in the outbox until the attempt's wait is over.
    Again {
        attempt: Attempt,
    },
    Buried {
        attempt: Attempt,
        cause: Failure,
    },
    /// It was not judged: it stays as it is.
    Kept,
    /// It was not tried, and is not before then: the profile has retried enough for now.
    Later {
        next_at: Timestamp,
    },
}

/// Why nothing more is handed over now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The run cannot go on; what is kept waits for the next one.
    Failed(Failure),
    /// The run goes on then: the remote asked for a long wait, or it is down for everybody.
    Suspend { until: Timestamp, reason: Failure },
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    pub(crate) fates: Vec<(Parcel, Fate)>,
    /// The mapping or the destination did not return.
    pub(crate) fault: Option<Failure>,
    pub(crate) stop: Option<Stop>,
    /// The remote asked for a pause, which holds for whatever else waits for it.
    pub(crate) pause_ms: u64,
    pub(crate) denied: u64,
    pub(crate) entries: Vec<LogEntry>,
    pub(crate) health: Health,
    /// How what came differs from what was declared.
    pub(crate) differing: Differing,
    /// What is known of records besides their fate, by their place in the outbox.
    pub(crate) evidence: HashMap<u64, Evidence>,
    /// Of the version that was called.
    pub(crate) tally: Tally,
}

impl Delivery<'_> {
    pub(crate) async fn of(&self, batch: Vec<Parcel>) -> Delivered {
        let mut delivered = Delivered::default();
        let sound = self.as_declared(batch, &mut delivered);
        delivered.stopped_at(Step::Record);
        let mapped = self.map(sound, &mut delivered).await;
        delivered.stopped_at(Step::Mapping);
        let fitting = self.fitting(mapped, &mut delivered);
        if fitting.is_empty() {
            return delivered;
        }
        let passing = self.passing(fitting, &mut delivered);
        if !passing.is_empty() {
            self.hand_over(passing, &mut delivered).await;
        }
        delivered
    }

    /// Gives what is as its connector declares it, or what the flow wants to take nevertheless.
    fn as_declared(&self, batch: Vec<Parcel>, delivered: &mut Delivered) -> Vec<Parcel> {
        let now = self.room.now();
        let mut sound = Vec::with_capacity(batch.len());
        for parcel in batch {
            let met = &mut delivered.differing.records;
            match self.declared.records.judge(&parcel.body, Some(&parcel.key), met) {
                Err(failure) if self.flow.delivery.drift == OnDrift::Park => {
                    delivered.judged(parcel, Verdict::bury(failure, Class::Data), now, now);
                }
                _ => sound.push(parcel),
            }
        }
        sound
    }

    /// Gives what the destination takes. The rest would be refused again however often it is tried.
    fn fitting(&self, mapped: Vec<(Parcel, String)>, delivered: &mut Delivered) -> Vec<(Parcel, String)> {
        let now = self.room.now();
        let mut fitting = Vec::with_capacity(mapped.len());
        for (parcel, body) in mapped {
            match self.inputs.judge(&body) {
                Ok(()) => fitting.push((parcel, body)),
                Err(failure) => {
                    let evidence = Evidence { step: Step::Input, mapped: Some(body), exchange: None };
                    delivered.evidence.insert(parcel.seq, evidence);
                    delivered.judged(parcel, Verdict::bury(failure, Class::Data), now, now);
                }
            }
        }
        fitting
    }

    /// Gives what is to be handed over. The rest has met its fate in the mapping.
    async fn map(&self, batch: Vec<Parcel>, delivered: &mut Delivered) -> Vec<(Parcel, String)> {
        let bodies: Vec<String> = batch.iter().map(|parcel| parcel.body.to_string()).collect();
        let Some(mapping) = &self.flow.mapping else {
            return batch.into_iter().zip(bodies).collect();
        };
        let began = self.room.now();
        if batch.is_empty() {
            return Vec::new();
        }
        let mut called = self.room.sandbox.map(self.tenant, self.correlation, &mapping.jq, bodies).await;
        expect_one_each(&mut called, batch.len());
        let caller = Caller {
            connector: self.room.sandbox.transform(),
            profile: None,
            run: self.run,
            correlation: self.correlation,
        };
        delivered.entries.extend(entries(
            caller,
            "transform",
            &Records::default(),
            self.room.now(),
            &mut called,
        ));
        // A mapping reaches nothing, so doing it again does no harm.
        let judge = Judge { policy: &self.flow.delivery.retry, repeatable: true, down: false };
        let mut mapped = Vec::new();
        match called.outcome {
            Err(fault) => {
                delivered.fault = Some(of_mapping(failure_of_fault(&fault)));
                for parcel in batch {
                    let verdict = judge.after_fault(&fault, false, parcel.counted(), self.room.chance());
                    let verdict = Verdict { failure: of_mapping(verdict.failure), ..verdict };
                    delivered.judged(parcel, verdict, began, self.room.now());
                }
            }
            Ok(results) => {
                for (parcel, result) in batch.into_iter().zip(results) {
                    match result {
                        Ok(Some(body)) => mapped.push((parcel, body)),
                        Ok(None) => delivered.fates.push((parcel, Fate::Skipped)),
                        Err(error) => {
                            let failure = of_mapping(failure_of(&error));
                            let verdict = Verdict::bury(failure, Class::Data);
                            delivered.judged(parcel, verdict, began, self.room.now());
                        }
                    }
                }
            }
        }
        mapped
    }

    /// What may go now. The rest waits: for the one that finds out whether the remote works again, or because the profile
    /// has retried enough.
    fn passing(&self, mapped: Vec<(Parcel, String)>, delivered: &mut Delivered) -> Vec<(Parcel, String)> {
        let now = self.room.now();
        let profile = self.profile();
        let circuits = &self.room.circuits;
        let most = match circuits.ask(&profile, now) {
            Pass::Free => usize::MAX,
            Pass::Probe => 1,
            Pass::Refused { until } => {
                delivered.suspend(until, circuit_open(&profile.profile, until));
                delivered.fates.extend(mapped.into_iter().map(|(parcel, _)| (parcel, Fate::Kept)));
                return Vec::new();
            }
        };
        let mut passing = Vec::with_capacity(mapped.len());
        for (parcel, body) in mapped {
            // A probe is nobody's retry, and there is one at a time anyway.
            let retries = most > 1 && !parcel.attempts.is_empty();
            if passing.len() >= most {
                delivered.fates.push((parcel, Fate::Kept));
            } else if let Some(wait_ms) = retries.then(|| circuits.retry(&profile, now).err()).flatten() {
                delivered.fates.push((parcel, Fate::Later { next_at: now.plus_ms(wait_ms) }));
            } else {
                passing.push((parcel, body));
            }
        }
        circuits.first(
            &profile,
            passing.iter().filter(|(parcel, _)| parcel.attempts.is_empty()).count(),
            now,
        );
        passing
    }

    fn profile(&self) -> ProfileKey {
        ProfileKey { tenant: self.tenant.clone(), profile: self.flow.destination.profile.clone() }
    }

    async fn hand_over(&self, mapped: Vec<(Parcel, String)>, delivered: &mut Delivered) {
        // Kept for the dead letter of a record that is refused; without a mapping it is the record itself.
        let bodies: HashMap<u64, String> = match &self.flow.mapping {
            Some(_) => mapped.iter().map(|(parcel, body)| (parcel.seq, body.clone())).collect(),
            None => HashMap::new(),
        };
        let (batch, inputs): (Vec<Parcel>, Vec<Input>) = mapped
            .into_iter()
            .map(|(parcel, body)| {
                let input = Input { key: parcel.idempotency_key.clone(), body };
                (parcel, input)
            })
            .unzip();
        let began = self.room.now();
        let action = &self.flow.destination.action;
        let mut called = self.destination.end.run(self.correlation, action, inputs).await;
        expect_one_each(&mut called, batch.len());
        delivered.tally = match &called.outcome {
            Ok(results) => Tally::of(results),
            Err(fault) if fault.fault == Fault::Host => Tally::default(),
            Err(_) => Tally::lost(batch.len()),
        };
        let now = self.room.now();
        let keys: Vec<&str> = batch.iter().map(|parcel| parcel.idempotency_key.as_str()).collect();
        let effect = self.effect();
        let saw = Saw {
            exchanges: &called.exchanges,
            reads: effect.reads,
            keys: &keys,
            ambiguous: called.outcome.as_ref().map_or(0, |results| {
                results.iter().filter(|result| matches!(result, Err(GuestError::Ambiguous(_)))).count()
            }),
        };
        let (acted, seen) = (saw.acted_unrecognisably(), saw.each());
        let profile = self.profile();
        let state = self.room.circuits.note(&profile, &called.exchanges, now);
        if let State::Open { until } = state {
            delivered.suspend(until, circuit_open(&profile.profile, until));
        }
        delivered.denied += called.denied();
        delivered.health.heard(&called.exchanges);
        let caller = Caller {
            connector: &self.destination.ready.profile.connector,
            profile: Some(&self.flow.destination.profile),
            run: self.run,
            correlation: self.correlation,
        };
        let records = Records::of(&batch);
        let requests = records.last_requests(&called.exchanges);
        let before = delivered.fates.len();
        delivered.entries.extend(entries(caller, "run", &records, now, &mut called));
        let judge = Judge {
            policy: &self.flow.delivery.retry,
            repeatable: effect.repeatable,
            down: state != State::Closed,
        };
        match called.outcome {
            Err(fault) => self.after_fault(&judge, &fault, acted, batch, began, delivered),
            Ok(results) => {
                for ((parcel, result), seen) in batch.into_iter().zip(results).zip(seen) {
                    self.after_result(&judge, parcel, result, seen, began, delivered);
                }
            }
        }
        let credential_version = self.destination.ready.profile.credential.version;
        delivered.explain(before, bodies, &requests, credential_version);
    }

    fn after_fault(
        &self,
        judge: &Judge<'_>,
        fault: &CallFailure,
        acted: bool,
        batch: Vec<Parcel>,
        began: Timestamp,
        delivered: &mut Delivered,
    ) {
        let now = self.room.now();
        let failure = failure_of_fault(fault);
        delivered.health.failed(now, &failure);
        delivered.fault = Some(failure.clone());
        if fault.fault == Fault::NotOffered {
            // No record can pass, so none is spent on it.
            delivered.stop = Some(Stop::Failed(failure));
            delivered.fates.extend(batch.into_iter().map(|parcel| (parcel, Fate::Kept)));
            return;
        }
        for parcel in batch {
            let verdict = judge.after_fault(fault, acted, parcel.counted(), self.room.chance());
            delivered.judged(parcel, verdict, began, now);
        }
    }

    fn after_result(
        &self,
        judge: &Judge<'_>,
        parcel: Parcel,
        result: Result<String, GuestError>,
        seen: Seen,
        began: Timestamp,
        delivered: &mut Delivered,
    ) {
        let now = self.room.now();
        match result {
            Ok(output) => {
                let met = &mut delivered.differing.outputs;
                self.declared.outputs.look_at(&output, Some(&parcel.key), met);
                delivered.health.worked(now);
                let attempt = attempt(&parcel, began, now, None);
                delivered.fates.push((parcel, Fate::Delivered { attempt }));
            }
            Err(error) => {
                let verdict = judge.after(&error, seen, parcel.counted(), self.room.chance());
                if verdict.action == Action::Done {
                    delivered.health.worked(now);
                } else if verdict.class == Class::Auth {
                    delivered.health.refused_by(now, &verdict.failure);
                } else {
                    delivered.health.failed(now, &verdict.failure);
                }
                if verdict.class == Class::RateLimited {
                    delivered.pause_ms = delivered.pause_ms.max(verdict.wait_ms().unwrap_or(0));
                }
                delivered.judged(parcel, verdict, began, now);
            }
        }
    }

    fn effect(&self) -> Doing {
        let action = self.destination.ready.action(&self.flow.destination.action).ok();
        let reads = action.is_some_and(|action| action.effect == Effect::Read);
        let keyed = action.is_some_and(|action| action.idempotency.is_some());
        Doing { reads, repeatable: reads || keyed }
    }
}

/// What the action says of itself.
#[derive(Clone, Copy, Debug)]
struct Doing {
    reads: bool,
    /// Doing it twice does no more than doing it once: it only reads, or the remote recognises the key.
    repeatable: bool,
}

impl Delivered {
    /// Says of every record that has met its fate since the step before where that was.
    fn stopped_at(&mut self, step: Step) {
        for (parcel, _) in &self.fates {
            self.evidence.entry(parcel.seq).or_insert(Evidence { step, ..Evidence::default() });
        }
    }

    /// Says of each record that was handed over what was asked and answered.
    fn explain(
        &mut self,
        from: usize,
        mut bodies: HashMap<u64, String>,
        requests: &HashMap<RecordKey, Exchange>,
        credential_version: u64,
    ) {
        for (parcel, fate) in self.fates.iter_mut().skip(from) {
            let exchange = requests.get(&parcel.key);
            let attempt = match fate {
                Fate::Delivered { attempt } | Fate::Again { attempt } | Fate::Buried { attempt, .. } => {
                    attempt
                }
                Fate::Skipped | Fate::Kept | Fate::Later { .. } => continue,
            };
            attempt.credential_version = Some(credential_version);
            if let Some(exchange) = exchange {
                told(attempt, exchange);
            }
            if matches!(fate, Fate::Buried { .. }) {
                let mapped = bodies.remove(&parcel.seq);
                let evidence = Evidence { step: Step::Delivery, mapped, exchange: exchange.cloned() };
                self.evidence.insert(parcel.seq, evidence);
            }
        }
    }

    /// Of several reasons to stop, one that ends the run wins, and then the longest.
    fn suspend(&mut self, until: Timestamp, reason: Failure) {
        let earlier = match &self.stop {
            Some(Stop::Failed(_)) => true,
            Some(Stop::Suspend { until: already, .. }) => *already >= until,
            None => false,
        };
        if !earlier {
            self.stop = Some(Stop::Suspend { until, reason });
        }
    }

    fn judged(&mut self, parcel: Parcel, verdict: Verdict, began: Timestamp, now: Timestamp) {
        let attempt = attempt(&parcel, began, now, Some(&verdict));
        let Verdict { failure, action, .. } = verdict;
        let fate = match action {
            Action::Retry { .. } => Fate::Again { attempt },
            Action::Suspend { wait_ms } => {
                self.suspend(now.plus_ms(wait_ms), failure);
                Fate::Again { attempt }
            }
            Action::Bury => Fate::Buried { attempt, cause: failure },
            Action::Stop => {
                // The credential failed, not the record: it waits for a run with a credential that works.
                self.stop = Some(Stop::Failed(failure));
                Fate::Kept
            }
            Action::Done => Fate::Delivered { attempt: Attempt { failure: None, ..attempt } },
        };
        self.fates.push((parcel, fate));
    }
}

pub(crate) fn circuit_open(profile: &ProfileName, until: Timestamp) -> Failure {
    Failure {
        blame: Blame::Remote,
        code: "circuit_open".to_owned(),
        message: format!(
            "the remote of the profile {profile} did not work in its last calls; it is asked again at {until}, or at once when `lockgate profiles check {profile}` succeeds"
        ),
    }
}

/// `verdict`: none for success.
fn attempt(parcel: &Parcel, at: Timestamp, now: Timestamp, verdict: Option<&Verdict>) -> Attempt {
    let n = parcel.attempts.last().map_or(0, |attempt| attempt.n).saturating_add(1);
    Attempt {
        failure: verdict.map(|verdict| verdict.failure.clone()),
        wait_ms: verdict.and_then(Verdict::wait_ms),
        class: verdict.map(|verdict| verdict.class),
        free: verdict.is_some_and(Verdict::is_free),
        ..Attempt::of(n, at, now.ms_since(at))
    }
}

/// Results belong to records by their place, so another number of them cannot be told apart from wrong ones.
fn expect_one_each<T>(called: &mut Called<Vec<T>>, count: usize) {
    if called.outcome.as_ref().is_ok_and(|results| results.len() != count) {
        let message = "it returned another number of results than it was given inputs";
        called.outcome = Err(CallFailure::new(Fault::BrokenContract, message));
    }
}
