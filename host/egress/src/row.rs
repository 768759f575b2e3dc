//! What the tenant's log keeps of each hop: redacted, whatever its outcome.

use domain::egress::{Credential, CredentialPlace, Permit, Placed, Response, Wire, redact};
use domain::exchange::{Exchange, ExchangeOutcome, remote_request_id};
use domain::{Clock, Denial, Timestamp};
use tokio::time::Instant;

use crate::door::Refusal;
use crate::scrub::Scrubber;

/// A row that waits for its outcome.
pub(crate) struct Row {
    at: Timestamp,
    began: Instant,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    request_bytes: usize,
    scope: Option<String>,
    /// Whether the beginnings of bodies are kept.
    keeps_bodies: bool,
    request_excerpt: Option<String>,
}

/// What is kept of a request's body, and of the body of an answer that is no error.
const EXCERPT_BYTES: usize = 4 << 10;
/// What is kept of the body of an error: it says why a record was refused.
const ERROR_EXCERPT_BYTES: usize = 64 << 10;

impl Row {
    pub(crate) fn begin(permit: &Permit<Wire>, body: &[u8], keeps_bodies: bool, clock: &dyn Clock) -> Self {
        let media_type = media_type(permit.headers());
        let excerpt = keeps_bodies.then(|| redact::body(body, media_type, EXCERPT_BYTES)).flatten();
        Self {
            keeps_bodies,
            request_excerpt: excerpt,
            at: clock.now(),
            began: Instant::now(),
            method: permit.method().to_string(),
            url: redact::url(permit.url(), &permit.policy().credential_queries()),
            headers: redact::headers(permit.headers(), None),
            request_bytes: permit.body_bytes(),
            scope: Some(permit.scope().to_string()),
        }
    }

    /// A redirect that was not followed: no scope covers it, and nothing of it was sent.
    pub(crate) fn refused_redirect(from: &Permit<Wire>, target: &str, clock: &dyn Clock) -> Self {
        let url = match from.url().join(target) {
            Ok(url) => redact::url(&url, &from.policy().credential_queries()),
            Err(_) => redact::raw_url(target),
        };
        let row = Self::begin(from, &[], false, clock);
        Self { url, headers: Vec::new(), request_bytes: 0, scope: None, ..row }
    }

    /// Shows where the credential went, not what it is.
    pub(crate) fn note_credential(&mut self, credential: &Credential) {
        for Placed { place, value, open } in &credential.placed {
            match place {
                CredentialPlace::Header(name) if *open => {
                    self.headers.extend(redact::headers(&[(name.clone(), value.expose().to_vec())], None));
                }
                CredentialPlace::Header(name) => {
                    self.headers.extend(redact::headers(&[(name.clone(), Vec::new())], Some(name)));
                }
                CredentialPlace::Query(name) => {
                    let joint = if self.url.contains('?') { '&' } else { '?' };
                    self.url.push_str(&format!("{joint}{name}=***"));
                }
                // A row has no body.
                CredentialPlace::JsonField(_) | CredentialPlace::FormField(_) => {}
            }
        }
    }

    /// What the host has sent beside what was asked for.
    pub(crate) fn note_headers(&mut self, headers: impl IntoIterator<Item = (&'static str, String)>) {
        self.headers.extend(headers.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }

    /// Nothing of a secret is in a body before the host puts it there; this holds it also where a remote has told one.
    pub(crate) fn scrub(&mut self, scrubber: &Scrubber) {
        self.request_excerpt = self.request_excerpt.take().map(|excerpt| scrubber.text(&excerpt));
    }

    pub(crate) fn answered(self, response: &Response) -> Exchange {
        let mut headers = redact::headers(&response.headers, None);
        for (_, location) in headers.iter_mut().filter(|(name, _)| name == "location") {
            // Where a remote sends its clients is often signed, and the signature stands in the query.
            *location = redact::raw_url(location);
        }
        let response_bytes = response.body.len();
        let bytes_max = if response.status >= 400 { ERROR_EXCERPT_BYTES } else { EXCERPT_BYTES };
        let media_type = media_type(&response.headers);
        let response_excerpt =
            self.keeps_bodies.then(|| redact::body(&response.body, media_type, bytes_max)).flatten();
        let outcome = ExchangeOutcome::Answered { status: response.status, headers, response_bytes };
        let remote_request_id = remote_request_id(&response.headers);
        Exchange { response_excerpt, remote_request_id, ..self.ended(outcome) }
    }

    pub(crate) fn refused(self, refusal: &Refusal) -> Exchange {
        let outcome = match refusal {
            Refusal::Denied(denial) => return self.denied(denial),
            Refusal::Failed(failure) => ExchangeOutcome::Failed { failure: failure.clone() },
        };
        self.ended(outcome)
    }

    pub(crate) fn denied(self, denial: &Denial) -> Exchange {
        self.ended(ExchangeOutcome::Denied { denial: denial.clone() })
    }

    fn ended(self, outcome: ExchangeOutcome) -> Exchange {
        Exchange {
            at: self.at,
            method: self.method,
            url: self.url,
            request_headers: self.headers,
            request_bytes: self.request_bytes,
            scope: self.scope,
            outcome,
            duration_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            class: None,
            asked_ms: None,
            key: None,
            request_excerpt: self.request_excerpt,
            response_excerpt: None,
            remote_request_id: None,
        }
    }
}

fn media_type(headers: &[(String, Vec<u8>)]) -> Option<&str> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
    std::str::from_utf8(value).ok()
}
