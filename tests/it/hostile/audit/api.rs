//! The audit trail through the API: the token is the actor, and shows the trail of its own tenant and no other.

use domain::token::{Bearer, Role};
use lockgate::TokenFor;
use serde_json::{Value, json};

use crate::harness::Probed;

struct Api {
    url: String,
    client: reqwest::Client,
}

impl Api {
    async fn of(probed: &Probed) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = server::router(probed.host.clone(), server::Options::default());
        tokio::spawn(server::serve(listener, router, std::future::pending()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { url, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn text(&self, method: &str, path: &str, token: &str) -> (u16, String) {
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.url));
        let response = request.bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn get(&self, path: &str, token: &str) -> Value {
        let (status, text) = self.text("GET", path, token).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_the_actor_of_what_it_does_and_reads_its_own_trail() {
    let probed = Probed::new().await;
    let api = Api::of(&probed).await;
    let of = |tenant: &str| Bearer::Tenant { tenant: tenant.parse().unwrap() };
    let owner = probed.host.make_token(of("acme")).await.unwrap();
    let reader = TokenFor { role: Role::Reader, ..of("acme").into() };
    let reader = probed.host.make_token(reader).await.unwrap().text;
    let other = probed.host.make_token(of("globex")).await.unwrap().text;
    let operator = probed.host.make_token(Bearer::Operator).await.unwrap().text;

    assert_eq!(api.text("POST", "/v1/profiles/probe/disable", &owner.text).await.0, 200);
    let newest = &api.get("/v1/audit?limit=1", &reader).await["items"][0];
    assert_eq!(newest["actor"], format!("token:{}", owner.token.id));
    assert_eq!((&newest["verb"], &newest["changed"]), (&json!("profile.disabled"), &json!(["enabled"])));

    let verdict = api.get("/v1/audit/verify", &reader).await;
    assert_eq!((&verdict["whole"], &verdict["chain"]), (&json!(true), &json!("tenant:acme")));
    let head = verdict["head"].as_str().unwrap();
    assert_eq!(head, format!("{}:{}", newest["number"], newest["digest"].as_str().unwrap()));
    assert_eq!(api.get(&format!("/v1/audit/verify?head={head}"), &reader).await["whole"], true);
    let forged = format!("/v1/audit/verify?head={}:{}", newest["number"], "0".repeat(64));
    let broken = api.get(&forged, &reader).await;
    assert_eq!((&broken["whole"], &broken["broken"]["wrong"]), (&json!(false), &json!("not_as_noted")));
    assert_eq!(api.text("GET", "/v1/audit/verify?head=nonsense", &reader).await.0, 400);

    let (_, lines) = api.text("GET", "/v1/audit/export?after=1&limit=2", &reader).await;
    let numbers: Vec<_> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["number"].clone()).collect();
    assert_eq!(numbers, [2, 3]);
    let last = format!("/v1/audit/export?after={}", newest["number"]);
    assert_eq!(api.text("GET", &last, &reader).await, (200, String::new()));

    let theirs = api.get("/v1/audit", &other).await.to_string();
    assert!(theirs.contains("token.made") && !theirs.contains("probe"), "{theirs}");
    let hosts = api.get("/v1/audit", &operator).await.to_string();
    assert!(hosts.contains("token.made") && !hosts.contains("probe"), "{hosts}");
    assert_eq!(api.get("/v1/audit/verify", &operator).await["chain"], "host");

    // Nobody has a way to change or to remove what is written.
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        for path in ["/v1/audit", "/v1/audit/verify", "/v1/audit/export"] {
            assert_eq!(api.text(method, path, &operator).await.0, 405, "{method} {path}");
        }
    }
}
