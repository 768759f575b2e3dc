//! Another version of a profile's connector, judged by recorded calls.

use domain::cassette as rules;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Play what calls of the profile left behind to another version.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJudgement {
    /// This version; the highest unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// At most so many cassettes, the newest first; all that are kept unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub limit: Option<usize>,
}

/// What another version makes of the calls that were recorded.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Judgements {
    /// The version that the profile uses, as `name@version`.
    pub in_use: String,
    /// The one that was judged, as `name@version`.
    pub version: String,
    /// `same`, `incomplete` (there was no time for all) or `differs`.
    pub verdict: String,
    /// How many of each.
    pub tally: JudgedTally,
    /// There was no time for so many.
    pub not_played: usize,
    /// So many older ones are kept too.
    pub left_out: usize,
    /// So many are truncated and cannot be played.
    pub truncated: usize,
    /// The newest first.
    pub cassettes: Vec<JudgedCassette>,
}

/// How many cassettes were judged how.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct JudgedTally {
    /// It asks for the same and returns the same.
    pub same: u64,
    /// It works where the recorded version failed.
    pub mends: u64,
    /// It returns the same, and sends something else to get it.
    pub requests_differ: u64,
    /// It returns something else.
    pub outputs_differ: u64,
    /// It asks for something that was not recorded.
    pub unrecorded: u64,
    /// It fails where the recorded version worked.
    pub fails: u64,
}

/// What another version makes of one call.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JudgedCassette {
    /// The cassette.
    pub id: String,
    /// When the recorded call was over.
    pub at: String,
    /// `name@version` of the recorded call.
    pub connector: String,
    /// As in `run create_customer`.
    pub call: String,
    /// How the recorded call ended.
    pub recorded: String,
    /// How it ended this time: `ok`, the class of the connector's error, or how the call broke; `unknown` where it asked
    /// for something that was not recorded.
    pub outcome: String,
    /// `same`, `mends`, `requests_differ`, `outputs_differ`, `unrecorded` or `fails`.
    pub judgement: String,
    /// What differs, at most twenty; of the outcome first.
    pub differences: Vec<Difference>,
}

/// One place where a call and its recording differ.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// The host call of the recording, counted from 0; none for the outcome, and for what was not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_call: Option<usize>,
    /// What was going on there, for people.
    pub at: String,
    /// Where in it, as a JSON pointer: `/body/amount`.
    pub place: String,
    /// What was recorded there.
    pub expected: String,
    /// What is there now.
    pub got: String,
}

// === impl ===

impl From<lockgate::Judgements> for Judgements {
    fn from(judged: lockgate::Judgements) -> Self {
        Self {
            in_use: judged.in_use.to_string(),
            version: judged.version.to_string(),
            verdict: judged.verdict.as_str().to_owned(),
            tally: judged.tally.into(),
            not_played: judged.not_played,
            left_out: judged.left_out,
            truncated: judged.truncated,
            cassettes: judged.cassettes.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<lockgate::JudgedCassette> for JudgedCassette {
    fn from(one: lockgate::JudgedCassette) -> Self {
        let kept = one.kept;
        Self {
            id: kept.id.to_string(),
            at: kept.at.to_string(),
            connector: kept.connector.to_string(),
            call: kept.call,
            recorded: kept.outcome,
            outcome: one.outcome.to_owned(),
            judgement: one.judged.judgement.as_str().to_owned(),
            differences: one.judged.differences.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<rules::Tally> for JudgedTally {
    fn from(tally: rules::Tally) -> Self {
        let rules::Tally { same, mends, requests_differ, outputs_differ, unrecorded, fails } = tally;
        Self { same, mends, requests_differ, outputs_differ, unrecorded, fails }
    }
}

impl From<JudgedTally> for rules::Tally {
    fn from(tally: JudgedTally) -> Self {
        let JudgedTally { same, mends, requests_differ, outputs_differ, unrecorded, fails } = tally;
        Self { same, mends, requests_differ, outputs_differ, unrecorded, fails }
    }
}

impl From<rules::Divergence> for Difference {
    fn from(divergence: rules::Divergence) -> Self {
        let rules::Divergence { host_call, at, place, expected, got } = divergence;
        Self { host_call, at, place, expected, got }
    }
}

impl From<Difference> for rules::Divergence {
    fn from(difference: Difference) -> Self {
        let Difference { host_call, at, place, expected, got } = difference;
        Self { host_call, at, place, expected, got }
    }
}
