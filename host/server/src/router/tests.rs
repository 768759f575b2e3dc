//! What is routed, who gets in, and what everybody else is told.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use domain::token::{Bearer, Role};
use lockgate::TokenFor;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use super::*;
use crate::problem::Problem;

const ID: &str = "01KAWXYZ0123456789ABCDEFGH";

struct Api {
    router: Router,
    operator: String,
    /// Tokens of the same tenant, by what they may do.
    reader: String,
    editor: String,
    acme: String,
    umbrella: String,
}

impl Api {
    async fn new() -> Self {
        let host = Host::builder().build().await.unwrap();
        let token = async |bearer| host.make_token(bearer).await.unwrap().text;
        let of = |name: &str| Bearer::Tenant { tenant: name.parse().unwrap() };
        let (operator, acme) = (token(Bearer::Operator).await, token(of("acme")).await);
        let umbrella = token(of("umbrella")).await;
        let with = async |role| {
            let wanted = TokenFor { role, ..of("acme").into() };
            host.make_token(wanted).await.unwrap().text
        };
        let (reader, editor) = (with(Role::Reader).await, with(Role::Editor).await);
        // The tests share the tenant, and have no time to be polite.
        let options = Options { requests_burst: 1_000_000, ..Options::default() };
        Self { router: router(host, options), operator, reader, editor, acme, umbrella }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = match body {
            Some(body) => {
                request.header("content-type", "application/json").body(Body::from(body.to_string()))
            }
            None => request.body(Body::empty()),
        };
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        (status, read(response).await)
    }
}

/// One host for all tests: making one compiles the mapping component. Its tasks live on the runtime beside it.
fn on(test: impl AsyncFnOnce(&Api)) {
    static SHARED: LazyLock<(Runtime, Api)> = LazyLock::new(|| {
        let runtime = Runtime::new().unwrap();
        let api = runtime.block_on(Api::new());
        (runtime, api)
    });
    let (runtime, api) = &*SHARED;
    runtime.block_on(test(api));
}

/// The body; of one with a value a line, the list of them; of a page, its text.
async fn read(response: Response) -> Value {
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (in_lines, is_page) = (kind == "application/x-ndjson", kind.starts_with("text/html"));
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    if in_lines {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        return lines.map(|line| serde_json::from_slice::<Value>(line).unwrap()).collect();
    }
    if is_page {
        Value::from(String::from_utf8(bytes.to_vec()).unwrap())
    } else if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap()
    }
}

fn filled(path: &str) -> String {
    path.replace("{id}", ID)
        .replace("{name}", "nobody")
        .replace("{secret}", "webhook")
        .replace("{action}", "act")
        .replace("{version}", "1.0.0")
        .replace("{tenant}", "acme")
}

#[test]
fn every_route_lets_in_exactly_those_who_may_use_it() {
    on(async |api| {
        let wrong = format!("lg_{ID}_{}", "A".repeat(43));
        let unauthenticated = serde_json::to_value(Problem::unauthenticated()).unwrap();
        assert!(routes().len() > 25, "{}", routes().len());
        for Route { path, method, access } in routes() {
            let row = format!("{method} {path}");
            let path = filled(path);
            for token in [None, Some(""), Some("garbage"), Some(wrong.as_str())] {
                let (status, body) = api.send(method, &path, token, None).await;
                if *access == Access::Public {
                    // Nobody's hook and nobody's consent; what a real one answers is its own matter, and no token's.
                    let nobodys = path.starts_with("/hooks/") || path.starts_with("/oauth/");
                    let open = if nobodys { status.is_client_error() } else { status == StatusCode::OK };
                    assert!(open, "{row} with {token:?}: {status} {body}");
                } else {
                    assert_eq!((status.as_u16(), &body), (401, &unauthenticated), "{row} with {token:?}");
                }
            }
            let callers = [
                (&api.operator, None),
                (&api.reader, Some(Role::Reader)),
                (&api.editor, Some(Role::Editor)),
                (&api.acme, Some(Role::Owner)),
            ];
            for (token, role) in callers {
                let (status, body) = api.send(method, &path, Some(token), None).await;
                let refusal = match (access, role) {
                    (Access::Public | Access::Anyone, _) | (Access::Operator, None) => None,
                    (Access::Tenant(least), Some(role)) => (role < *least).then_some("role_too_low"),
                    (Access::Operator, Some(_)) | (Access::Tenant(_), None) => Some("forbidden"),
                };
                assert!(
                    status.as_u16() < 500 && status != StatusCode::UNAUTHORIZED,
                    "{row} as {role:?}: {status} {body}"
                );
                assert_eq!(status == StatusCode::FORBIDDEN, refusal.is_some(), "{row} as {role:?}: {body}");
                if let Some(code) = refusal {
                    assert_eq!(body["code"], code, "{row} as {role:?}");
                }
            }
        }
    });
}

#[test]
fn a_route_that_is_none_and_a_wrong_method_are_problems() {
    on(async |api| {
        for path in ["/", "/v1", "/v2/flows", "/v1/flows/a/b/c", "/v1/../v1/flows", "/V1/flows", "/v1/flows/"]
        {
            let (status, body) = api.send("GET", path, Some(&api.acme), None).await;
            assert_eq!((status.as_u16(), &body["code"]), (404, &json!("no_such_route")), "{path}");
        }
        let request =
            Request::builder().method(Method::DELETE).uri("/v1/connectors").header("host", "localhost");
        let request = request.body(Body::empty()).unwrap();
        let response = api.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET, POST");
        assert_eq!(read(response).await["code"], "method_not_allowed");
    });
}

#[test]
fn what_cannot_be_read_is_named_and_never_reaches_the_host() {
    on(async |api| {
        let token = Some(api.acme.as_str());
        let flow = json!({ "name": "f", "source": {}, "destination": {} });
        for (method, path, body, status, code) in [
            ("GET", "/v1/flows/Not%20A%20Name", None, 400, "invalid_id"),
            ("GET", "/v1/flows/%ff", None, 400, "invalid_path"),
            ("GET", "/v1/runs/1", None, 400, "invalid_id"),
            ("GET", "/v1/runs?flow=..", None, 400, "invalid_id"),
            ("GET", "/v1/runs?limit=0", None, 400, "invalid_query"),
            ("GET", "/v1/runs?limit=501", None, 400, "invalid_query"),
            ("GET", "/v1/runs?limit=many", None, 400, "invalid_query"),
            ("GET", "/v1/runs?flwo=a", None, 400, "invalid_query"),
            ("GET", "/v1/runs?limit=1&limit=2", None, 400, "invalid_query"),
            ("GET", "/v1/flows?tenant=umbrella", None, 400, "invalid_query"),
            ("POST", "/v1/flows", None, 415, "unsupported_media_type"),
            ("POST", "/v1/connectors", None, 415, "unsupported_media_type"),
            ("POST", "/v1/connectors", Some(json!({})), 415, "unsupported_media_type"),
            ("POST", "/v1/flows", Some(flow), 400, "invalid_body"),
            (
                "POST",
                "/v1/profiles",
                Some(json!({ "name": "a", "connector": "b", "x": 1 })),
                400,
                "unknown_field",
            ),
            ("POST", "/v1/profiles", Some(json!({ "name": "A", "connector": "b" })), 400, "invalid_id"),
            ("POST", "/v1/profiles/a/grant", Some(json!({})), 400, "nothing_named"),
            ("POST", "/v1/profiles/a/grant", Some(json!({ "hosts": ["x"] })), 400, "invalid_host"),
            ("PUT", "/v1/profiles/a/credential", Some(json!({ "value": "" })), 400, "empty_secret"),
        ] {
            let (got, body) = api.send(method, path, token, body).await;
            assert_eq!((got.as_u16(), &body["code"]), (status, &json!(code)), "{method} {path}: {body}");
        }
    });
}

#[test]
fn what_is_not_there_looks_the_same_to_every_tenant() {
    on(async |api| {
        for path in
            ["/v1/profiles/nobody", "/v1/connectors/nobody", "/v1/flows/nobody", &format!("/v1/runs/{ID}")]
        {
            let (status, one) = api.send("GET", path, Some(&api.acme), None).await;
            let (_, other) = api.send("GET", path, Some(&api.umbrella), None).await;
            assert_eq!((status.as_u16(), &one["code"]), (404, &json!("not_found")), "{path}");
            assert_eq!(one, other, "{path}");
        }
    });
}

#[test]
fn an_operator_makes_a_tenants_token_which_works_until_it_is_ended() {
    on(async |api| {
        let operator = Some(api.operator.as_str());
        let (status, made) = api
            .send("POST", "/v1/tokens", operator, Some(json!({ "role": "editor", "tenant": "initech" })))
            .await;
        assert_eq!(status, 201, "{made}");
        let token = made["token"].as_str().unwrap();
        let (_, me) = api.send("GET", "/v1/whoami", Some(token), None).await;
        assert_eq!(me, json!({ "role": "editor", "tenant": "initech" }));

        let (_, listed) = api.send("GET", "/v1/tokens", operator, None).await;
        assert!(listed["items"].as_array().unwrap().contains(&made["row"]), "{listed}");
        assert!(!listed.to_string().contains(token.rsplit('_').next().unwrap()));

        let path = format!("/v1/tokens/{}", made["row"]["id"].as_str().unwrap());
        assert_eq!(api.send("DELETE", &path, operator, None).await.0, 204);
        assert_eq!(api.send("GET", "/v1/whoami", Some(token), None).await.0, 401);
        assert_eq!(api.send("DELETE", &path, operator, None).await.0, 404);
    });
}

#[test]
fn a_readers_group_has_nothing_that_changes_anything() {
    for Route { path, method, access } in routes() {
        let looks = *method == "GET";
        let least = *access == Access::Tenant(Role::Reader);
        assert!(looks || !least, "{method} {path} changes something and a reader may use it");
    }
}

#[test]
fn a_role_of_earlier_clients_is_still_understood() {
    on(async |api| {
        let body = json!({ "role": "tenant", "tenant": "hooli" });
        let (status, made) = api.send("POST", "/v1/tokens", Some(&api.operator), Some(body)).await;
        assert_eq!((status.as_u16(), &made["row"]["role"]), (201, &json!("owner")), "{made}");
    });
}

#[test]
fn a_tokens_role_and_tenant_must_agree() {
    on(async |api| {
        for body in [
            json!({ "role": "operator", "tenant": "acme" }),
            json!({ "role": "reader" }),
            json!({ "role": "reader", "tenant": "acme", "expires_at": "2001-01-01T00:00:00Z" }),
            json!({ "role": "reader", "tenant": "acme", "expires_at": "tomorrow" }),
            json!({ "role": "reader", "tenant": "acme", "created_at": "2001-01-01T00:00:00Z" }),
            json!({ "role": "root" }),
            json!({ "role": "owner", "tenant": "../etc" }),
        ] {
            let (status, answer) =
                api.send("POST", "/v1/tokens", Some(&api.operator), Some(body.clone())).await;
            assert_eq!(status, 400, "{body}: {answer}");
        }
    });
}

#[test]
fn what_is_no_component_is_refused_and_nothing_is_kept() {
    on(async |api| {
        for bytes in [&b""[..], b"hello", b"\0asm\x01\0\0\0"] {
            let request = Request::post("/v1/connectors")
                .header("host", "localhost")
                .header("authorization", format!("Bearer {}", api.acme))
                .header("content-type", "application/wasm")
                .body(Body::from(bytes))
                .unwrap();
            let response = api.router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let body = read(response).await;
            assert!(matches!(status.as_u16(), 400 | 422), "{status} {body}");
        }
        let (_, listed) = api.send("GET", "/v1/connectors", Some(&api.acme), None).await;
        assert_eq!(listed, json!({ "items": [] }));
    });
}

#[test]
fn the_document_describes_every_route_and_who_may_use_it() {
    let document: Value = serde_json::from_str(openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    for Route { path, method, access } in routes() {
        let operation = &document["paths"][path][method.to_lowercase()];
        assert!(operation["responses"]["default"].is_object(), "{method} {path}");
        assert_eq!(operation["security"] == json!([]), *access == Access::Public, "{method} {path}");
        assert!(operation["operationId"].is_string() && operation["summary"].is_string(), "{method} {path}");
    }
    let operations =
        document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len());
    assert_eq!(operations.sum::<usize>(), routes().len());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let text = openapi();
    let document: Value = serde_json::from_str(text).unwrap();
    let references = text.split("\"$ref\":\"#/components/schemas/").skip(1);
    let names: Vec<_> = references.filter_map(|rest| rest.split('"').next()).collect();
    assert!(names.len() > 20);
    for name in names {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}
