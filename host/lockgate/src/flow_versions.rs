//! Another definition of a flow: a new version, which the runs that begin from now on follow, and what differs.

use domain::audit::{Subject, Verb};
use domain::flow::{Flow, FlowState, Paused};
use domain::run::Run;
use domain::schedule::Spread;
use domain::{FlowName, Timestamp};
use serde_json::Value;
use store::{Expect, FlowStates as _, Flows as _};

use crate::error::{Error, Kind};
use crate::flows::{NewFlow, judge_numbers};
use crate::tenant::Tenant;

/// The next times of a schedule that are shown.
const TIMES_SHOWN: usize = 3;

/// One place of a definition that is not as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowChange {
    /// Where, with dots: `delivery.retry.attempts_max`.
    pub field: String,
    /// What it was; none where there was nothing.
    pub from: Option<Value>,
    /// What it is; none where nothing is left.
    pub to: Option<Value>,
}

/// Where a flow stands between its runs.
#[derive(Clone, Debug, Default)]
pub struct FlowStanding {
    /// It stands still at this record.
    pub paused: Option<Paused>,
    /// When its schedule starts it next; none while nobody has worked that out.
    pub due_at: Option<Timestamp>,
    /// The next times of its schedule, as people think of them.
    pub next_times: Vec<Timestamp>,
}

impl Tenant {
    /// Gives a flow another definition. Runs that are open end with the one that they began with.
    pub async fn update_flow(&self, new: NewFlow) -> Result<(Flow, Vec<FlowChange>), Error> {
        judge_numbers(&new, self.now())?;
        let name = new.name.clone();
        let store = &self.rooms.store;
        let found = store.flow(&self.id, &name)?.ok_or_else(|| Error::not_found("flow", &name))?;
        let mut flow = Flow {
            name: new.name,
            source: new.source,
            mapping: new.mapping,
            destination: new.destination,
            schedule: new.schedule,
            delivery: new.delivery,
            ..found.value.clone()
        };
        let (changes, fields) = differences(&found.value, &flow)?;
        if changes.is_empty() {
            return Ok((found.value, changes));
        }
        self.judge_definition(&flow).await?;
        flow.version = flow.version.saturating_add(1);
        flow.updated_at = Some(self.now());
        let mut change = self.change(Verb::FlowUpdated, Subject::flow(&name), &fields);
        change.commit().require_profile(&self.id, &flow.source.profile, Expect::Present);
        change.commit().require_profile(&self.id, &flow.destination.profile, Expect::Present);
        change.put_flow(&self.id, &flow, Expect::Version(found.version));
        if flow.schedule != found.value.schedule {
            // Its next time was one of the schedule that it had.
            let state = store.flow_state(&self.id, &name)?;
            let moved = FlowState { due_at: None, ..state.value };
            change.commit().put_flow_state(&self.id, &name, &moved, Expect::Version(state.version));
        }
        match store.commit(change).await {
            Ok(()) => Ok((flow, changes)),
            Err(error) if error.is_conflict() => {
                let message = format!("{name} was changed by somebody else at the same moment; look again");
                Err(Error::new(Kind::Conflict, "flow_changed", message))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Goes on with a flow that stands still at a record: with that record, under the same key, in a run that begins now.
    pub async fn resume_flow(&self, name: &FlowName) -> Result<Run, Error> {
        let id = self.rooms.pipeline.resume(&self.id, name, &self.actor).await?;
        self.run(&id)
    }

    /// Where a flow stands between its runs, and when it runs next.
    pub fn flow_standing(&self, flow: &Flow) -> Result<FlowStanding, Error> {
        let state = self.rooms.store.flow_state(&self.id, &flow.name)?.value;
        let now = self.now();
        let next_times = match flow.schedule.as_ref().filter(|_| flow.enabled && state.paused.is_none()) {
            Some(schedule) => {
                let spread = Spread::of(&self.id, &flow.name);
                let due_at = state.due_at.filter(|at| schedule.is_plausible(*at, now, spread));
                schedule.upcoming(due_at, now, TIMES_SHOWN)
            }
            None => Vec::new(),
        };
        Ok(FlowStanding { paused: state.paused, due_at: state.due_at, next_times })
    }
}

/// What differs, place by place, and the names of the fields for the audit.
fn differences(before: &Flow, after: &Flow) -> Result<(Vec<FlowChange>, Vec<&'static str>), Error> {
    let unwritable = |error: serde_json::Error| Error::new(Kind::Internal, "internal", error.to_string());
    let before = serde_json::to_value(before).map_err(unwritable)?;
    let after = serde_json::to_value(after).map_err(unwritable)?;
    let (mut changes, mut fields) = (Vec::new(), Vec::new());
    for field in ["source", "mapping", "destination", "schedule", "delivery"] {
        let count = changes.len();
        compare(field, before.get(field), after.get(field), &mut changes);
        if changes.len() > count {
            fields.push(field);
        }
    }
    Ok((changes, fields))
}

/// The depth is that of a flow's definition, which is known.
fn compare(field: &str, from: Option<&Value>, to: Option<&Value>, changes: &mut Vec<FlowChange>) {
    let object = |value: Option<&Value>| value.is_none_or(Value::is_object);
    if from == to {
        return;
    }
    if object(from) && object(to) && field.matches('.').count() < 3 {
        let inside = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
        let (from, to) = (inside(from), inside(to));
        let keys: std::collections::BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for key in keys {
            compare(&format!("{field}.{key}"), from.get(key), to.get(key), changes);
        }
        return;
    }
    changes.push(FlowChange { field: field.to_owned(), from: from.cloned(), to: to.cloned() });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named_place_by_place() {
        let before = json!({ "batch": 25, "retry": { "cap_ms": 1, "base_ms": 2 } });
        let after = json!({ "batch": 25, "retry": { "cap_ms": 9, "base_ms": 2 }, "deadline_ms": 5 });
        let mut changes = Vec::new();
        compare("delivery", Some(&before), Some(&after), &mut changes);
        let change = |field: &str, from: Option<Value>, to| FlowChange { field: field.to_owned(), from, to };
        assert_eq!(
            changes,
            [
                change("delivery.deadline_ms", None, Some(json!(5))),
                change("delivery.retry.cap_ms", Some(json!(1)), Some(json!(9))),
            ]
        );
        changes.clear();
        compare("mapping", Some(&json!({ "jq": "." })), None, &mut changes);
        assert_eq!(changes, [change("mapping.jq", Some(json!(".")), None)]);
        changes.clear();
        compare("mapping", Some(&before), Some(&before), &mut changes);
        assert_eq!(changes, []);
    }
}
