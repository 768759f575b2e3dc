//! One profile's requests through the judge and the door.

use std::sync::Arc;

use domain::call::Limits;
use domain::egress::{
    Ceiling, Credential, CredentialPlace, Origin, Outgoing, Policy, PolicyParts, Request, Spent,
};
use domain::injected::{CredentialError, HmacAlgorithm};
use domain::profile::Grant;
use domain::{Credentials, Later, ProfileKey, Secret, SecretName};
use egress::{Egress, EgressOptions, Sender, SystemResolver};
use lockgate::SystemClock;
use serde_json::json;

pub const SECRET: &str = "sk_test_4eC39HqLyjWDarjtT1zdp7dc";

pub struct Door {
    egress: Egress,
    policy: Arc<Policy>,
    sender: Sender,
    vault: Vault,
}

impl Door {
    pub fn to(url: &str) -> Self {
        let origin: Origin = url.parse().expect("an origin");
        let rule = |method: &str, path: &str| json!({"method": method, "path": path});
        let manifest = serde_json::from_value(json!({
            "name": "bench", "version": "1.0.0", "title": "Bench", "category": "custom", "hosts": [url],
            "scopes": [
                {"name": "things:read", "title": "Read", "rules": [rule("GET", "/things"), rule("GET", "/things/{id}")]},
                {"name": "things:write", "title": "Write", "rules": [rule("POST", "/things")]},
            ],
        }))
        .expect("a manifest");
        let grant = Grant {
            hosts: [origin.clone()].into(),
            scopes: ["things:read", "things:write"].map(|scope| scope.parse().expect("a scope")).into(),
            granted_at: None,
        };
        let ceiling = Arc::new(Ceiling { private: [origin].into(), ..Ceiling::default() });
        let credential = credential();
        let parts = PolicyParts {
            profile: &"main".parse().expect("a name"),
            manifest: &manifest,
            config: &json!({}),
            grant: &grant,
            ceiling: &ceiling,
            limits: Limits::default(),
            credential: &[credential.placed[0].place.clone()],
            rate: None,
        };
        let policy = Arc::new(Policy::new(parts).expect("a policy"));
        let resolver = Arc::new(SystemResolver::default());
        let egress = Egress::new(EgressOptions::default(), resolver, Arc::new(SystemClock)).expect("a door");
        let sender = Sender {
            tenant: "acme".parse().expect("a name"),
            profile: Some("main".parse().expect("a name")),
            trace_state: None,
            correlation: "0123456789abcdef0123456789abcdef".parse().expect("an id"),
        };
        Self { egress, policy, sender, vault: Vault(credential) }
    }

    pub async fn get(&self, url: &str) -> usize {
        self.send("GET", url, Vec::new()).await
    }

    pub async fn post(&self, url: &str, body: Vec<u8>) {
        self.send("POST", url, body).await;
    }

    /// The row of the log is written as text, as a store would keep it.
    async fn send(&self, method: &str, url: &str, body: Vec<u8>) -> usize {
        let request = Request {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: vec![("accept".to_owned(), b"text/plain".to_vec())],
            body,
            timeout_ms: None,
        };
        let permit = self.policy.judge(request, Spent::default()).expect("it is granted");
        let sent = self.egress.send(&self.sender, permit, &self.vault).await;
        let row = serde_json::to_vec(&sent.exchanges).expect("a row");
        assert!(!row.is_empty());
        sent.result.expect("an answer").body.len()
    }
}

fn credential() -> Credential {
    let value = format!("Bearer {SECRET}");
    let place = CredentialPlace::Header("authorization".to_owned());
    Credential::one(place, Secret::new(value.as_str()), vec![Secret::new(SECRET)])
}

struct Vault(Credential);

impl Credentials for Vault {
    fn credential<'a>(
        &'a self,
        _: &'a ProfileKey,
        _: Outgoing<'a>,
    ) -> Later<'a, Result<Option<Credential>, CredentialError>> {
        Box::pin(std::future::ready(Ok(Some(self.0.clone()))))
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
