//! What the tenant's log keeps of each hop: redacted, whatever its outcome.

use domain::egress::{Credential, CredentialPlace, Permit, Placed, Response, Wire, redact};
use domain::exchange::{Exchange, ExchangeOutcome};
use domain::{Clock, Denial, Timestamp};
use tokio::time::Instant;

use crate::door::Refusal;

/// A row that waits for its outcome.
pub(crate) struct Row {
    at: Timestamp,
    began: Instant,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    request_bytes: usize,
    scope: Option<String>,
}

impl Row {
    pub(crate) fn begin(permit: &Permit<Wire>, clock: &dyn Clock) -> Self {
        Self {
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
        Self { url, headers: Vec::new(), request_bytes: 0, scope: None, ..Self::begin(from, clock) }
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

    pub(crate) fn answered(self, response: &Response) -> Exchange {
        let mut headers = redact::headers(&response.headers, None);
        for (_, location) in headers.iter_mut().filter(|(name, _)| name == "location") {
            // Where a remote sends its clients is often signed, and the signature stands in the query.
            *location = redact::raw_url(location);
        }
        let response_bytes = response.body.len();
        self.ended(ExchangeOutcome::Answered { status: response.status, headers, response_bytes })
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
        }
    }
}
