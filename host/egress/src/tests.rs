//! The door against real sockets: a world of names, grants and credentials, and remotes that misbehave.

mod addresses;
mod bodies;
mod credentials;
mod failures;
mod network;
mod proxies;
mod redirects;
mod remote;
mod renewals;
mod requests;
mod tls;
mod turns;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use domain::call::Limits;
use domain::egress::{
    Ceiling, Credential, CredentialPlace, Origin, Outgoing, Permit, Policy, PolicyParts, Request, Response,
    Spent, Wire,
};
use domain::exchange::{SendFailure, SendFailureKind};
use domain::injected::{CredentialError, HmacAlgorithm, Later, NameError, Renewal};
use domain::profile::Grant;
use domain::{Clock, Credentials, Denial, Gate, ProfileKey, Resolver, SecretName, Timestamp};
use serde_json::json;

use crate::{Egress, EgressOptions, Refusal, Sender, Sent};

/// What one connector may do in a test, and what it is answered.
struct World {
    options: EgressOptions,
    origins: Vec<String>,
    private: Vec<String>,
    limits: Limits,
    rate: Option<(u32, u32)>,
    credentials: HashMap<Origin, Result<Credential, CredentialError>>,
    renewals: Vec<(Renewal, Credential)>,
    egress_address: Option<IpAddr>,
    names: Arc<Names>,
}

/// Answers in order; the last one stays.
#[derive(Default)]
struct Names {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000)
    }
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> Later<'a, Result<Vec<IpAddr>, NameError>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = match answers.get_mut(host) {
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers[0].clone()),
            None => Err(NameError::NotFound),
        };
        Box::pin(std::future::ready(answer))
    }
}

#[derive(Default)]
struct Vault {
    credentials: HashMap<Origin, Result<Credential, CredentialError>>,
    /// What comes in the place of a refused one, next first, with what is said of each.
    renewals: Mutex<Vec<(Renewal, Credential)>>,
    renewed: Mutex<Option<Credential>>,
    /// The version and the answer of each refusal.
    refused: Mutex<Vec<(u64, Response)>>,
    /// The requests that asked for a credential: URL and body.
    asked: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Credentials for Vault {
    fn credential<'a>(
        &'a self,
        _: &'a ProfileKey,
        request: Outgoing<'a>,
    ) -> Later<'a, Result<Option<Credential>, CredentialError>> {
        self.asked.lock().unwrap().push((request.url.to_string(), request.body.to_vec()));
        if let Some(renewed) = self.renewed.lock().unwrap().clone() {
            return Box::pin(std::future::ready(Ok(Some(renewed))));
        }
        Box::pin(std::future::ready(self.credentials.get(request.origin).cloned().transpose()))
    }

    fn refused<'a>(&'a self, _: &'a ProfileKey, version: u64, answer: &'a Response) -> Later<'a, Renewal> {
        self.refused.lock().unwrap().push((version, answer.clone()));
        let mut renewals = self.renewals.lock().unwrap();
        if renewals.is_empty() {
            return Box::pin(std::future::ready(Renewal::None));
        }
        let (renewal, next) = renewals.remove(0);
        *self.renewed.lock().unwrap() = Some(next);
        Box::pin(std::future::ready(renewal))
    }

    fn holds<'a>(&'a self, _: &'a ProfileKey, _: &'a SecretName) -> Later<'a, Result<bool, CredentialError>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    fn hmac<'a>(
        &'a self,
        _: &'a ProfileKey,
        _: &'a SecretName,
        _: HmacAlgorithm,
        _: &'a [u8],
    ) -> Later<'a, Result<Vec<u8>, CredentialError>> {
        Box::pin(std::future::ready(Err(CredentialError::Store)))
    }

    fn fingerprint<'a>(
        &'a self,
        _: &'a ProfileKey,
        _: &'a SecretName,
    ) -> Later<'a, Result<String, CredentialError>> {
        Box::pin(std::future::ready(Err(CredentialError::Store)))
    }
}

/// A world in motion.
struct Running {
    egress: Egress,
    policy: Arc<Policy>,
    vault: Vault,
    names: Arc<Names>,
}

impl World {
    fn new() -> Self {
        // Short, so that a test of a time-out takes no time; long enough for a busy machine.
        let options = EgressOptions {
            connect_timeout_ms: 2_000,
            tls_timeout_ms: 2_000,
            first_byte_timeout_ms: 2_000,
            idle_timeout_ms: 2_000,
            total_timeout_ms: 5_000,
            ..EgressOptions::default()
        };
        Self {
            options,
            origins: Vec::new(),
            private: Vec::new(),
            limits: Limits::default(),
            rate: None,
            credentials: HashMap::new(),
            renewals: Vec::new(),
            egress_address: None,
            names: Arc::default(),
        }
    }

    /// Requested, granted and named as private by the operator.
    fn private(mut self, origin: &str) -> Self {
        self.private.push(origin.to_owned());
        self.granted(origin)
    }

    /// Requested and granted, and no more.
    fn granted(mut self, origin: &str) -> Self {
        self.origins.push(origin.to_owned());
        self
    }

    fn resolves(self, host: &str, answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        self.names.answers.lock().unwrap().insert(host.to_owned(), answers.iter().map(parse).collect());
        self
    }

    fn credential(mut self, origin: &str, credential: Credential) -> Self {
        self.credentials.insert(origin.parse().unwrap(), Ok(credential));
        self
    }

    /// What takes the place of a refused credential, one after the other.
    fn renews(mut self, renewal: Renewal, credential: Credential) -> Self {
        self.renewals.push((renewal, credential));
        self
    }

    fn run(self) -> Running {
        let rules: Vec<_> = ["GET", "HEAD", "POST", "DELETE"]
            .iter()
            .flat_map(|method| {
                [json!({"method": method, "path": "/{rest...}"}), json!({"method": method, "path": "/"})]
            })
            .collect();
        let manifest = serde_json::from_value(json!({
            "name": "test", "version": "1.0.0", "title": "Test", "category": "custom",
            "hosts": self.origins,
            "scopes": [{"name": "all", "title": "Everything", "rules": rules}],
            "rate": self.rate.map(|(per_second, burst)| json!({"per_second": per_second, "burst": burst})),
        }))
        .unwrap();
        let grant = Grant {
            hosts: self.origins.iter().map(|origin| origin.parse().unwrap()).collect(),
            scopes: ["all".parse().unwrap()].into(),
            granted_at: None,
        };
        let ceiling = Arc::new(Ceiling {
            private: self.private.iter().map(|origin| origin.parse().unwrap()).collect(),
            ..Ceiling::default()
        });
        let credentials = self.credentials.values().filter_map(|credential| credential.as_ref().ok());
        let places: Vec<CredentialPlace> = credentials
            .flat_map(|credential| credential.placed.iter().map(|placed| placed.place.clone()))
            .collect();
        let parts = PolicyParts {
            profile: &"main".parse().unwrap(),
            manifest: &manifest,
            config: &json!({}),
            grant: &grant,
            ceiling: &ceiling,
            limits: self.limits,
            credential: &places,
            rate: manifest.rate,
        };
        let policy = Arc::new(Policy::new(parts).unwrap().leaving_from(self.egress_address));
        let resolver: Arc<dyn Resolver> = self.names.clone();
        let egress = Egress::new(self.options, resolver, Arc::new(Stopped)).unwrap();
        let vault =
            Vault { credentials: self.credentials, renewals: Mutex::new(self.renewals), ..Vault::default() };
        Running { egress, policy, vault, names: self.names }
    }
}

impl Running {
    fn permit(&self, request: Request) -> Permit<Wire> {
        self.policy.judge(request, Spent::default()).unwrap()
    }

    async fn send(&self, request: Request) -> Sent {
        self.egress.send(&sender("acme"), self.permit(request), &self.vault).await
    }
}

fn sender(tenant: &str) -> Sender {
    Sender {
        tenant: tenant.parse().unwrap(),
        profile: Some("main".parse().unwrap()),
        correlation: "0123456789abcdef0123456789abcdef".parse().unwrap(),
        trace_state: None,
    }
}

fn request(method: &str, url: impl Into<String>) -> Request {
    Request {
        method: method.to_owned(),
        url: url.into(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout_ms: None,
    }
}

fn get(url: impl Into<String>) -> Request {
    request("GET", url)
}

fn post(url: impl Into<String>, body: &str) -> Request {
    Request { body: body.as_bytes().to_vec(), ..request("POST", url) }
}

#[track_caller]
fn failure(sent: &Sent) -> &SendFailure {
    match &sent.result {
        Err(Refusal::Failed(failure)) => failure,
        other => panic!("not a failure: {other:?}"),
    }
}

#[track_caller]
fn denial(sent: &Sent, gate: Gate) -> &Denial {
    match &sent.result {
        Err(Refusal::Denied(denial)) if denial.gate == gate => denial,
        other => panic!("not denied at {gate:?}: {other:?}"),
    }
}

#[track_caller]
fn assert_failed(sent: &Sent, kind: SendFailureKind, maybe_sent: bool) {
    let failure = failure(sent);
    assert_eq!((failure.kind, failure.sent), (kind, maybe_sent), "{failure}");
}

#[track_caller]
fn body(sent: &Sent) -> &str {
    std::str::from_utf8(&sent.result.as_ref().unwrap().body).unwrap()
}
