//! One call of one action, outside any flow.

use domain::audit::{Happening, Subject, Verb};
use domain::call::{CallFailure, GuestError, Input, Usage};
use domain::canary::Tally;
use domain::exchange::Exchange;
use domain::log::LogEvent;
use domain::profile::{CallOutcome, LastExchange, OutcomeFailure};
use domain::retry::{Pass, State};
use domain::schema;
use domain::{CorrelationId, Digest, ProfileKey, ProfileName};
use pipeline::{NotReady, Ready};
use serde_json::Value;
use store::Commit;

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

/// How many inputs one call may have.
const INPUTS_MAX: usize = 1_000;

/// What a call returned.
#[derive(Clone, Debug)]
pub struct Called {
    /// One result per input, in order.
    pub results: Vec<Result<Value, GuestError>>,
    /// What it sent, denied requests included.
    pub exchanges: Vec<Exchange>,
    /// What it used.
    pub usage: Usage,
    /// Finds its rows in the log.
    pub correlation: CorrelationId,
}

impl Tenant {
    /// Runs one action of a profile's connector on a batch of inputs, in a fresh instance.
    ///
    /// `key` makes the idempotency keys: the same key and inputs give the same keys, so that a caller may repeat a
    /// call whose outcome it does not know. Without one, every call has new keys.
    ///
    /// Whoever stops waiting does not stop the call: it ends within its limits, so that what it did is in the log.
    pub async fn call(
        &self,
        profile: &ProfileName,
        action: &str,
        inputs: Vec<Value>,
        key: Option<&str>,
    ) -> Result<Called, Error> {
        let (tenant, profile) = (self.clone(), profile.clone());
        let (action, key) = (action.to_owned(), key.map(str::to_owned));
        to_its_end(async move { tenant.call_now(&profile, &action, inputs, key.as_deref()).await }).await
    }

    async fn call_now(
        &self,
        profile: &ProfileName,
        action: &str,
        inputs: Vec<Value>,
        key: Option<&str>,
    ) -> Result<Called, Error> {
        if inputs.len() > INPUTS_MAX {
            let message = format!("{} inputs in one call; send at most {INPUTS_MAX}", inputs.len());
            return Err(Error::new(Kind::TooLarge, "too_many_inputs", message));
        }
        // What a call does elsewhere cannot be taken back: where it could leave no entry, it is not begun.
        self.rooms.store.takes_writes()?;
        let row = self.profile(profile)?;
        if row.is_quarantined(self.now()) {
            return Err(NotReady::Quarantined(row.name).into());
        }
        let _place = self.place_for_a_call()?;
        let correlation = self.correlation();
        let row = row.for_call(&correlation);
        let prepared = self.prepare(&row).await?;
        let declared = prepared.connector.manifest.actions.iter().find(|declared| declared.name == action);
        let Some(declared) = declared else {
            let offered: Vec<_> =
                prepared.connector.manifest.actions.iter().map(|declared| declared.name.as_str()).collect();
            let message = format!("{} has no such action; it offers {}", row.connector, offered.join(", "));
            return Err(Error::new(Kind::NotFound, "unknown_action", message));
        };
        pipeline::scopes_granted(&row, action, &declared.scopes)?;
        for (at, input) in inputs.iter().enumerate() {
            schema::check(&declared.input, input).map_err(|problems| {
                let message = format!("input {at} of {action} breaks its schema: {}", problems.join("; "));
                Error::new(Kind::Invalid, "invalid_input", message)
            })?;
        }
        // Two calls of one trace are two calls: their keys do not come from its id.
        let drawn = CorrelationId::make(&*self.rooms.randomness);
        let key = key.unwrap_or_else(|| drawn.as_str());
        let inputs: Vec<_> = inputs
            .iter()
            .enumerate()
            .map(|(at, body)| Input { key: input_key(profile, action, key, at), body: body.to_string() })
            .collect();
        // A credential that the remote refused lately lets one call through, and this may not be it.
        Ready::for_a_call(&self.rooms.store, &self.id, profile, None, self.now()).await?;
        let of = ProfileKey { tenant: self.id.clone(), profile: profile.clone() };
        let circuits = self.rooms.connectors.circuits();
        if let Pass::Refused { until } = circuits.ask(&of, self.now()) {
            return Err(NotReady::CircuitOpen { profile: profile.clone(), until }.into());
        }
        let report =
            prepared.linked.run(&prepared.call_for_action(&correlation, action), action, &inputs).await;
        circuits.note(&of, &report.exchanges, self.now());
        prepared.note(&report.exchanges).await;
        prepared.keep(report.cassette.as_deref(), &correlation).await;
        let called = self.happening(Verb::ActionCalled, Subject::action(profile, action));
        let called = match &report.outcome {
            Err(failure) => called.failed(failure.fault.code()),
            Ok(results) => match results.iter().find_map(|result| result.as_ref().err()) {
                Some(error) => called.failed(error.code()),
                None => called,
            },
        };
        self.keep_log(&row, &report, action, &correlation, called).await?;
        let tally = match &report.outcome {
            Err(_) => Tally::lost(inputs.len()),
            Ok(results) => Tally::of(results),
        };
        self.rooms.connectors.note_tries(&self.id, &row, tally, self.now(), || self.event_id()).await;
        let last = LastExchange::of(&report.exchanges);
        let told = match &report.outcome {
            Err(failure) => counted(failure, last).map(Some),
            Ok(results) => results.iter().rev().find_map(|result| match result {
                Ok(_) => Some(None),
                Err(error) => OutcomeFailure::counted(error.code(), error.blame(), last).map(Some),
            }),
        };
        match told {
            Some(Some(failure)) => self.note(profile, Some(failure)).await?,
            // A good call is the rule, and a row that says so each time would cost more than the call.
            Some(None) if row.wants_good_news() => self.note(profile, None).await?,
            _ => {}
        }
        let results = report.outcome?;
        prepared.note_outputs(action, results.iter().flatten(), self.now()).await;
        let results = results
            .into_iter()
            .map(|result| result.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text))))
            .collect();
        Ok(Called { results, exchanges: report.exchanges, usage: report.usage, correlation })
    }

    /// Whether calls of the profile pass now, or why not: its remote is down for everybody who calls.
    pub fn circuit(&self, profile: &ProfileName) -> State {
        let of = ProfileKey { tenant: self.id.clone(), profile: profile.clone() };
        self.rooms.connectors.circuits().state(&of, self.now())
    }

    /// Remembers how a call ended, for the status. Where many calls end at once, some of them are enough.
    pub(crate) async fn note(
        &self,
        profile: &ProfileName,
        failure: Option<OutcomeFailure>,
    ) -> Result<(), Error> {
        match self.note_outcome(profile, &CallOutcome { at: self.now(), failure }).await {
            Err(error) if error.kind != Kind::Conflict => Err(error),
            _ => Ok(()),
        }
    }

    pub(crate) async fn prepare(&self, row: &domain::profile::Profile) -> Result<pipeline::Prepared, Error> {
        let state = self.trace.as_ref().and_then(|trace| trace.state.clone());
        Ok(self.rooms.connectors.prepare(&self.id, row).await?.within(state))
    }

    /// Writes down what a call did: its log, and the one audit entry that says that it was made.
    pub(crate) async fn keep_log<T>(
        &self,
        row: &domain::profile::Profile,
        report: &runtime::CallReport<T>,
        call: &str,
        correlation: &CorrelationId,
        happening: Happening,
    ) -> Result<(), Error> {
        let lines = report.log.iter().map(|line| LogEvent::Line { line: line.clone() });
        let exchanges =
            report.exchanges.iter().map(|exchange| LogEvent::Exchange { exchange: exchange.clone() });
        let failed = report.outcome.as_ref().err().map(|failure| LogEvent::Failed {
            call: call.to_owned(),
            code: failure.fault.code().to_owned(),
            blame: failure.blame,
            message: failure.message.clone(),
        });
        let events: Vec<_> = exchanges.chain(lines).chain(failed).collect();
        let mut commit = Commit::new();
        self.log_events(&mut commit, row, correlation, events);
        commit.record(self.chain(), happening);
        Ok(self.rooms.store.commit(commit).await?)
    }
}

pub(crate) fn counted(failure: &CallFailure, last: LastExchange) -> Option<OutcomeFailure> {
    OutcomeFailure::counted(failure.fault.code(), failure.blame, last)
}

/// Lets a call go on when nobody waits for it any more: a client that hangs up must not take its rows with it.
pub(crate) async fn to_its_end<T: Send + 'static>(
    call: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let stopped =
        |_| Error::new(Kind::Internal, "stopped", "the host stopped in the middle of the call; see the log");
    tokio::spawn(call).await.map_err(stopped)?
}

/// The same for the same caller's key, profile, action and place: a repeated call is recognised by the remote.
fn input_key(profile: &ProfileName, action: &str, key: &str, at: usize) -> String {
    let digest = Digest::of(format!("{profile}\0{action}\0{key}\0{at}").as_bytes());
    format!("lc_{}", digest.as_str().get(..32).unwrap_or_default())
}
