//! What the other rooms lend to a runtime under test: all of it still, none of it real.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use domain::call::{Input, Limits};
use domain::egress::{Credential, Outgoing, Policy};
use domain::injected::{CredentialError, HmacAlgorithm, NameError};
use domain::{
    Artefacts, Clock, Credentials, Digest, Later, ProfileKey, Randomness, Resolver, SecretName, Timestamp,
};
use egress::{Egress, EgressOptions};

use crate::{CallFor, Kind, Linked, Runtime, RuntimeOptions};

pub(super) const NOW_MS: i64 = 1_800_000_000_000;

pub(super) struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(NOW_MS)
    }
}

impl Randomness for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

impl Resolver for Still {
    fn resolve<'a>(&'a self, _: &'a str) -> Later<'a, Result<Vec<IpAddr>, NameError>> {
        Box::pin(async { Err(NameError::NotFound) })
    }
}

/// Holds one secret, `signing`, for every profile.
impl Credentials for Still {
    fn credential<'a>(
        &'a self,
        _: &'a ProfileKey,
        _: Outgoing<'a>,
    ) -> Later<'a, Result<Option<Credential>, CredentialError>> {
        Box::pin(async { Ok(None) })
    }

    fn holds<'a>(
        &'a self,
        _: &'a ProfileKey,
        name: &'a SecretName,
    ) -> Later<'a, Result<bool, CredentialError>> {
        Box::pin(async move { Ok(name.as_str() == "signing") })
    }

    fn hmac<'a>(
        &'a self,
        _: &'a ProfileKey,
        _: &'a SecretName,
        _: HmacAlgorithm,
        data: &'a [u8],
    ) -> Later<'a, Result<Vec<u8>, CredentialError>> {
        Box::pin(async move { Ok(data.to_vec()) })
    }

    fn fingerprint<'a>(
        &'a self,
        _: &'a ProfileKey,
        _: &'a SecretName,
    ) -> Later<'a, Result<String, CredentialError>> {
        Box::pin(async { Ok("0123456789abcdef".to_owned()) })
    }
}

/// Artefacts in memory, with a count of what was loaded.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) kept: Mutex<HashMap<String, Vec<u8>>>,
    pub(super) loaded: AtomicUsize,
}

impl Artefacts for Shelf {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        let artefact = self.kept.lock().unwrap().get(key).cloned();
        self.loaded.fetch_add(usize::from(artefact.is_some()), Ordering::Relaxed);
        artefact
    }

    fn keep(&self, key: &str, artefact: &[u8]) {
        self.kept.lock().unwrap().insert(key.to_owned(), artefact.to_vec());
    }
}

pub(super) fn runtime_with(shelf: Arc<Shelf>) -> Runtime {
    let egress = Egress::new(EgressOptions::default(), Arc::new(Still), Arc::new(Still)).unwrap();
    Runtime::new(RuntimeOptions::default(), egress, Arc::new(Still), shelf, Arc::new(Still), Arc::new(Still))
        .unwrap()
}

pub(super) fn runtime() -> Runtime {
    runtime_with(Arc::default())
}

/// Links without admission, as the host does with what it admitted before it was started again.
pub(super) async fn link(component: Vec<u8>) -> Linked {
    link_as(Kind::Connector, component).await
}

pub(super) async fn link_as(kind: Kind, component: Vec<u8>) -> Linked {
    runtime().link(&Digest::of(&component), kind, async { Some(component.clone()) }).await.unwrap()
}

pub(super) fn call() -> CallFor {
    CallFor {
        trace_state: None,
        tenant: "acme".parse().unwrap(),
        profile: Some(ProfileKey { tenant: "acme".parse().unwrap(), profile: "main".parse().unwrap() }),
        policy: Arc::new(Policy::none()),
        config: Arc::from("{}"),
        scopes: Arc::from([]),
        correlation: "0123456789abcdef0123456789abcdef".parse().unwrap(),
        limits: Limits { cpu_ms: 300, wall_ms: 20_000, ..Limits::default() },
        key_place: None,
        tape: crate::Taping::Off,
    }
}

pub(super) fn input() -> Input {
    Input { key: "k".to_owned(), body: "{}".to_owned() }
}
