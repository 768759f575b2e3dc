//! Flows: from one profile's trigger, through a mapping, to another profile's action.

use domain::flow as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Delivery, Failure, Schedule};
use crate::problem::Problem;

/// A flow to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFlow {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// Where records come from.
    pub source: Source,
    /// What is done to each record; nothing unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// Where they go.
    pub destination: Destination,
    /// When it runs by itself; only on demand unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How records are delivered.
    #[serde(default)]
    pub delivery: Delivery,
}

/// A flow.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Where records come from.
    pub source: Source,
    /// What is done to each record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// Where they go.
    pub destination: Destination,
    /// When it runs by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How records are delivered.
    pub delivery: Delivery,
    /// Whether it may start.
    pub enabled: bool,
    /// When it was made.
    pub created_at: String,
    /// Counts its definitions, from 1. A run follows the one that it began with.
    #[serde(default)]
    pub version: u64,
    /// When this version was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Where it stands; only where one flow is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<FlowStanding>,
}

/// Where a flow stands between its runs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FlowStanding {
    /// It stands still at a record, until somebody resumes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
    /// When its schedule starts it next: a time of the schedule, and the flow's own place within half a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
    /// The next times of its schedule.
    pub next_times: Vec<String>,
}

/// Why a flow stands still.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Paused {
    /// Since when.
    pub at: String,
    /// The run that met it.
    pub run: String,
    /// The record's key.
    pub key: String,
    /// Why it was not delivered.
    pub reason: Failure,
}

/// A flow with its new definition.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FlowUpdated {
    /// As it is now.
    pub flow: Flow,
    /// What differs. Nothing: it stays in the version that it had.
    pub changes: Vec<FlowChange>,
}

/// One place of a definition that is not as it was.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FlowChange {
    /// Where, with dots.
    pub field: String,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<serde_json::Value>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<serde_json::Value>,
}

/// Where records come from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A profile.
    pub profile: String,
    /// One of its connector's triggers.
    pub trigger: String,
}

/// What is done to each record.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// A jq program from one record to one input of the action. It runs in the sandbox.
    pub jq: String,
}

/// Where records go.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// A profile.
    pub profile: String,
    /// One of its connector's actions.
    pub action: String,
}

// === impl ===

impl TryFrom<NewFlow> for lockgate::NewFlow {
    type Error = Problem;

    fn try_from(new: NewFlow) -> Result<Self, Problem> {
        Ok(Self {
            name: new.name.parse()?,
            source: rows::Source { profile: new.source.profile.parse()?, trigger: new.source.trigger },
            mapping: new.mapping.map(|mapping| rows::Mapping { jq: mapping.jq }),
            destination: rows::Destination {
                profile: new.destination.profile.parse()?,
                action: new.destination.action,
            },
            schedule: new.schedule.map(TryInto::try_into).transpose()?,
            delivery: new.delivery.into(),
        })
    }
}

impl From<rows::Flow> for Flow {
    fn from(row: rows::Flow) -> Self {
        Self {
            name: row.name.to_string(),
            source: Source { profile: row.source.profile.to_string(), trigger: row.source.trigger },
            mapping: row.mapping.map(|mapping| Mapping { jq: mapping.jq }),
            destination: Destination {
                profile: row.destination.profile.to_string(),
                action: row.destination.action,
            },
            schedule: row.schedule.map(Into::into),
            delivery: row.delivery.into(),
            enabled: row.enabled,
            created_at: row.created_at.to_string(),
            version: row.version,
            updated_at: row.updated_at.map(|at| at.to_string()),
            standing: None,
        }
    }
}

impl From<lockgate::FlowStanding> for FlowStanding {
    fn from(standing: lockgate::FlowStanding) -> Self {
        Self {
            paused: standing.paused.map(Into::into),
            due_at: standing.due_at.map(|at| at.to_string()),
            next_times: standing.next_times.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<rows::Paused> for Paused {
    fn from(row: rows::Paused) -> Self {
        Self {
            at: row.at.to_string(),
            run: row.run.to_string(),
            key: row.key.to_string(),
            reason: row.reason.into(),
        }
    }
}

impl From<lockgate::FlowChange> for FlowChange {
    fn from(change: lockgate::FlowChange) -> Self {
        let lockgate::FlowChange { field, from, to } = change;
        Self { field, from, to }
    }
}
