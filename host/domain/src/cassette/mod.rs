//! Cassettes: a redacted recording of every host call of one guest call, as a file that anybody may have made.
//!
//! A `Tape` takes down what happens at the capability boundary (`tape`), and becomes a `Cassette` once everything that
//! could be a secret is replaced (`mask`). A cassette is read strictly (`file`) and played by a `Player` (`player`): either
//! exactly, up to the first difference, or to judge another version of the connector (`judge`), by one cassette or by those
//! that a tenant keeps (`chosen`, `tally`). Two questions are the same when they are after what a name says is sensitive
//! has been blanked in both (`compare`). A played call waits for nothing (`timers`).

mod bytes;
mod chosen;
mod compare;
mod file;
mod host_call;
mod judge;
mod kept;
mod mask;
mod player;
mod scan;
mod tally;
mod tape;
mod timers;

pub use bytes::Bytes;
pub use chosen::Chosen;
pub use compare::Divergence;
pub use file::{FILE_BYTES_MAX, InvalidCassette};
pub use host_call::{Answer, Asked, HostCall, HttpAnswer, HttpRequest, Mac, Stream};
pub use judge::{Judged, Judgement};
pub use kept::{
    KEPT_BYTES_MAX, KEPT_FILE_BYTES_MAX, KEPT_MAX, Kept, RECORDED_MS_MAX, Recording, Wanted, making_room,
};
pub use mask::{fingerprint_stand_in, hmac_stand_in};
pub use player::{Mode, Passed, Player, Stopped};
pub use tally::{Tally, Verdict};
pub use tape::{About, Bounds, Tape};
pub use timers::Wait;

use serde::{Deserialize, Serialize};

use crate::call::{CallFailure, Fault, GuestError, Inbound, Input, Limits, Page, PolledRecord};
use crate::connector::ConnectorRef;
use crate::ids::Digest;
use crate::injected::Timestamp;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u64 = 1;

/// A recording of one call: what it was, every host call in order, and how it ended. Nothing in it is a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    /// Of the format.
    pub cassette: u64,
    pub recorded_at: Timestamp,
    pub connector: ConnectorRef,
    /// Of the component.
    pub digest: Digest,
    /// The WIT package that the host spoke.
    pub contract: String,
    pub call: Call,
    /// The profile's configuration, as the guest reads it.
    pub config: String,
    /// The granted scopes, by name.
    pub scopes: Vec<String>,
    pub limits: CallLimits,
    pub host_calls: Vec<HostCall>,
    /// More happened than a cassette may hold. It tells what began, and cannot be played.
    pub truncated: bool,
    pub outcome: Outcome,
}

/// The guest's export that was called, with what it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    Check,
    Run { action: String, inputs: Vec<Given> },
    Poll { trigger: String, cursor: Option<String> },
    Receive { hook: String, headers: Vec<(String, Bytes)>, body: Bytes },
}

/// One input of an action; its body is JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    pub key: String,
    pub body: String,
}

/// The bounds that decide how a call goes, whatever the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallLimits {
    pub wall_ms: u64,
    pub cpu_ms: u64,
    pub memory_bytes: u64,
    pub table_elements: u64,
    pub handles: u64,
    pub host_call_bytes: u64,
    pub output_bytes: u64,
}

/// How the call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    Checked,
    /// Of an action: one for each input, in order.
    Results(Vec<OneResult>),
    Page {
        records: Vec<Given>,
        next: Option<String>,
        more: bool,
    },
    Records(Vec<Given>),
    /// The guest said that it did not work.
    Error(GuestError),
    /// The guest did not return.
    Failed(CallFailure),
}

/// What an action made of one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OneResult {
    Output(String),
    Error(GuestError),
}

impl Cassette {
    /// Why it cannot be played, if so.
    pub fn unplayable(&self) -> Option<String> {
        if self.truncated {
            return Some(format!(
                "the cassette is truncated: more happened in the call than a cassette may hold, and it ends after {} host calls",
                self.host_calls.len()
            ));
        }
        None
    }

    /// Every request of the recording with its answer, in order.
    pub fn exchanges(&self) -> impl Iterator<Item = (&HttpRequest, Option<&HttpAnswer>)> {
        self.host_calls.iter().flat_map(|host_call| {
            let requests = match &host_call.asked {
                Asked::Send(request) => std::slice::from_ref(request),
                Asked::SendAll(requests) => requests.as_slice(),
                _ => &[],
            };
            let answers = match &host_call.answer {
                Answer::Http(answers) => answers.as_slice(),
                _ => &[],
            };
            requests.iter().enumerate().map(|(at, request)| (request, answers.get(at)))
        })
    }
}

impl Call {
    /// The export, and what of it was called: `run create_customer`.
    pub fn name(&self) -> String {
        match self {
            Self::Check => "check".to_owned(),
            Self::Run { action, .. } => format!("run {action}"),
            Self::Poll { trigger, .. } => format!("poll {trigger}"),
            Self::Receive { hook, .. } => format!("receive {hook}"),
        }
    }

    pub fn run(action: &str, inputs: &[Input]) -> Self {
        let given = |input: &Input| Given { key: input.key.clone(), body: input.body.clone() };
        Self::Run { action: action.to_owned(), inputs: inputs.iter().map(given).collect() }
    }

    pub fn receive(hook: &str, event: &Inbound) -> Self {
        let headers =
            event.headers.iter().map(|(name, value)| (name.clone(), Bytes(value.clone()))).collect();
        Self::Receive { hook: hook.to_owned(), headers, body: Bytes(event.body.clone()) }
    }
}

impl From<&Limits> for CallLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            wall_ms: limits.wall_ms,
            cpu_ms: limits.cpu_ms,
            memory_bytes: limits.memory_bytes as u64,
            table_elements: limits.table_elements as u64,
            handles: limits.handles as u64,
            host_call_bytes: limits.host_call_bytes as u64,
            output_bytes: limits.output_bytes as u64,
        }
    }
}

impl From<&PolledRecord> for Given {
    fn from(record: &PolledRecord) -> Self {
        Self { key: record.key.clone(), body: record.body.clone() }
    }
}

impl Outcome {
    /// A short word for it: `ok`, the class of the guest's error, or how the call broke.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Checked | Self::Page { .. } | Self::Records(_) => "ok",
            Self::Results(results) => {
                let error = results.iter().find_map(|result| match result {
                    OneResult::Error(error) => Some(error.code()),
                    OneResult::Output(_) => None,
                });
                error.unwrap_or("ok")
            }
            Self::Error(error) => error.code(),
            Self::Failed(failure) => failure.fault.code(),
        }
    }

    pub fn is_good(&self) -> bool {
        self.code() == "ok"
    }

    /// Whether the host's own part went wrong, which says nothing of the guest.
    pub fn is_hosts(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.fault == Fault::Host)
    }

    pub fn of_check(outcome: &Result<Result<(), GuestError>, CallFailure>) -> Self {
        Self::of(outcome, |()| Self::Checked)
    }

    pub fn of_run(outcome: &Result<Vec<Result<String, GuestError>>, CallFailure>) -> Self {
        match outcome {
            Err(failure) => Self::Failed(failure.clone()),
            Ok(results) => Self::Results(
                results
                    .iter()
                    .map(|result| match result {
                        Ok(output) => OneResult::Output(output.clone()),
                        Err(error) => OneResult::Error(error.clone()),
                    })
                    .collect(),
            ),
        }
    }

    pub fn of_poll(outcome: &Result<Result<Page, GuestError>, CallFailure>) -> Self {
        Self::of(outcome, |page| Self::Page {
            records: page.records.iter().map(Given::from).collect(),
            next: page.next.clone(),
            more: page.more,
        })
    }

    pub fn of_receive(outcome: &Result<Result<Vec<PolledRecord>, GuestError>, CallFailure>) -> Self {
        Self::of(outcome, |records| Self::Records(records.iter().map(Given::from).collect()))
    }

    fn of<T>(outcome: &Result<Result<T, GuestError>, CallFailure>, good: impl FnOnce(&T) -> Self) -> Self {
        match outcome {
            Ok(Ok(value)) => good(value),
            Ok(Err(error)) => Self::Error(error.clone()),
            Err(failure) => Self::Failed(failure.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
