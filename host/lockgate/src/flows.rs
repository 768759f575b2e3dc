//! Flows of a tenant: create, run, list.

use domain::audit::{Subject, Verb};
use domain::call::GuestError;
use domain::flow::{DeliveryPolicy, Destination, Flow, Mapping, Order, Source};
use domain::quota::Quota;
use domain::run::{Cause, Run};
use domain::schedule::{EVERY_MS_MIN, Every, Schedule};
use domain::{Blame, CorrelationId, FlowName, ProfileName, Timestamp};
use pipeline::PipelineError;
use store::{Expect, Flows as _, Page};

use crate::error::{Error, Kind};
use crate::tenant::{Tenant, paging};

/// A schedule or a wait that is longer was written by mistake.
const EVERY_MS_MAX: u64 = 366 * DAY_MS;
const DEADLINE_MS_MAX: u64 = 7 * DAY_MS;
const DAY_MS: u64 = 86_400_000;
const BATCH_MAX: u32 = 500;
const PARALLEL_MAX: u32 = 16;
const POINTER_BYTES_MAX: usize = 500;
const DEADLINE_MS_MIN: u64 = 1_000;
const PROGRAM_BYTES_MAX: usize = 64 << 10;

/// A flow to be made.
#[derive(Clone, Debug)]
pub struct NewFlow {
    /// Its name, unique within the tenant.
    pub name: FlowName,
    /// Where records come from.
    pub source: Source,
    /// What is done to each record.
    pub mapping: Option<Mapping>,
    /// Where they go.
    pub destination: Destination,
    /// When it runs by itself.
    pub schedule: Option<Schedule>,
    /// How they are delivered.
    pub delivery: DeliveryPolicy,
}

impl Tenant {
    /// Makes a flow after everything that it names has been found.
    pub async fn create_flow(&self, new: NewFlow) -> Result<Flow, Error> {
        judge_numbers(&new, self.now())?;
        let flow = Flow {
            name: new.name,
            source: new.source,
            mapping: new.mapping,
            destination: new.destination,
            schedule: new.schedule,
            delivery: new.delivery,
            enabled: true,
            created_at: self.now(),
            version: 1,
            updated_at: None,
        };
        self.judge_definition(&flow).await?;
        let turn = self.turn().await;
        turn.has_room(Quota::Flows)?;
        let fields = &["source", "mapping", "destination", "schedule", "delivery"];
        let mut change = self.change(Verb::FlowCreated, Subject::flow(&flow.name), fields);
        // A profile that was removed since it was judged would leave a flow that leads nowhere.
        change.commit().require_profile(&self.id, &flow.source.profile, Expect::Present);
        change.commit().require_profile(&self.id, &flow.destination.profile, Expect::Present);
        change.put_flow(&self.id, &flow, Expect::Absent);
        match self.rooms.store.commit(change).await {
            Ok(()) => Ok(flow),
            Err(error) if error.is_conflict() => {
                self.judge_ends(&flow)?;
                let message = format!("a flow named {} exists; choose another name", flow.name);
                Err(Error::new(Kind::Conflict, "flow_exists", message))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One flow.
    pub fn flow(&self, name: &FlowName) -> Result<Flow, Error> {
        let found = self.rooms.store.flow(&self.id, name)?;
        found.map(|row| row.value).ok_or_else(|| Error::not_found("flow", name))
    }

    /// All flows, by name.
    pub fn flows(&self, after: Option<&str>, limit: usize) -> Result<Page<Flow>, Error> {
        Ok(self.rooms.store.flows(&self.id, &paging(after, limit))?.map(|row| row.value))
    }

    /// Starts a run now. Durable before it returns; the work goes on behind it. A flow has one open run at a time:
    /// while one is open, that one is the answer.
    pub async fn run_flow(&self, name: &FlowName) -> Result<Run, Error> {
        let id = match self
            .rooms
            .pipeline
            .trigger(&self.id, name, Cause::Manual, &self.actor, self.trace.as_ref())
            .await
        {
            Ok(id) | Err(PipelineError::RunOpen { run: id, .. }) => id,
            Err(error) => return Err(error.into()),
        };
        self.run(&id)
    }

    /// Lets a flow run, or stops it from starting again.
    pub async fn enable_flow(&self, name: &FlowName, enabled: bool) -> Result<Flow, Error> {
        let Some(mut row) = self.rooms.store.flow(&self.id, name)? else {
            return Err(Error::not_found("flow", name));
        };
        row.value.enabled = enabled;
        let verb = if enabled { Verb::FlowEnabled } else { Verb::FlowDisabled };
        let mut change = self.change(verb, Subject::flow(name), &["enabled"]);
        change.put_flow(&self.id, &row.value, Expect::Version(row.version));
        self.rooms.store.commit(change).await?;
        Ok(row.value)
    }

    /// Everything that it names must be there, and its mapping must compile.
    pub(crate) async fn judge_definition(&self, flow: &Flow) -> Result<(), Error> {
        self.judge_ends(flow)?;
        if let Some(mapping) = &flow.mapping
            && let Err(error) = self.compile_mapping(mapping).await
        {
            let tried = self.happening(Verb::FlowRefused, Subject::flow(&flow.name));
            self.record(tried.failed(error.code)).await?;
            return Err(error);
        }
        Ok(())
    }

    /// The source must bring what is named, and the destination must do what is named.
    fn judge_ends(&self, flow: &Flow) -> Result<(), Error> {
        let source = self.manifest_of(&flow.source.profile)?;
        if !source.triggers.iter().any(|trigger| trigger.name == flow.source.trigger) {
            let offered: Vec<_> = source.triggers.iter().map(|trigger| trigger.name.as_str()).collect();
            return Err(unknown("trigger", &flow.source.trigger, &source.name, &offered));
        }
        let destination = self.manifest_of(&flow.destination.profile)?;
        if !destination.actions.iter().any(|action| action.name == flow.destination.action) {
            let offered: Vec<_> = destination.actions.iter().map(|action| action.name.as_str()).collect();
            return Err(unknown("action", &flow.destination.action, &destination.name, &offered));
        }
        Ok(())
    }

    /// Runs a mapping on sample records without making a flow of it: what each becomes, nothing where it is dropped, or
    /// why it becomes nothing. Records and results are JSON texts, so that numbers keep their digits.
    pub async fn try_mapping(
        &self,
        mapping: &Mapping,
        records: &[String],
    ) -> Result<Vec<Result<Option<String>, GuestError>>, Error> {
        let rooms = &self.rooms;
        let _place = self.place_for_a_call()?;
        let correlation = CorrelationId::make(&*rooms.randomness);
        let limits = rooms.connectors.limits();
        let report = rooms.transform.map(&self.id, &correlation, limits, &mapping.jq, records).await;
        report.outcome.map_err(|failure| {
            // The program is the operator's, whatever component runs it.
            let blame = if failure.blame == Blame::Host { Blame::Host } else { Blame::Operator };
            Error { blame, ..Error::from(failure) }
        })
    }

    /// A program that does not compile is refused when the flow is made, not when its first record arrives.
    async fn compile_mapping(&self, mapping: &Mapping) -> Result<(), Error> {
        // Compiled whole, and run on nothing: what a record may do to it is not known yet.
        let nothing = Mapping { jq: format!("empty | {}", mapping.jq) };
        let problem = match self.try_mapping(&nothing, &["null".to_owned()]).await {
            Ok(results) => results.into_iter().find_map(Result::err).map(|error| error.message()),
            // Whoever wrote a program that is too much to be read must change it; the sandbox did its part.
            Err(failure) if failure.kind == Kind::Guest => {
                Some(format!("the program cannot be compiled: {failure}"))
            }
            Err(failure) => return Err(failure),
        };
        match problem {
            None => Ok(()),
            Some(problem) => {
                Err(Error::new(Kind::Invalid, "invalid_mapping", format!("mapping.jq: {problem}")))
            }
        }
    }

    fn manifest_of(&self, profile: &ProfileName) -> Result<wit::Manifest, Error> {
        Ok(self.connector_of(&self.profile(profile)?)?.manifest)
    }
}

fn unknown(what: &str, name: &str, connector: &str, offered: &[&str]) -> Error {
    let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
    let message = format!("{connector} has no {what} {name:?}; it offers {offered}");
    Error::new(Kind::Invalid, "invalid_flow", message)
}

pub(crate) fn judge_numbers(new: &NewFlow, now: Timestamp) -> Result<(), Error> {
    let invalid = |message: String| Err(Error::new(Kind::Invalid, "invalid_flow", message));
    match &new.schedule {
        Some(Schedule::Every(Every { every_ms, .. }))
            if !(EVERY_MS_MIN..=EVERY_MS_MAX).contains(every_ms) =>
        {
            return invalid(format!(
                "schedule.every_ms is {every_ms}; from {EVERY_MS_MIN} to {EVERY_MS_MAX}"
            ));
        }
        Some(schedule) => {
            if let Err(bad) = schedule.judge(now) {
                return invalid(format!("schedule.cron: {bad}"));
            }
        }
        None => {}
    }
    if !(1..=BATCH_MAX).contains(&new.delivery.batch) {
        return invalid(format!("delivery.batch is {}; from 1 to {BATCH_MAX}", new.delivery.batch));
    }
    judge_delivery(&new.delivery)?;
    if let Err(reason) = new.delivery.retry.check() {
        return invalid(format!("delivery.retry: {reason}"));
    }
    if new.mapping.as_ref().is_some_and(|mapping| mapping.jq.len() > PROGRAM_BYTES_MAX) {
        return invalid(format!("mapping.jq is longer than {PROGRAM_BYTES_MAX} bytes"));
    }
    Ok(())
}

/// The order of records, and how many are on their way at once.
fn judge_delivery(delivery: &DeliveryPolicy) -> Result<(), Error> {
    let invalid = |message: String| Err(Error::new(Kind::Invalid, "invalid_flow", message));
    let DeliveryPolicy { order, order_key, parallel, deadline_ms, .. } = delivery;
    if !(1..=PARALLEL_MAX).contains(parallel) {
        return invalid(format!("delivery.parallel is {parallel}; from 1 to {PARALLEL_MAX}"));
    }
    if *order == Order::Strict && *parallel > 1 {
        return invalid(format!(
            "delivery.parallel is {parallel}, and delivery.order is strict: then it is 1, or the order is per_key"
        ));
    }
    if let Some(pointer) = order_key {
        if *order != Order::PerKey {
            return invalid("delivery.order_key says nothing unless delivery.order is per_key".to_owned());
        }
        if !pointer.starts_with('/') || pointer.len() > POINTER_BYTES_MAX {
            return invalid(
                "delivery.order_key is a JSON pointer: it begins with a slash, as in /customer/id".to_owned(),
            );
        }
    }
    if let Some(ms) = deadline_ms
        && !(DEADLINE_MS_MIN..=DEADLINE_MS_MAX).contains(ms)
    {
        return invalid(format!("delivery.deadline_ms is {ms}; from {DEADLINE_MS_MIN} to {DEADLINE_MS_MAX}"));
    }
    Ok(())
}
