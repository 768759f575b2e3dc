//! Everything that carries a secret, done once; what it says and leaves is for the search.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::domain::retry::RetryPolicy;
use lockgate::domain::token::Bearer;
use lockgate::domain::{ProfileName, Secret};
use lockgate::{AuthChoice, Engine, Host, Key, LogFilter, NewFlow, NewProfile, RunsOf, Tenant};
use lockgate_tests::guests;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use super::{
    CONTROL_IN_ANSWERS, CONTROL_IN_FOLDER, CONTROL_IN_TRACES, CREDENTIAL, CUSTOMER, ENGINE, FOLDER, HANDLE,
    PASSWORD, REFUSED, REPLACED, mirror,
};
use crate::harness::{self, reaching};

/// Where everything that the host says is written down.
struct Notes(Mutex<String>, PathBuf);

impl Notes {
    fn note(&self, said: &dyn Debug) {
        let mut notes = self.0.lock().expect("not poisoned");
        notes.push_str(&format!("{said:?}\n"));
        std::fs::write(&self.1, &*notes).expect("written");
    }
}

#[test]
#[ignore = "the living half of the canary search, which starts it in a process of its own"]
fn lives_through_everything() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = PathBuf::from(folder);
    let engine: Engine = std::env::var(ENGINE).expect("an engine").parse().expect("an engine");
    let traces = std::fs::File::create(folder.join("traces.txt")).expect("a file");
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(Mutex::new(traces))
        .init();
    tracing::info!("{CONTROL_IN_TRACES}");
    let notes = Notes(Mutex::default(), folder.join("answers.txt"));
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    tokio.expect("a runtime").block_on(Box::pin(live(&folder, engine, &notes)));
}

async fn live(folder: &Path, engine: Engine, notes: &Notes) {
    let (mirror, no_tls) = (mirror::mirror().await, mirror::no_tls().await);
    let open = || async {
        let host = reaching(&[&mirror, &no_tls]).data_dir(folder.join("data")).engine(engine);
        host.build().await.expect("the host starts")
    };
    let host = open().await;
    let tenant = host.tenant("acme").expect("a tenant");
    for guest in [guests::PROBER, guests::HOG] {
        notes.note(&tenant.upload(guest.to_vec()).await.expect("admitted"));
    }
    notes.note(&Key::Hex(CREDENTIAL.to_owned()));
    notes.note(&Secret::new(CREDENTIAL));
    let api = Api::new(&host, folder).await;

    // Through the API: refused, replaced, set; and the handle.
    profile(&tenant, "probe", "prober", &mirror, None, notes).await;
    for wrong in [
        json!({ "value": REFUSED }),
        json!({ "valeu": CREDENTIAL }),
        json!({ "value": CREDENTIAL, "more": CREDENTIAL }),
        json!({ "value": [CREDENTIAL] }),
        json!([CREDENTIAL]),
        json!(CREDENTIAL),
    ] {
        let answer = api.ask("PUT", "/v1/profiles/probe/credential", Some(wrong.clone())).await;
        assert!((400..500).contains(&answer.0), "{wrong}: {answer:?}");
        notes.note(&answer);
    }
    for (path, value) in [
        ("/v1/profiles/probe/credential", REPLACED),
        ("/v1/profiles/probe/credential", CREDENTIAL),
        ("/v1/profiles/probe/secrets/signing", HANDLE),
    ] {
        let answer = api.ask("PUT", path, Some(json!({ "value": value }))).await;
        assert!((200..300).contains(&answer.0), "{path}: {answer:?}");
        notes.note(&answer);
    }
    notes.note(
        &api.ask("PUT", "/v1/profiles/probe/secrets/undeclared", Some(json!({ "value": HANDLE }))).await,
    );
    notes.note(&api.ask("PUT", "/v1/profiles/nobody/credential", Some(json!({ "value": CREDENTIAL }))).await);

    // Through the library: a password, a profile whose remote speaks no TLS, a guest that fails.
    let user = Some("user");
    profile(&tenant, "basic", "prober", &mirror, user, notes).await;
    profile(&tenant, "tls", "prober", &no_tls, None, notes).await;
    profile(&tenant, "hog", "hog", &mirror, None, notes).await;
    for (name, secret) in [("basic", PASSWORD), ("tls", CREDENTIAL), ("hog", CREDENTIAL)] {
        let set = tenant.set_credential(&name_of(name), Secret::new(secret)).await;
        notes.note(&set.expect("the credential is set"));
    }
    let short = tenant.set_credential(&name_of("hog"), Secret::new("short")).await.expect_err("too short");
    assert_eq!(short.code, "secret_too_short");
    notes.note(&short);

    for name in ["probe", "basic"] {
        echoes(&tenant, name, &mirror, notes).await;
    }
    let refused = call(&tenant, "tls", "fetch", json!({ "url": format!("{no_tls}/things") }), notes).await;
    assert!(refused.contains("tls") || refused.contains("Tls"), "{refused}");
    let signed = call(&tenant, "probe", "hmac", json!({ "secret": "signing", "data": "x" }), notes).await;
    assert!(signed.contains("hex"), "{signed}");
    call(&tenant, "probe", "open", json!({ "secret": "signing" }), notes).await;
    call(&tenant, "probe", "open", json!({ "secret": "credential" }), notes).await;
    for action in ["panic", "recurse"] {
        call(&tenant, "hog", action, json!({}), notes).await;
    }
    notes.note(&tenant.check(&name_of("probe")).await);
    notes.note(&tenant.check(&name_of("tls")).await);
    buried(&tenant, notes).await;
    looked_at(&api, &tenant, notes).await;
    notes.note(&CONTROL_IN_ANSWERS);

    api.stop();
    host.shutdown().await;
    drop((host, tenant));
    let host = open().await;
    let tenant = host.tenant("acme").expect("a tenant");
    echoes(&tenant, "probe", &mirror, notes).await;
    let api = Api::new(&host, folder).await;
    looked_at(&api, &tenant, notes).await;
    host.shutdown().await;
}

/// Asks the mirror for every kind of answer, and logs what came back as a guest would.
async fn echoes(tenant: &Tenant, profile: &str, mirror: &str, notes: &Notes) {
    for path in ["/things", "/things/error", "/things/away"] {
        let input = json!({ "url": format!("{mirror}{path}") });
        let seen = call(tenant, profile, "fetch", input, notes).await;
        assert!(
            seen.contains("***") && seen.contains("x-echo"),
            "{profile} {path}: nothing was echoed: {seen}"
        );
        call(tenant, profile, "log", json!({ "message": seen }), notes).await;
    }
    for denied in ["https://evil.example/things", &format!("{mirror}/other"), "http://[::1]/x"] {
        let seen = call(tenant, profile, "fetch", json!({ "url": denied }), notes).await;
        assert!(seen.contains("denied"), "{denied}: {seen}");
    }
    call(tenant, profile, "log", json!({ "message": CUSTOMER }), notes).await;
}

/// Records that give up, with the mirror's answer on their way, and one that is sent again.
async fn buried(tenant: &Tenant, notes: &Notes) {
    let new = NewFlow {
        name: "bury".parse().expect("a name"),
        source: Source { profile: name_of("probe"), trigger: "things".to_owned() },
        mapping: Some(Mapping { jq: format!("{{class: \"permanent\"}} # {CONTROL_IN_FOLDER}") }),
        destination: Destination { profile: name_of("probe"), action: "fail".to_owned() },
        schedule: None,
        delivery: DeliveryPolicy {
            batch: 5,
            retry: RetryPolicy { base_ms: 5, cap_ms: 20, ..RetryPolicy::default() },
            ..DeliveryPolicy::default()
        },
    };
    notes.note(&tenant.create_flow(new).await.expect("the flow is made"));
    let run = tenant.run_flow(&"bury".parse().expect("a name")).await.expect("it runs");
    let run = harness::finished(tenant, run).await;
    assert!(run.counts.dead_lettered > 0, "{run:?}");
    let letters = tenant.dead_letters(None, None, 100).expect("dead letters").items;
    let again = tenant.replay(&letters[0].id).await.expect("it is sent again");
    notes.note(&(&letters, harness::finished(tenant, again).await));
}

/// Every list and row that can be read.
async fn looked_at(api: &Api, tenant: &Tenant, notes: &Notes) {
    for path in [
        "/healthz",
        "/openapi.json",
        "/v1/connectors",
        "/v1/connectors/prober",
        "/v1/profiles",
        "/v1/profiles/probe",
        "/v1/profiles/basic",
        "/v1/flows",
        "/v1/flows/bury",
        "/v1/runs",
        "/v1/logs?limit=500",
        "/v1/dead-letters",
        "/v1/whoami",
        "/v1/nothing",
    ] {
        notes.note(&api.ask("GET", path, None).await);
    }
    notes.note(&tenant.logs(LogFilter::default(), 500).expect("logs"));
    notes.note(&tenant.runs(RunsOf::default(), 100).expect("runs"));
    notes.note(&tenant.profiles(None, 100).expect("profiles"));
    notes.note(&tenant.secret_names(&name_of("probe")).expect("names"));
}

async fn profile(tenant: &Tenant, name: &str, connector: &str, url: &str, user: Option<&str>, notes: &Notes) {
    let kind = if user.is_some() { "basic" } else { "bearer" };
    let new = NewProfile {
        name: name_of(name),
        connector: connector.parse().expect("a name"),
        version: None,
        config: json!({ "api_base": url }),
        auth: Some(AuthChoice { kind: kind.to_owned(), user: user.map(str::to_owned) }),
        rate: Some(lockgate::Rate { per_second: 10_000, burst: 10_000 }),
        egress_address: None,
    };
    notes.note(&new);
    notes.note(&tenant.create_profile(new).await.expect("the profile is made"));
    let hosts = [url.parse().expect("an origin")].into();
    let scopes = ["things:read".parse().expect("a scope")].into();
    notes.note(&tenant.grant(&name_of(name), &hosts, &scopes).await.expect("granted"));
}

async fn call(tenant: &Tenant, profile: &str, action: &str, input: Value, notes: &Notes) -> String {
    let called = tenant.call(&name_of(profile), action, vec![input], None).await;
    notes.note(&called);
    format!("{called:?}")
}

fn name_of(name: &str) -> ProfileName {
    name.parse().expect("a name")
}

/// The host's API, asked by a tenant.
struct Api {
    url: String,
    token: String,
    client: reqwest::Client,
    served: tokio::task::JoinHandle<()>,
}

impl Api {
    async fn new(host: &Host, folder: &Path) -> Self {
        let tenant = "acme".parse().expect("a tenant");
        let token = host.make_token(Bearer::Tenant { tenant }).await.expect("a token").text;
        std::fs::write(folder.join("data/token"), &token).expect("written");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = server::router(host.clone(), server::Options::default());
        let served = tokio::spawn(async move {
            let _ = server::serve(listener, router, std::future::pending()).await;
        });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { url, token, client, served }
    }

    fn stop(self) {
        self.served.abort();
    }

    /// Status, headers and body.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), format!("{:?}", response.headers()));
        (status, format!("{headers}\n{}", response.text().await.expect("text")))
    }
}
