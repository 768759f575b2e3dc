//! What the gates say of a request, what a connector tried, and the least policy that covers it.

use domain::egress as gates;
use domain::observation as rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Denial, Gate};

/// A request as a connector would send it. It is judged and not sent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExplanation {
    /// The method, in upper case.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// What the connector would set; the host adds credentials itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<NewHeader>,
}

/// A header to be judged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What every gate says of a request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// Whether no gate refuses it.
    pub allowed: bool,
    /// The judge's answer where it is not allowed: the first refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denial: Option<Denial>,
    /// One for each gate, in the order in which they judge.
    pub verdicts: Vec<Verdict>,
    /// Why no call of this profile is made at all now, whatever the gates say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unready: Option<String>,
}

/// What one gate says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// The gate.
    pub gate: Gate,
    /// How it answers.
    pub verdict: VerdictWord,
    /// What lets the request pass, what is refused, or why the gate had nothing to judge.
    pub detail: String,
    /// The line that would change a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How a gate answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// The request may pass.
    Passed,
    /// It may not.
    Denied,
    /// The gate had nothing to judge.
    NotReached,
}

/// Begin or end an observation.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObservation {
    /// For so long from now, at most 31 days; 0 ends it.
    pub for_ms: u64,
}

/// What a profile's connector tried, and the least policy that covers it. Nothing is changed by it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// Whether what it tries is still being taken down.
    pub observing: bool,
    /// When that began.
    pub since: String,
    /// When it ends, or ended.
    pub until: String,
    /// The origins that are needed, of those that the connector asks for.
    pub hosts: Vec<ProposedHost>,
    /// The fewest scopes that are needed, of those that the connector asks for.
    pub scopes: Vec<ProposedScope>,
    /// No host or scope of the manifest covers it: the manifest would have to change.
    pub uncovered: Vec<Tried>,
    /// Refused by a gate that no grant opens.
    pub refused: Vec<Tried>,
    /// Granted, and needed by nothing that was tried.
    pub unused_hosts: Vec<String>,
    /// Granted, and needed by nothing that was tried.
    pub unused_scopes: Vec<String>,
    /// Everything that was tried, by shape.
    pub tried: Vec<Tried>,
    /// Requests that were only counted, because there were too many shapes: the proposal may lack something.
    pub more: u64,
}

/// An origin that is needed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProposedHost {
    /// The origin.
    pub host: String,
    /// Whether it is granted already.
    pub granted: bool,
}

/// A scope that is needed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProposedScope {
    /// The scope.
    pub scope: String,
    /// Whether it is granted already.
    pub granted: bool,
}

/// Requests of one shape.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tried {
    /// The method.
    pub method: String,
    /// The origin; empty where the URL had none.
    pub origin: String,
    /// The path with its identifiers taken out; empty where it could be read in two ways.
    pub path: String,
    /// The scopes of the manifest that cover it.
    pub scopes: Vec<String>,
    /// How many passed the gates.
    pub allowed: u64,
    /// How many did not.
    pub denied: u64,
    /// What refused it the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// The first time.
    pub first_at: String,
    /// The last time.
    pub last_at: String,
}

// === impl ===

impl From<NewExplanation> for gates::Request {
    fn from(new: NewExplanation) -> Self {
        let headers =
            new.headers.into_iter().map(|header| (header.name, header.value.into_bytes())).collect();
        Self { method: new.method, url: new.url, headers, body: Vec::new(), timeout_ms: None }
    }
}

impl From<lockgate::Explanation> for Explanation {
    fn from(explanation: lockgate::Explanation) -> Self {
        let denial = explanation.explained.denial().cloned();
        Self {
            allowed: denial.is_none(),
            denial: denial.map(Into::into),
            verdicts: explanation.explained.verdicts().iter().cloned().map(Into::into).collect(),
            unready: explanation.unready,
        }
    }
}

impl From<gates::Verdict> for Verdict {
    fn from(verdict: gates::Verdict) -> Self {
        let (word, detail, remedy) = match verdict.outcome {
            gates::Outcome::Passed { by } => (VerdictWord::Passed, by, None),
            gates::Outcome::Denied(denial) => (VerdictWord::Denied, denial.reason, Some(denial.remedy)),
            gates::Outcome::NotReached { why } => (VerdictWord::NotReached, why, None),
        };
        Self { gate: verdict.gate.into(), verdict: word, detail, remedy }
    }
}

impl From<lockgate::Observed> for Proposal {
    fn from(observed: lockgate::Observed) -> Self {
        let lockgate::Observed { seen, on, proposal } = observed;
        let tried = |rows: Vec<rows::Tried>| rows.into_iter().map(Into::into).collect();
        let host = |right: rows::Right<gates::Origin>| ProposedHost {
            host: right.name.into(),
            granted: right.granted,
        };
        let scope = |right: rows::Right<domain::ScopeName>| ProposedScope {
            scope: right.name.to_string(),
            granted: right.granted,
        };
        Self {
            observing: on,
            since: seen.since.to_string(),
            until: seen.until.to_string(),
            hosts: proposal.hosts.into_iter().map(host).collect(),
            scopes: proposal.scopes.into_iter().map(scope).collect(),
            uncovered: tried(proposal.uncovered),
            refused: tried(proposal.refused),
            unused_hosts: proposal.unused_hosts.into_iter().map(String::from).collect(),
            unused_scopes: proposal.unused_scopes.iter().map(ToString::to_string).collect(),
            tried: tried(seen.tried),
            more: seen.more,
        }
    }
}

impl From<rows::Tried> for Tried {
    fn from(row: rows::Tried) -> Self {
        Self {
            method: row.method,
            origin: row.origin,
            path: row.path,
            scopes: row.scopes.iter().map(ToString::to_string).collect(),
            allowed: row.allowed,
            denied: row.denied,
            gate: row.gate.map(Into::into),
            first_at: row.first_at.to_string(),
            last_at: row.last_at.to_string(),
        }
    }
}
