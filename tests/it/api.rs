//! Bad input through the HTTP API: each a problem with a stable code, and nothing changed.

use lockgate::domain::token::Bearer;
use lockgate_tests::guests;
use serde_json::{Value, json};

use crate::harness::Probed;
use crate::harness::raw::unknown_import;

struct Api {
    probed: Probed,
    url: String,
    token: String,
    client: reqwest::Client,
}

impl Api {
    async fn new() -> Self {
        let probed = Probed::new().await;
        let tenant = probed.tenant.id().clone();
        let token = probed.host.make_token(Bearer::Tenant { tenant }).await.unwrap().text;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = server::router(probed.host.clone(), server::Options::default());
        tokio::spawn(server::serve(listener, router, std::future::pending()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { probed, url, token, client }
    }

    /// Status and body of one request.
    async fn ask(&self, method: &str, path: &str, token: &str, kind: &str, body: Vec<u8>) -> (u16, Value) {
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(token);
        let response = request.header("content-type", kind).body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let shape = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let text = response.text().await.unwrap();
        if status >= 400 {
            assert_eq!(shape.as_deref(), Some("application/problem+json"), "{path}: {text}");
        }
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn json(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.ask(method, path, &self.token, "application/json", body.into()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_a_problem_with_its_code_and_changes_nothing() {
    let api = Api::new().await;
    let before = api.json("GET", "/v1/profiles/probe", "").await.1;

    let uploads: [(&[u8], u16, &str); 6] = [
        (b"\x89PNG\r\n\x1a\n\0\0", 400, "not_a_component"),
        (b"\0asm\x01\0\0\0", 400, "core_module"),
        (b"(component)", 400, "text"),
        (&unknown_import(), 422, "unknown_import"),
        (guests::BAD_SCHEMA, 422, "bad_manifest"),
        (&[0; 33 << 20], 413, "too_large"),
    ];
    for (bytes, status, code) in uploads {
        let answer = api.ask("POST", "/v1/connectors", &api.token, "application/wasm", bytes.to_vec()).await;
        assert_eq!((answer.0, &answer.1["code"]), (status, &json!(code)), "{}", answer.1);
    }
    let mut other_bytes = guests::PROBER.to_vec();
    other_bytes.extend_from_slice(b"\0\x05\x04note");
    let answer = api.ask("POST", "/v1/connectors", &api.token, "application/wasm", other_bytes).await;
    assert_eq!((answer.0, &answer.1["code"]), (409, &json!("version_exists")));

    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let requests = [
        ("POST", "/v1/profiles", "{", 400),
        ("POST", "/v1/profiles", "", 400),
        ("POST", "/v1/profiles", deep.as_str(), 400),
        ("POST", "/v1/profiles", r#"{"name":"a","connector":"prober","tenant":"globex"}"#, 400),
        ("POST", "/v1/profiles", r#"{"name":"a","name":"b","connector":"prober"}"#, 400),
        ("POST", "/v1/profiles", r#"{"name":"../a","connector":"prober"}"#, 400),
        ("POST", "/v1/profiles", r#"{"name":"a","connector":"never-was"}"#, 404),
        (
            "POST",
            "/v1/profiles",
            r#"{"name":"probe","connector":"prober","auth":{"kind":"bearer"},"config":{"api_base":"https://a.example"}}"#,
            409,
        ),
        ("GET", "/v1/profiles/never-was", "", 404),
        ("POST", "/v1/profiles/probe/grant", r#"{"hosts":["https://evil.example"],"scopes":[]}"#, 422),
        ("POST", "/v1/profiles/probe/actions/never", r#"{"inputs":[{}]}"#, 404),
        ("POST", "/v1/flows/never-was/runs", "{}", 404),
        ("GET", "/v1/runs/not-an-id", "", 404),
        ("PATCH", "/v1/profiles/probe", "", 405),
        ("GET", "/v1/nothing", "", 404),
        ("GET", "/v1/tokens", "", 403),
    ];
    for (method, path, body, status) in requests {
        let answer = api.json(method, path, body).await;
        let fits = answer.0 == status || (status == 404 && answer.0 == 400);
        assert!(
            fits && answer.1["code"].is_string(),
            "{method} {path} {body:.60}: {} {}",
            answer.0,
            answer.1
        );
    }
    assert_eq!(api.json("GET", "/v1/profiles/probe", "").await.1, before);
    assert_eq!(api.json("GET", "/v1/profiles", "").await.1["items"].as_array().unwrap().len(), 1);
    assert_eq!(api.json("GET", "/v1/connectors", "").await.1["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_and_a_foreign_tenant_learn_nothing() {
    let api = Api::new().await;
    let garbage = api.ask("GET", "/v1/profiles", "garbage", "application/json", Vec::new()).await;
    let mut forged = api.token.clone();
    forged.replace_range(forged.len() - 4.., "AAAA");
    let almost = api.ask("GET", "/v1/profiles", &forged, "application/json", Vec::new()).await;
    assert_eq!((garbage.0, &garbage.1), (401, &almost.1), "two wrong tokens can be told apart");

    let tenant = "globex".parse().unwrap();
    let other = api.probed.host.make_token(Bearer::Tenant { tenant }).await.unwrap().text;
    let theirs = api.ask("GET", "/v1/profiles/probe", &other, "application/json", Vec::new()).await;
    let nobodys = api.ask("GET", "/v1/profiles/ghost", &other, "application/json", Vec::new()).await;
    assert_eq!(theirs.0, 404);
    assert_eq!(theirs.1.to_string().replace("probe", "ghost"), nobodys.1.to_string());
    let disable =
        api.ask("POST", "/v1/profiles/probe/disable", &other, "application/json", b"{}".to_vec()).await;
    assert_eq!(disable.0, 404);
    assert_eq!(api.json("GET", "/v1/profiles/probe", "").await.1["enabled"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_that_was_set_is_in_no_answer() {
    let api = Api::new().await;
    let secret = "canary-through-the-api-91c2";
    let answer =
        api.json("PUT", "/v1/profiles/probe/credential", &json!({ "value": secret }).to_string()).await;
    assert!(answer.0 < 300, "{} {}", answer.0, answer.1);
    let things = format!("{}/things", api.probed.echo.url);
    let input = json!({ "inputs": [{ "method": "GET", "url": things }] }).to_string();
    let called = api.json("POST", "/v1/profiles/probe/actions/fetch", &input).await;
    assert_eq!(called.0, 200, "{}", called.1);
    assert!(api.probed.echo.heads().join("").contains(secret), "the remote did not get it");
    for (path, answer) in [("call", called.1), ("credential", answer.1)] {
        assert!(!answer.to_string().contains(secret), "{path}: {answer}");
    }
    for path in ["/v1/profiles/probe", "/v1/profiles", "/v1/logs"] {
        let answer = api.json("GET", path, "").await.1;
        assert!(!answer.to_string().contains(secret), "{path}: {answer}");
    }
}
