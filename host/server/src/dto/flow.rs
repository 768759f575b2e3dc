//! Flows: from one profile's trigger, through a mapping, to another profile's action.

use domain::flow as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Delivery, Schedule};
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
        }
    }
}
