//! An identity provider that we did not write: a person's consent through our own pages, rotation of refresh tokens,
//! a token that is revoked under way, reuse that is detected, and tokens given back.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use lockgate::domain::Secret;
use lockgate::domain::profile::Status;
use lockgate::{AuthChoice, Host, NewProfile, SystemClock, Tenant};
use lockgate_tests::guests;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::harness;

const CLIENT: (&str, &str) = ("lockgate", "a-secret-of-the-client-1");

/// Every refresh token is good once; one that is used again ends the whole grant.
const PROVIDER: &str = r#"
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';
const url = `http://127.0.0.1:${process.env.PORT}`;
const provider = new Provider(url, {
  clients: [{
    client_id: process.env.CLIENT, client_secret: process.env.SECRET, redirect_uris: [process.env.BACK],
    grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  cookies: { keys: ['a key for the cookies of a test'] },
  pkce: { required: () => true },
  features: { revocation: { enabled: true }, devInteractions: { enabled: true } },
  issueRefreshToken: async () => true,
  rotateRefreshToken: () => true,
  findAccount: (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
});
provider.on('grant.success', (ctx) => console.log(JSON.stringify(ctx.body)));
provider.on('server_error', (ctx, error) => console.error(error));
// One access token, and nothing that came with it.
createInterface({ input: process.stdin }).on('line', async (line) => {
  await (await provider.AccessToken.find(line)).destroy();
  console.log('{}');
});
provider.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('{}'));
"#;

struct Identity {
    child: Child,
    url: String,
    /// What the token endpoint gave, as the provider itself saw it.
    granted: Receiver<Value>,
}

impl Drop for Identity {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Identity {
    /// None where it is not installed.
    fn start(back: &str) -> Option<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/oidc-provider");
        if !folder.join("node_modules/oidc-provider").exists() {
            eprintln!(
                "SKIPPED: oidc-provider is not installed. To run this test: npm install --prefix target/oidc-provider \
                 oidc-provider@9.13.3"
            );
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new("node")
            .args(["--input-type=module", "-e", PROVIDER])
            .current_dir(folder)
            .env("PORT", port.to_string())
            .env("BACK", back)
            .env("CLIENT", CLIENT.0)
            .env("SECRET", CLIENT.1)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let (told, granted) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Ok(value) = serde_json::from_str(&line)
                    && told.send(value).is_err()
                {
                    return;
                }
            }
        });
        let identity = Self { child, url: format!("http://127.0.0.1:{port}"), granted };
        identity.next();
        Some(identity)
    }

    fn next(&self) -> Value {
        self.granted.recv_timeout(Duration::from_secs(60)).expect("the provider says what it did")
    }

    /// Lets one access token die before its time.
    fn forget(&mut self, access_token: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{access_token}").unwrap();
        self.next();
    }

    /// As somebody who knows the client's secret.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = client().post(format!("{}{path}", self.url)).basic_auth(CLIENT.0, Some(CLIENT.1));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
    }

    async fn takes(&self, access_token: &str) -> bool {
        let request = client().get(format!("{}/me", self.url)).bearer_auth(access_token);
        request.send().await.unwrap().status().is_success()
    }
}

fn client() -> reqwest::Client {
    // The first caller chooses for the process, and every caller chooses the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A browser with one jar for everything on this machine.
struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn send(&mut self, request: reqwest::RequestBuilder) -> (u16, Option<String>, String) {
        let jar: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header(COOKIE, jar.join("; ")).send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let base = response.url().clone();
        let location =
            response.headers().get(LOCATION).map(|to| base.join(to.to_str().unwrap()).unwrap().to_string());
        let status = response.status().as_u16();
        (status, location, response.text().await.unwrap())
    }

    /// Opens a link, logs in and consents where it is asked to, and gives the page that it ends on.
    async fn consent(&mut self, link: &str) -> (u16, String) {
        let mut at = link.to_owned();
        let (mut status, mut location, mut page) = self.send(self.client.get(&at)).await;
        for _ in 0..20 {
            if let Some(next) = location {
                at = next;
                (status, location, page) = self.send(self.client.get(&at)).await;
                continue;
            }
            let prompt =
                ["login", "consent"].into_iter().find(|it| page.contains(&format!("value=\"{it}\"")));
            let Some(prompt) = prompt else { return (status, page) };
            let form = format!("prompt={prompt}&login=ada&password=any");
            let request = self.client.post(&at).body(form);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            (status, location, page) = self.send(request).await;
        }
        panic!("the way never ends: {status} {page}");
    }
}

async fn whoami(tenant: &Tenant) -> Result<Value, String> {
    let called = tenant.call(&"me".parse().unwrap(), "whoami", vec![json!({})], None).await;
    let results = called.map_err(|error| error.to_string())?.results;
    results.into_iter().next().unwrap().map_err(|error| format!("{error:?}"))
}

async fn connected(tenant: &Tenant, identity: &Identity) -> Value {
    let link = tenant.connect(&"me".parse().unwrap()).await.unwrap().url;
    let mut browser = Browser { client: client(), cookies: BTreeMap::new() };
    let (status, page) = browser.consent(&link).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("The profile me of acme is connected."), "{page}");
    assert!(browser.cookies.keys().all(|name| !name.starts_with("lockgate")), "it keeps nothing of ours");
    identity.next()
}

fn text<'a>(granted: &'a Value, member: &str) -> &'a str {
    granted[member].as_str().unwrap_or_else(|| panic!("no {member} in {granted}"))
}

async fn served(listener: tokio::net::TcpListener, host: Host) {
    let router = server::router(host, server::Options::default());
    tokio::spawn(server::serve(listener, router, std::future::pending()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_consents_and_the_host_looks_after_the_rest_with_oidc_provider() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let public = format!("http://{}", listener.local_addr().unwrap());
    let Some(mut identity) = Identity::start(&format!("{public}/oauth/callback")) else { return };
    let host = harness::reaching(&[&identity.url]).public_url(public.parse().unwrap()).build().await.unwrap();
    served(listener, host.clone()).await;
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(guests::CONSENTING.to_vec()).await.unwrap();
    let name: lockgate::domain::ProfileName = "me".parse().unwrap();
    let new = NewProfile {
        name: name.clone(),
        connector: "consenting".parse().unwrap(),
        version: None,
        config: json!({ "base_url": identity.url }),
        auth: Some(AuthChoice { kind: "oauth2".to_owned(), user: Some(CLIENT.0.to_owned()) }),
        rate: None,
        egress_address: None,
    };
    tenant.create_profile(new).await.unwrap();
    tenant.set_credential(&name, Secret::new(CLIENT.1)).await.unwrap();
    assert_eq!(tenant.connect(&name).await.unwrap_err().code, "denied", "nothing is granted yet");
    let hosts = [identity.url.parse().unwrap()].into();
    tenant.grant(&name, &hosts, &["me:read".parse().unwrap()].into()).await.unwrap();
    assert!(whoami(&tenant).await.is_err(), "nobody has consented");

    // Code and PKCE, through our own pages.
    let first = connected(&tenant, &identity).await;
    assert_eq!(whoami(&tenant).await.unwrap(), json!({ "sub": "ada" }));
    let profile = tenant.profile(&name).unwrap();
    assert_eq!(profile.credential.provider_scopes, Some(["openid".to_owned()].into()));

    // Each refresh token is good once.
    tenant.renew_token(&name).await.unwrap();
    let second = identity.next();
    assert_ne!(text(&first, "refresh_token"), text(&second, "refresh_token"));
    tenant.renew_token(&name).await.unwrap();
    let third = identity.next();

    // A token that dies before its time: one refusal, one renewal, one replay.
    identity.forget(text(&third, "access_token"));
    assert!(!identity.takes(text(&third, "access_token")).await);
    assert_eq!(whoami(&tenant).await.unwrap(), json!({ "sub": "ada" }));
    let fourth = identity.next();

    // Somebody uses an old refresh token again: the provider ends them all, and the profile says so.
    let stolen = [("grant_type", "refresh_token"), ("refresh_token", text(&first, "refresh_token"))];
    let (status, refused) = identity.post("/token", &stolen).await;
    assert_eq!((status, text(&refused, "error")), (400, "invalid_grant"));
    assert!(!identity.takes(text(&fourth, "access_token")).await, "the whole grant has ended");
    assert!(whoami(&tenant).await.is_err());
    assert_eq!(tenant.renew_token(&name).await.unwrap_err().code, "token_refused");
    let profile = tenant.profile(&name).unwrap();
    let problem = profile.credential.problem.clone().expect("it is written down");
    assert_eq!((problem.reason.as_str(), problem.code.as_str()), ("auth_revoked", "invalid_grant"));
    let now = lockgate::domain::Clock::now(&SystemClock);
    assert_eq!(profile.status(now).0, Status::Degraded);

    // A person consents again, and everything goes on.
    let fifth = connected(&tenant, &identity).await;
    assert_eq!(whoami(&tenant).await.unwrap(), json!({ "sub": "ada" }));
    assert_eq!(tenant.profile(&name).unwrap().credential.problem, None);

    // Given back: neither here nor there is anything left.
    tenant.disconnect(&name).await.unwrap();
    assert!(!identity.takes(text(&fifth, "access_token")).await);
    assert!(whoami(&tenant).await.is_err());
    let logged = serde_json::to_string(&tenant.logs(lockgate::LogFilter::default(), 500).unwrap().items);
    let logged = logged.unwrap();
    assert!(logged.contains("/token/revocation"), "{logged}");
    for granted in [&first, &second, &third, &fourth, &fifth] {
        for member in ["access_token", "refresh_token"] {
            assert!(!logged.contains(text(granted, member)), "the log has a token");
        }
    }
    assert!(!logged.contains(CLIENT.1));
}
