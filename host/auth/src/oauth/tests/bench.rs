//! A store with one profile, a clock, and a token endpoint that answers as a test says.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::connector::{Connector, ConnectorRef};
use domain::egress::{Ceiling, Credential, Method, Origin, Outgoing};
use domain::injected::{CredentialError, NameError};
use domain::profile::{Auth, Grant, Profile};
use domain::{
    Clock, Credentials as _, Digest, Later, ProfileKey, Randomness, Resolver, Secret, SecretName, Timestamp,
};
use egress::{Egress, EgressOptions};
use serde_json::{Value, json};
use store::{
    Change, Connectors as _, Expect, KeyEncryptionKey, LogFilter, Logs as _, Paging, Place, Profiles as _,
    Purpose, Seal, Store, StoreOptions,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wit::AuthScheme;

use crate::Vault;

/// One of this machine's addresses, from which a profile may leave.
pub(super) const OFFERED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
pub(super) const START_MS: i64 = 1_800_000_000_000;

#[derive(Clone)]
pub(super) struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}

struct Counting(AtomicU64);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let seed = self.0.fetch_add(1, Ordering::SeqCst);
        let digest = Digest::of(&seed.to_le_bytes());
        bytes.iter_mut().zip(digest.as_str().bytes().cycle()).for_each(|(byte, digit)| *byte = digit);
    }
}

struct NoNames;

impl Resolver for NoNames {
    fn resolve<'a>(&'a self, _: &'a str) -> Later<'a, Result<Vec<IpAddr>, NameError>> {
        Box::pin(std::future::ready(Err(NameError::NotFound)))
    }
}

/// A request as the endpoint saw it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    pub(super) form: BTreeMap<String, String>,
    pub(super) body: String,
    pub(super) from: IpAddr,
}

/// What it answers: a status, further headers, a body. None: it never does.
pub(super) type Answer = Option<(u16, &'static str, Value)>;

pub(super) type Script = Arc<dyn Fn(&Seen, usize) -> Answer + Send + Sync>;

/// The endpoint: what it was asked, in order.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Endpoint {
    pub(super) async fn serve(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let endpoint = Self { url, seen: seen.clone() };
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                tokio::spawn(one(stream, peer.ip(), seen.clone(), script.clone()));
            }
        });
        endpoint
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn asked(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

async fn one(mut stream: TcpStream, from: IpAddr, seen: Arc<Mutex<Vec<Seen>>>, script: Script) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_owned();
        let length = header(&head, "content-length").and_then(|it| it.parse::<usize>().ok()).unwrap_or(0);
        if body.len() >= length {
            break (head, body.to_owned());
        }
    };
    let request = Seen {
        path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
        authorization: header(&head, "authorization"),
        form: url::form_urlencoded::parse(body.as_bytes()).into_owned().collect(),
        body,
        from,
    };
    let nth = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len()
    };
    let Some((status, headers, body)) = script(&request, nth) else {
        return std::future::pending().await;
    };
    let body = body.to_string();
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

pub(super) struct Bench {
    pub(super) store: Store,
    pub(super) vault: Vault,
    pub(super) endpoint: Endpoint,
    pub(super) of: ProfileKey,
    hands: Hands,
    ceiling: Arc<Ceiling>,
    chance: Arc<Counting>,
}

impl Bench {
    /// A profile `crm` with the scheme that is the defaults and these members, and its secret stored.
    pub(super) async fn new(scheme: Value, secret: &str, script: Script) -> Self {
        let endpoint = Endpoint::serve(script).await;
        let origin: Origin = endpoint.url.parse().unwrap();
        let chance = Arc::new(Counting(AtomicU64::new(1)));
        let key = KeyEncryptionKey::from_bytes(std::array::from_fn(|at| (at * at) as u8)).unwrap();
        let options = StoreOptions { place: Place::Memory, key };
        let store = Store::open(options, &*chance).unwrap();
        let hands = Hands(Arc::new(AtomicI64::new(START_MS)));
        let ceiling = Arc::new(Ceiling { private: BTreeSet::from([origin.clone()]), ..Ceiling::default() });
        let of = ProfileKey { tenant: "acme".parse().unwrap(), profile: "crm".parse().unwrap() };

        let mut whole = json!({
            "kind": "oauth2", "grant": "authorization_code", "token_url": format!("{}/token", endpoint.url),
            "scopes": { "contacts:read": ["crm.contacts.read"] },
        });
        if scheme.get("grant").is_none() {
            whole["authorize_url"] = json!("https://app.example.com/authorize");
        }
        whole.as_object_mut().unwrap().extend(scheme.as_object().unwrap().clone());
        let scheme: AuthScheme = serde_json::from_value(whole).unwrap();
        let manifest = json!({
            "name": "crm", "version": "1.0.0", "title": "CRM", "category": "marketing",
            "hosts": [endpoint.url], "auth": [scheme],
            "scopes": [{ "name": "contacts:read", "title": "Read", "rules": [{ "method": "GET", "path": "/contacts" }] }],
        });
        let connector = Connector {
            name: "crm".parse().unwrap(),
            version: semver::Version::new(1, 0, 0),
            digest: Digest::of(b"crm"),
            size_bytes: 1,
            manifest: domain::manifest::parse(&manifest.to_string()).unwrap(),
            imports: Vec::new(),
            exports: Vec::new(),
            uploaded_at: hands.now(),
        };
        let version = ConnectorRef { name: connector.name.clone(), version: connector.version.clone() };
        let auth = Some(Auth { scheme, user: Some("client-1".to_owned()) });
        let grant = Grant {
            hosts: BTreeSet::from([origin.clone()]),
            scopes: BTreeSet::from(["contacts:read".parse().unwrap()]),
            granted_at: None,
        };
        let profile = Profile {
            grant,
            credential_set: true,
            ..Profile::new(of.profile.clone(), version, json!({}), auth, hands.now())
        };
        let mut change = change(&of);
        change.put_connector(&of.tenant, &connector, Expect::Absent);
        change.put_profile(&of.tenant, &profile, Expect::Absent);
        let seal = Seal {
            tenant: &of.tenant,
            profile: &of.profile,
            name: &SecretName::credential(),
            purpose: Purpose::Credential,
            bound: &BTreeSet::from([origin]),
            secret: &Secret::new(secret),
            now: hands.now(),
        };
        store.seal_secret(&mut change, &seal, &*chance).unwrap();
        store.commit(change).await.unwrap();
        let vault = vault(&store, &hands, &ceiling, &chance);
        Self { store, vault, endpoint, of, hands, ceiling, chance }
    }

    /// The same with tokens that came at the start and live for half an hour.
    pub(super) async fn connected(scheme: Value, script: Script) -> Self {
        let bench = Self::new(scheme, "client-secret-1", script).await;
        let tokens = json!({
            "access_token": "access-token-0", "refresh_token": "refresh-token-0",
            "obtained_at": bench.hands.now(), "expires_at": bench.hands.now().plus_ms(1_800_000),
        });
        let mut change = change(&bench.of);
        let seal = Seal {
            tenant: &bench.of.tenant,
            profile: &bench.of.profile,
            name: &SecretName::tokens(),
            purpose: Purpose::Tokens,
            bound: &BTreeSet::from([bench.origin()]),
            secret: &Secret::new(tokens.to_string()),
            now: bench.hands.now(),
        };
        bench.store.seal_secret(&mut change, &seal, &*bench.chance).unwrap();
        bench.store.commit(change).await.unwrap();
        bench
    }

    /// Another host on the same store.
    pub(super) fn another(&self) -> Vault {
        vault(&self.store, &self.hands, &self.ceiling, &self.chance)
    }

    pub(super) fn origin(&self) -> Origin {
        self.endpoint.url.parse().unwrap()
    }

    pub(super) fn turn_clock_ms(&self, ms: i64) {
        self.hands.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub(super) fn profile(&self) -> Profile {
        self.store.profile(&self.of.tenant, &self.of.profile).unwrap().unwrap().value
    }

    /// Changes the row as somebody else might.
    pub(super) async fn change_profile(&self, edit: impl FnOnce(&mut Profile)) {
        let mut row = self.store.profile(&self.of.tenant, &self.of.profile).unwrap().unwrap();
        edit(&mut row.value);
        let mut change = change(&self.of);
        change.put_profile(&self.of.tenant, &row.value, Expect::Version(row.version));
        self.store.commit(change).await.unwrap();
    }

    pub(super) fn connector(&self) -> Connector {
        let of = self.profile().connector;
        self.store.connector(&self.of.tenant, &of).unwrap().unwrap().value
    }

    /// The header that a request would carry now.
    pub(super) async fn header(&self) -> Result<String, CredentialError> {
        header_of(&self.vault, self).await.map(|credential| shown(&credential))
    }

    pub(super) async fn credential(&self) -> Credential {
        header_of(&self.vault, self).await.unwrap()
    }

    /// Everything that the tenant's log holds, as text.
    pub(super) fn log(&self) -> String {
        let page = self.store.logs(&self.of.tenant, &LogFilter::default(), &Paging::first(100)).unwrap();
        serde_json::to_string(&page.items).unwrap()
    }
}

pub(super) async fn header_of(vault: &Vault, bench: &Bench) -> Result<Credential, CredentialError> {
    let (origin, url) = (bench.origin(), format!("{}/contacts", bench.endpoint.url).parse().unwrap());
    let request = Outgoing { method: Method::Get, url: &url, origin: &origin, headers: &[], body: &[] };
    vault.credential(&bench.of, request).await.map(|credential| credential.expect("it is bound there"))
}

pub(super) fn shown(credential: &Credential) -> String {
    String::from_utf8(credential.placed[0].value.expose().to_vec()).unwrap()
}

fn vault(store: &Store, hands: &Hands, ceiling: &Arc<Ceiling>, chance: &Arc<Counting>) -> Vault {
    let clock: Arc<dyn Clock> = Arc::new(hands.clone());
    let egress_addresses = vec![OFFERED.into()];
    let options = EgressOptions { egress_addresses, ..EgressOptions::default() };
    let egress = Egress::new(options, Arc::new(NoNames), clock.clone()).unwrap();
    Vault::new(store.clone(), clock, chance.clone()).reaching(&egress, ceiling)
}

fn change(of: &ProfileKey) -> Change {
    let happening =
        Happening::new(Timestamp::from_ms(0), Actor::Library, Verb::SecretSet, Subject::tenant(&of.tenant));
    Change::new(Chain::Tenant(of.tenant.clone()), happening)
}

/// Tokens with numbers, as a provider gives them that rotates: each answer has the next refresh token.
pub(super) fn rotating() -> Script {
    Arc::new(|_, nth| {
        Some((
            200,
            "",
            json!({
                "access_token": format!("access-token-{nth}"), "refresh_token": format!("refresh-token-{nth}"),
                "expires_in": 1800, "token_type": "bearer", "scope": "crm.contacts.read",
            }),
        ))
    })
}

/// Always the same.
pub(super) fn always(status: u16, headers: &'static str, body: Value) -> Script {
    Arc::new(move |_, _| Some((status, headers, body.clone())))
}
