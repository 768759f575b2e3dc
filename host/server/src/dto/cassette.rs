//! Recording in production: the consent, and what is kept.

use domain::cassette as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Consent to keep cassettes of a profile's calls, or take that back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecording {
    /// Which calls.
    pub wanted: RecordingWanted,
    /// For so long from now, at most 31 days; 0 ends it.
    pub for_ms: u64,
}

/// Which calls leave a cassette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingWanted {
    /// Those that fail.
    Failures,
    /// All of them.
    All,
}

/// The consent to keep cassettes of a profile's calls.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Recording {
    /// Which calls.
    pub wanted: RecordingWanted,
    /// From then on.
    pub since: String,
    /// Nothing is kept from then on.
    pub until: String,
}

/// What is known of a kept cassette without opening it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeptCassette {
    /// Its identifier.
    pub id: String,
    /// When the call was over.
    pub at: String,
    /// The profile that was called.
    pub profile: String,
    /// `name@version`.
    pub connector: String,
    /// As in `run create_customer`.
    pub call: String,
    /// `ok`, the class of the connector's error, or how the call broke.
    pub outcome: String,
    /// Of the run, or of the call by hand.
    pub correlation: String,
    /// How many host calls it holds.
    pub host_calls: u64,
    /// Of its file.
    pub bytes: u64,
    /// More happened than a cassette may hold: it cannot be played.
    pub truncated: bool,
}

impl From<RecordingWanted> for rows::Wanted {
    fn from(wanted: RecordingWanted) -> Self {
        match wanted {
            RecordingWanted::Failures => Self::Failures,
            RecordingWanted::All => Self::All,
        }
    }
}

impl From<rows::Recording> for Recording {
    fn from(recording: rows::Recording) -> Self {
        let wanted = match recording.wanted {
            rows::Wanted::Failures => RecordingWanted::Failures,
            rows::Wanted::All => RecordingWanted::All,
        };
        Self { wanted, since: recording.since.to_string(), until: recording.until.to_string() }
    }
}

impl From<rows::Kept> for KeptCassette {
    fn from(kept: rows::Kept) -> Self {
        Self {
            id: kept.id.to_string(),
            at: kept.at.to_string(),
            profile: kept.profile.to_string(),
            connector: kept.connector.to_string(),
            call: kept.call,
            outcome: kept.outcome,
            correlation: kept.correlation.to_string(),
            host_calls: kept.host_calls,
            bytes: kept.bytes,
            truncated: kept.truncated,
        }
    }
}
