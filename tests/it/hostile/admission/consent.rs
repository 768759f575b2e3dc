//! A new version that asks for more: it waits, the old one goes on, and only exactly what was shown is consented to.

use lockgate::domain::token::{Bearer, Role};
use lockgate::{TokenFor, UpdateState};
use serde_json::json;

use super::yard::Yard;
use crate::harness::Probed;

/// The probing guest as another version, with `from` in its data replaced by `to` of the same length.
fn version(version: &str, changes: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = lockgate_tests::guests::PROBER.to_vec();
    let version = format!("Write things{version}");
    for (from, to) in [("Write things0.1.0", version.as_str())].iter().chain(changes) {
        assert_eq!(from.len(), to.len());
        let at: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from.as_bytes())).collect();
        assert_eq!(at.len(), 1, "{from} stands once in the guest");
        bytes[at[0]..at[0] + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

/// `GET /things/{id}` becomes a `GET` of everything, under the same name of the scope.
fn wider() -> Vec<u8> {
    version("0.2.0", &[("/things/{id}", "/{everyt...}")])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wider_version_waits_while_the_old_one_goes_on_with_its_rules() {
    let probed = Probed::new().await;
    let (tenant, name) = (&probed.tenant, "probe".parse().unwrap());
    let secret = format!("{}/admin/keys", probed.echo.url);
    let things = format!("{}/things", probed.echo.url);

    let uploaded = tenant.upload(wider()).await.unwrap();
    assert_eq!(uploaded.pending_consent, [name]);
    let name = &uploaded.pending_consent[0];
    let profile = tenant.profile(name).unwrap();
    assert_eq!(profile.connector.to_string(), "prober@0.1.0");
    assert_eq!(tenant.update(&profile).unwrap().unwrap().state, UpdateState::PendingConsent);
    assert_eq!(probed.fetch("GET", &things).await["status"], 200);
    let refused = probed.fetch("GET", &secret).await;
    assert_eq!(refused["denied"]["gate"], "scope", "{refused}");
    assert_eq!(probed.echo.heads().len(), 1, "what the old version may not ask for left the host");

    let diff = tenant.diff(name, None).unwrap();
    assert_eq!(
        diff.to_string(),
        "prober@0.1.0 to prober@0.2.0\n  widened scope things:read\n    + GET /{everyt...}\n    - GET /things/{id}"
    );
    let before = tenant.profile(name).unwrap();
    assert_eq!(tenant.upgrade(name, None).await.unwrap_err().code, "consent_needed");
    assert_eq!(tenant.profile(name).unwrap(), before, "a refusal changed the profile");

    let moved = tenant.consent(name, "0.2.0", &diff.digest()).await.unwrap();
    assert_eq!(moved.connector.to_string(), "prober@0.2.0");
    assert!(moved.credential_set && moved.grant.scopes == profile.grant.scopes);
    assert_eq!(probed.fetch("GET", &secret).await["status"], 200);
    assert_eq!(tenant.update(&moved).unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_asks_for_no_more_is_taken_up_without_consent_and_back() {
    let probed = Probed::new().await;
    let (tenant, name) = (&probed.tenant, "probe".parse().unwrap());
    let narrower = version("0.2.0", &[("/things/{id}", "/things/only")]);
    let uploaded = tenant.upload(narrower).await.unwrap();
    assert!(uploaded.pending_consent.is_empty());
    let profile = tenant.profile(&name).unwrap();
    assert_eq!(profile.connector.to_string(), "prober@0.1.0", "an upload alone moves nobody");
    assert_eq!(tenant.update(&profile).unwrap().unwrap().state, UpdateState::Ready);
    let moved = tenant.upgrade(&name, None).await.unwrap();
    assert_eq!(moved.connector.to_string(), "prober@0.2.0");
    // Back is wider again: a way around consent by going down and up does not exist.
    assert_eq!(tenant.upgrade(&name, Some("0.1.0")).await.unwrap_err().code, "consent_needed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_to_another_difference_and_by_a_lesser_token_is_refused() {
    let yard = Yard::new().await;
    yard.goes_on().await;
    let new = json!({ "name": "p", "connector": "prober", "auth": { "kind": "bearer" }, "config": { "api_base": "https://a.example" } });
    assert_eq!(yard.json("POST", "/v1/profiles", new).await.status, 201);
    let uploaded = yard.upload(wider()).await;
    assert_eq!(uploaded.body["pending_consent"], json!(["p"]), "{uploaded:?}");
    let shown = yard.get("/v1/profiles/p").await.body;
    assert_eq!(
        (&shown["connector"]["version"], &shown["update"]["state"]),
        (&json!("0.1.0"), &json!("pending-consent"))
    );
    let diff = yard.get("/v1/profiles/p/diff?version=0.2.0").await.body;
    assert_eq!((&diff["asks_more"], &diff["changes"][0]["direction"]), (&json!(true), &json!("widened")));

    // Seen: the way to 0.2.0. Asked for: the way to 0.3.0, which goes further.
    let further =
        version("0.3.0", &[("/things/{id}", "/{everyt...}"), ("POSTthings:write", "PUT\0things:write")]);
    let refused = yard.upload(further).await;
    assert_eq!(refused.code(), "bad_manifest", "a method with a zero byte: {refused:?}");
    let again = version("0.3.0", &[("/things/{id}", "/{everyl...}")]);
    assert_eq!(yard.upload(again).await.status, 201);
    let seen = diff["digest"].as_str().unwrap();
    let consents = [
        (json!({ "version": "0.3.0", "diff": seen }), 409, "diff_changed"),
        (json!({ "version": "0.2.0", "diff": "0".repeat(64) }), 409, "diff_changed"),
        (json!({ "version": "0.2.0", "diff": "yes" }), 400, "invalid_digest"),
        (json!({ "version": "9.9.9", "diff": seen }), 404, "not_found"),
        (json!({ "version": "0.2.0" }), 400, ""),
    ];
    for (consent, status, code) in consents {
        let answer = yard.json("POST", "/v1/profiles/p/consent", consent.clone()).await;
        assert_eq!(answer.status, status, "{consent}: {answer:?}");
        assert!(code.is_empty() || answer.code() == code, "{consent}: {answer:?}");
    }
    let editor = Bearer::Tenant { tenant: yard.tenant.id().clone() };
    let editor = TokenFor { bearer: editor, role: Role::Editor, expires_at: None };
    let editor = yard.host.make_token(editor).await.unwrap().text;
    let good = json!({ "version": "0.2.0", "diff": seen });
    let answer = yard.json_as(&editor, "POST", "/v1/profiles/p/consent", good.clone()).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(yard.get("/v1/profiles/p").await.body["connector"]["version"], "0.1.0");
    let answer = yard.json("POST", "/v1/profiles/p/consent", good).await;
    assert_eq!((answer.status, &answer.body["connector"]["version"]), (200, &json!("0.2.0")), "{answer:?}");
}
