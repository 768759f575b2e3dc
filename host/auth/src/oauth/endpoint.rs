//! Asks a token endpoint, through the same gates and the same door as a connector's requests, and writes it down.
//!
//! Its origin must be requested by the manifest and granted to the profile, within the ceiling. The redacted row goes
//! into the tenant's log like any other; bodies go nowhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::call::Limits;
use domain::egress::{Credential, CredentialPlace, Outgoing, Policy, PolicyParts, Request, Response, Spent};
use domain::exchange::Exchange;
use domain::injected::{CredentialError, HmacAlgorithm};
use domain::log::{LogEntry, LogEvent};
use domain::oauth::Endpoint;
use domain::profile::Grant;
use domain::{CorrelationId, Credentials, Later, ProfileKey, SecretName};
use egress::{Refusal, Sender};
use store::Commit;
use wit::{Manifest, Rule, Scope};

use super::broker::Broker;
use super::case::Case;
use super::error::OauthError;
use super::form::Prepared;

/// Shorter than a lease, so that nobody asks with one that is over.
const TIMEOUT_MS: u32 = 10_000;
const RESPONSE_BYTES_MAX: usize = 256 << 10;
const SCOPE: &str = "lockgate:tokens";

impl Broker {
    /// Whether the endpoint may be asked at all, before anybody is sent to a consent.
    pub(crate) fn judge(&self, case: &Case, url: &str) -> Result<(), OauthError> {
        let prepared = Prepared { body: Vec::new().into(), content_type: "text/plain", basic: None };
        self.permit(case, url, &prepared).map(|_| ())
    }

    pub(crate) async fn ask(
        &self,
        case: &Case,
        url: &str,
        prepared: Prepared,
    ) -> Result<Response, OauthError> {
        let permit = self.permit(case, url, &prepared)?;
        let reach = self.reach.as_ref().ok_or(OauthError::NoNetwork)?;
        let correlation = CorrelationId::make(&*self.randomness);
        let sender = Sender {
            trace_state: None,
            tenant: case.of.tenant.clone(),
            profile: Some(case.of.profile.clone()),
            correlation: correlation.clone(),
        };
        let sent = reach.egress.send(&sender, permit, &Proof(prepared.basic)).await;
        // Both bodies are credentials.
        let bare = |exchange| Exchange { request_excerpt: None, response_excerpt: None, ..exchange };
        let rows = sent.exchanges.into_iter().map(bare).map(|exchange| LogEntry {
            number: 0,
            record: None,
            at: exchange.at,
            connector: case.profile().connector.clone(),
            profile: Some(case.of.profile.clone()),
            run: None,
            correlation: correlation.clone(),
            event: LogEvent::Exchange { exchange },
        });
        let mut commit = Commit::new();
        commit.append_logs(&case.of.tenant, &rows.collect::<Vec<_>>());
        if let Err(error) = self.store.commit(commit).await {
            tracing::error!(%error, "the row of a token request cannot be written");
        }
        sent.result.map_err(|refusal| match refusal {
            Refusal::Denied(denial) => OauthError::Denied(denial),
            Refusal::Failed(failure) => {
                let code = serde_json::to_value(failure.code).ok();
                let code = code.and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default();
                OauthError::Unavailable { code, retry_after_ms: None }
            }
        })
    }

    fn permit(
        &self,
        case: &Case,
        url: &str,
        prepared: &Prepared,
    ) -> Result<domain::egress::Permit<domain::egress::Wire>, OauthError> {
        let reach = self.reach.as_ref().ok_or(OauthError::NoNetwork)?;
        let endpoint = case.endpoint(url)?;
        let (manifest, grant) = (asking(case, url, &endpoint)?, granted(case));
        let place = [CredentialPlace::Header("authorization".to_owned())];
        let policy = Policy::new(PolicyParts {
            profile: &case.of.profile,
            manifest: &manifest,
            config: &case.profile().config,
            grant: &grant,
            ceiling: &reach.ceiling,
            limits: Limits {
                wall_ms: u64::from(TIMEOUT_MS),
                response_bytes: RESPONSE_BYTES_MAX,
                ..Limits::default()
            },
            credential: if prepared.basic.is_some() { &place } else { &[] },
            rate: None,
        });
        let policy = policy.map_err(|error| OauthError::Config(error.to_string()))?;
        // Who lets in one address only does so at every door, that of the tokens too.
        let policy = Arc::new(policy.leaving_from(case.profile().egress_address));
        let request = Request {
            method: "POST".to_owned(),
            url: endpoint.url(),
            headers: vec![
                ("content-type".to_owned(), prepared.content_type.as_bytes().to_vec()),
                ("accept".to_owned(), b"application/json".to_vec()),
            ],
            body: prepared.body.to_vec(),
            timeout_ms: Some(TIMEOUT_MS),
        };
        policy.judge(request, Spent::default()).map_err(OauthError::Denied)
    }
}

/// The manifest with one scope in place of its own: this endpoint, by POST.
fn asking(case: &Case, url: &str, endpoint: &Endpoint) -> Result<Manifest, OauthError> {
    let (host, _) = domain::oauth::split(url).map_err(|error| OauthError::Config(error.to_string()))?;
    let rule = Rule {
        method: "POST".to_owned(),
        path: endpoint.path.clone(),
        host: Some(host.to_owned()),
        cost: None,
    };
    let scope = Scope { name: SCOPE.to_owned(), title: "Ask for tokens".to_owned(), rules: vec![rule] };
    Ok(Manifest { scopes: vec![scope], actions: Vec::new(), triggers: Vec::new(), ..case.manifest.clone() })
}

fn granted(case: &Case) -> Grant {
    let scopes: BTreeSet<_> = SCOPE.parse().into_iter().collect();
    Grant { scopes, ..case.profile().grant.clone() }
}

/// The proof of the client, for one request, and nothing else.
struct Proof(Option<Credential>);

impl Credentials for Proof {
    fn credential<'a>(
        &'a self,
        _: &'a ProfileKey,
        _: Outgoing<'a>,
    ) -> Later<'a, Result<Option<Credential>, CredentialError>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }

    fn holds<'a>(&'a self, _: &'a ProfileKey, _: &'a SecretName) -> Later<'a, Result<bool, CredentialError>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    fn hmac<'a>(
        &'a self,
        _: &'a ProfileKey,
        name: &'a SecretName,
        _: HmacAlgorithm,
        _: &'a [u8],
    ) -> Later<'a, Result<Vec<u8>, CredentialError>> {
        Box::pin(std::future::ready(Err(CredentialError::Missing(name.clone()))))
    }

    fn fingerprint<'a>(
        &'a self,
        _: &'a ProfileKey,
        name: &'a SecretName,
    ) -> Later<'a, Result<String, CredentialError>> {
        Box::pin(std::future::ready(Err(CredentialError::Missing(name.clone()))))
    }
}
