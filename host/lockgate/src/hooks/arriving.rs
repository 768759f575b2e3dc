//! A request to a hook, from its address to the disk: found, not too often, signed, fresh, and only then taken.
//!
//! Nothing of a connector is started here. What the sender is told is one of few words; what the operator is told is in
//! the hook's notes.

use std::sync::Arc;

use auth::webhook::{Arrived, Verified, kept_headers, verify};
use domain::hook::{HEADERS_BYTES_MAX, HEADERS_MAX, Hook, HookRefusal, Mark, Raw};
use domain::json::{self, Bounds};
use domain::places::Place;
use domain::trace::Trace;
use domain::{Blame, CorrelationId, HookId};
use pipeline::{Arrival, PipelineError, Taken};
use serde_json::Value;
use store::Hooks as _;
use wit::{Webhook, WebhookScheme};

use super::notes::{Note, note};
use crate::error::{Error, Kind};
use crate::host::Host;
use crate::tenant::Tenant;

const CHALLENGE_BYTES_MAX: usize = 1_024;
/// How long a sender should wait that came while nothing could be taken.
const LATER_S: u32 = 30;

/// A request, after its body has been read.
#[derive(Clone, Debug)]
pub struct HookRequest {
    /// In capitals.
    pub method: String,
    /// What followed `?`.
    pub query: Option<String>,
    /// As received, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// As received.
    pub body: Vec<u8>,
}

/// What a good request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAnswer {
    /// It is on the disk.
    Taken,
    /// It was taken before.
    Again,
    /// It asked whether we are who we say; this is the proof.
    Challenge(String),
}

/// Why a request is not taken. The sender learns the kind and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookRefused {
    /// There is no such hook.
    Unknown,
    /// It is disabled.
    Gone,
    /// It cannot be read as a request of this kind.
    Malformed,
    /// It is not signed by somebody who knows the secret, or not fresh.
    Unauthorized(&'static str),
    /// Too many at once; it may come again after so many seconds.
    TooMany(u32),
    /// Nothing can be taken now; it may come again after so many seconds.
    NotNow(&'static str, u32),
    /// The host did not do its part.
    Failed(Error),
}

/// A hook that may be sent to now. Holds a place until it is dropped: bodies of one tenant do not fill the memory.
pub struct OpenHook {
    tenant: Tenant,
    hook: Hook,
    from: String,
    _place: Place,
}

impl HookRefused {
    /// For whoever owns the hook and may know.
    pub(super) fn for_owner(self) -> Error {
        let refuse = |kind, code, message: &str| Error::new(kind, code, message);
        match self {
            Self::Unknown => refuse(Kind::NotFound, "not_found", "there is no such hook"),
            Self::Gone => refuse(Kind::Conflict, "hook_disabled", "the hook is disabled; enable it"),
            Self::Malformed => refuse(Kind::Invalid, "malformed", "the request cannot be read"),
            Self::Unauthorized(code) => {
                refuse(Kind::Refused, code, "the signature is not good; see `lockgate hooks show`")
            }
            Self::TooMany(_) => refuse(Kind::TooMany, "too_many", "too many requests; wait a moment"),
            Self::NotNow(code, _) => {
                refuse(Kind::Conflict, code, "nothing can be taken now; see `lockgate hooks show`")
            }
            Self::Failed(error) => error,
        }
    }
}

impl From<Error> for HookRefused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<store::StoreError> for HookRefused {
    fn from(error: store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Host {
    /// The hook of an address, if it may be sent to now. `from` names the sender's own address, for the operator.
    pub fn open_hook(&self, id: &str, from: &str) -> Result<OpenHook, HookRefused> {
        let rooms = &self.rooms;
        let id: HookId = id.parse().map_err(|_| HookRefused::Unknown)?;
        let tenant = rooms.store.tenant_of_hook(&id)?.ok_or(HookRefused::Unknown)?;
        let hook = rooms.store.hook(&tenant, &id)?.ok_or(HookRefused::Unknown)?.value;
        let tenant = Tenant { rooms: rooms.clone(), id: tenant, actor: self.actor.clone(), trace: None };
        if !hook.enabled {
            return Err(HookRefused::Gone);
        }
        let refuse = |code: &str, message: &str| {
            note(rooms, &tenant.id, &hook.id, Note::Refused(refusal(&tenant, code, message, from, "")));
        };
        if let Err(wait_s) = rooms.hook_paces.take(&tenant.id, &hook) {
            refuse("too_often", "more requests than the hook's limits allow");
            return Err(HookRefused::TooMany(wait_s));
        }
        let Some(place) = rooms.hook_places.take(&tenant.id) else {
            refuse("too_many_at_once", "more requests at the same time than a tenant may have");
            return Err(HookRefused::TooMany(1));
        };
        Ok(OpenHook { tenant, hook, from: from.to_owned(), _place: place })
    }
}

fn refusal(tenant: &Tenant, code: &str, message: &str, from: &str, agent: &str) -> HookRefusal {
    HookRefusal {
        at: tenant.now(),
        code: code.to_owned(),
        message: message.to_owned(),
        from: from.to_owned(),
        agent: agent.to_owned(),
    }
}

impl OpenHook {
    /// No larger body is to be read.
    pub fn body_bytes_max(&self) -> usize {
        usize::try_from(self.hook.limits.body_bytes_max).unwrap_or(usize::MAX)
    }

    /// Takes down a request whose body was not read to its end.
    pub fn refused(&self, code: &str, message: &str) {
        self.note(Note::Refused(refusal(&self.tenant, code, message, &self.from, "")));
    }

    /// Judges a request and takes its event. When this returns a good answer, the event is on the disk.
    pub async fn receive(&self, request: HookRequest) -> Result<HookAnswer, HookRefused> {
        let agent = header(&request, "user-agent").unwrap_or_default().to_owned();
        let refuse = |code: &str, message: &str| {
            self.note(Note::Refused(refusal(&self.tenant, code, message, &self.from, &agent)));
        };
        if request.headers.len() > HEADERS_MAX * 4 || request.body.len() > self.body_bytes_max() {
            refuse("too_large", "more headers or a larger body than the hook takes");
            return Err(HookRefused::Malformed);
        }
        let webhook = match self.tenant.webhook_of(&self.hook.profile, &self.hook.trigger) {
            Ok(webhook) => webhook,
            Err(error) if error.kind == Kind::Internal => return Err(error.into()),
            Err(error) => {
                refuse("trigger_gone", &error.message);
                return Err(HookRefused::NotNow("trigger_gone", LATER_S));
            }
        };
        let verified = match self.verified(&webhook, &request)? {
            Ok(verified) => verified,
            Err(refused) => {
                refuse(refused.code(), &refused.to_string());
                return Err(HookRefused::Unauthorized(refused.code()));
            }
        };
        if let Some(challenge) = challenge(&webhook.scheme, &request.body) {
            return Ok(HookAnswer::Challenge(challenge));
        }
        let arrival = self.arrival(&webhook, verified, request);
        let taken = self.tenant.rooms.pipeline.accept(&self.tenant.id, &self.hook, &arrival).await;
        match taken {
            Ok(Taken::New) => {
                self.note(Note::Accepted(self.tenant.now()));
                Ok(HookAnswer::Taken)
            }
            Ok(Taken::Again) => {
                self.note(Note::Duplicate);
                Ok(HookAnswer::Again)
            }
            Err(error) => {
                refuse(error.code(), &error.to_string());
                Err(match error {
                    PipelineError::InboxFull { .. } => HookRefused::TooMany(LATER_S),
                    PipelineError::NoFlowForHook(_) => HookRefused::NotNow("no_flow", LATER_S),
                    PipelineError::HookContended(_) => HookRefused::NotNow("contended", 1),
                    error => HookRefused::Failed(Error { blame: Blame::Host, ..error.into() }),
                })
            }
        }
    }

    fn verified(
        &self,
        webhook: &Webhook,
        request: &HookRequest,
    ) -> Result<Result<Verified, auth::webhook::Refused>, HookRefused> {
        let secrets = self.tenant.good_hook_secrets(&self.hook)?;
        let mut uri = self.tenant.hook_url(&self.hook.id);
        if let Some(query) = &request.query {
            uri = format!("{uri}?{query}");
        }
        let arrived = Arrived {
            method: &request.method,
            uri: &uri,
            headers: &request.headers,
            body: &request.body,
            now: self.tenant.now(),
        };
        Ok(verify(&webhook.scheme, &secrets, &arrived))
    }

    fn arrival(&self, webhook: &Webhook, verified: Verified, request: HookRequest) -> Arrival {
        let Verified { event_id, id_is_signed, sent_at } = verified;
        let mut marks: Vec<Mark> = event_id.iter().map(|id| Mark::of_event_id(id)).collect();
        // A name that nobody signed may be a new one on an old body: then the body counts as well.
        if !id_is_signed || marks.is_empty() {
            marks.push(Mark::of_content(&request.body, sent_at));
        }
        let trace = header(&request, "traceparent").and_then(|parent| Trace::read(parent, None));
        let drawn = || CorrelationId::make(&*self.tenant.rooms.randomness);
        let correlation = trace.map_or_else(drawn, |trace| trace.correlation);
        let kept = kept_headers(webhook);
        let mut bytes = 0;
        let headers = request
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| kept.contains(name))
            .take(HEADERS_MAX)
            .take_while(|(name, value)| {
                bytes += name.len() + value.len();
                bytes <= HEADERS_BYTES_MAX
            })
            .map(|(name, value)| (name, Raw(value)))
            .collect();
        Arrival { marks, event_id, headers, body: Raw(request.body), correlation }
    }

    fn note(&self, what: Note) {
        let rooms = Arc::clone(&self.tenant.rooms);
        note(&rooms, &self.tenant.id, &self.hook.id, what);
    }
}

/// A header that stands there once and is text.
fn header<'a>(request: &'a HookRequest, name: &str) -> Option<&'a str> {
    let mut values = request.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let (_, value) = values.next()?;
    if values.next().is_some() { None } else { std::str::from_utf8(value).ok() }
}

/// What a sender wants to hear back before it believes the address. Only asked for after a good signature.
fn challenge(scheme: &WebhookScheme, body: &[u8]) -> Option<String> {
    if *scheme != WebhookScheme::Slack {
        return None;
    }
    let body = json::parse(body, Bounds { bytes: 64 << 10, depth: 8 }).ok()?;
    if body.get("type").and_then(Value::as_str) != Some("url_verification") {
        return None;
    }
    let challenge = body.get("challenge").and_then(Value::as_str)?;
    let plain = challenge.len() <= CHALLENGE_BYTES_MAX && challenge.chars().all(|c| matches!(c, ' '..='~'));
    plain.then(|| challenge.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slack_is_answered_its_challenge_and_only_in_plain_text() {
        let body = br#"{"type":"url_verification","challenge":"3eZbrw1aB"}"#;
        assert_eq!(challenge(&WebhookScheme::Slack, body).as_deref(), Some("3eZbrw1aB"));
        assert_eq!(challenge(&WebhookScheme::Stripe, body), None);
        let long = format!(r#"{{"type":"url_verification","challenge":"{}"}}"#, "x".repeat(2_000));
        for other in [
            &br#"{"type":"event_callback","challenge":"x"}"#[..],
            br#"{"type":"url_verification","challenge":"a\nb"}"#,
            br#"{"type":"url_verification","challenge":7}"#,
            b"challenge=x&type=url_verification",
            long.as_bytes(),
        ] {
            assert_eq!(challenge(&WebhookScheme::Slack, other), None);
        }
    }
}
