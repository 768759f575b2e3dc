//! Each way to a token: what the endpoint is asked, and what it may answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::injected::CredentialError;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde_json::{Value, json};

use super::bench::{Bench, OFFERED, START_MS, always};

#[tokio::test]
async fn a_client_speaks_for_itself_and_a_silent_answer_lives_55_minutes() {
    let script = always(200, "", json!({ "access_token": "access-token-1" }));
    let scheme = json!({ "grant": "client_credentials", "token_params": { "audience": "{client_id}-api" } });
    let bench = Bench::new(scheme, "s%cret-12345", script).await;
    assert_eq!(bench.header().await.unwrap(), "Bearer access-token-1");
    let asked = &bench.endpoint.seen()[0];
    let expected = format!("Basic {}", STANDARD.encode("client-1:s%25cret-12345"));
    assert_eq!(asked.authorization.as_deref(), Some(expected.as_str()), "written as in a form first");
    assert_eq!(
        (asked.form["grant_type"].as_str(), asked.form["audience"].as_str()),
        ("client_credentials", "client-1-api")
    );
    assert_eq!(asked.form["scope"], "crm.contacts.read");
    bench.turn_clock_ms(49 * 60_000);
    bench.header().await.unwrap();
    assert_eq!(bench.endpoint.asked(), 1);
    bench.turn_clock_ms(60_000);
    bench.header().await.unwrap();
    assert_eq!(bench.endpoint.asked(), 2, "five minutes before its end");
}

fn private_key() -> (String, EcdsaKeyPair) {
    let random = ring::rand::SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    (pem, pair)
}

fn claims(pair: &EcdsaKeyPair, jwt: &str) -> (Value, Value) {
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
    key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .expect("the signature is good");
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    (part(header), part(claims))
}

#[tokio::test]
async fn an_assertion_says_who_for_whom_and_for_how_long() {
    let (pem, pair) = private_key();
    let scheme = json!({
        "grant": "jwt_bearer", "client_auth": "none",
        "assertion": { "alg": "ES256", "sub": "{username}", "aud": "https://login.example.com", "kid": "key-1" },
    });
    let script =
        always(200, "", json!({ "access_token": "access-token-1", "instance_url": "https://x.example" }));
    let bench = Bench::new(scheme, &pem, script).await;
    bench.change_profile(|profile| profile.config = json!({ "username": "ada@example.com" })).await;
    assert_eq!(bench.header().await.unwrap(), "Bearer access-token-1");
    let asked = &bench.endpoint.seen()[0];
    assert_eq!(asked.form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (header, claims) = claims(&pair, &asked.form["assertion"]);
    assert_eq!(header, json!({ "alg": "ES256", "typ": "JWT", "kid": "key-1" }));
    let now_s = START_MS / 1_000;
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client-1"), &json!("ada@example.com")));
    assert_eq!(claims["aud"], "https://login.example.com");
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now_s), &json!(now_s + 180)));
    assert!(claims["jti"].as_str().unwrap().len() >= 22);
    assert!(!bench.log().contains(&asked.form["assertion"]));
}

#[tokio::test]
async fn a_client_may_prove_itself_with_a_key() {
    let (pem, pair) = private_key();
    let scheme = json!({
        "grant": "client_credentials", "client_auth": "private_key_jwt", "assertion": { "alg": "ES256" },
    });
    let bench = Bench::new(scheme, &pem, always(200, "", json!({ "access_token": "access-token-1" }))).await;
    bench.header().await.unwrap();
    let asked = &bench.endpoint.seen()[0];
    assert_eq!(asked.form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let (_, claims) = claims(&pair, &asked.form["client_assertion"]);
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client-1"), &json!("client-1")));
    assert_eq!(claims["aud"], json!(format!("{}/token", bench.endpoint.url)));
}

#[tokio::test]
async fn a_key_is_exchanged_for_a_token() {
    let scheme = json!({
        "grant": "token_exchange", "client_auth": "none", "prefix": "Token ",
        "exchange": { "encoding": "json", "body": { "id": "{client_id}", "key": "{credential}" }, "token_member": "session" },
    });
    let script = always(200, "", json!({ "session": "session-token-1", "expires_in": 300 }));
    let bench = Bench::new(scheme, "key-\"12345\"", script).await;
    assert_eq!(bench.header().await.unwrap(), "Token session-token-1");
    let sent: Value = serde_json::from_str(&bench.endpoint.seen()[0].body).unwrap();
    assert_eq!(sent, json!({ "id": "client-1", "key": "key-\"12345\"" }));

    let scheme = json!({
        "grant": "token_exchange", "client_auth": "none",
        "exchange": {
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
        },
    });
    let script = always(200, "", json!({ "access_token": "access-token-1" }));
    let bench = Bench::new(scheme, "session-token-1", script).await;
    bench.header().await.unwrap();
    let form = &bench.endpoint.seen()[0].form;
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
    assert_eq!((form["subject_token"].as_str(), form["client_id"].as_str()), ("session-token-1", "client-1"));
}

#[tokio::test]
async fn an_endpoint_that_was_not_granted_or_lies_above_the_ceiling_is_not_asked() {
    let script = always(200, "", json!({ "access_token": "access-token-1" }));
    let bench = Bench::new(json!({ "grant": "client_credentials" }), "client-secret-1", script).await;
    bench.change_profile(|profile| profile.grant.hosts.clear()).await;
    let denied = bench.header().await;
    assert!(matches!(denied, Err(CredentialError::Denied(_))), "{denied:?}");
    assert_eq!(bench.endpoint.asked(), 0);
    assert_eq!(bench.connector().manifest.scopes.len(), 1, "the manifest itself is as it was");
}

#[tokio::test]
async fn odd_answers_are_no_tokens() {
    for (status, body) in [
        (200, json!({ "ok": false, "error": "team_not_found" })),
        (200, json!({ "access_token": "short" })),
        (200, json!({ "access_token": "two words in it" })),
        (200, json!({ "access_token": "line\r\nbreaks-in-it" })),
        (200, json!({ "access_token": 12_345_678 })),
        (200, json!([])),
        (302, json!({ "access_token": "access-token-1" })),
        (400, json!({ "error": "invalid_request", "access_token": "access-token-1" })),
        (400, json!({ "error": { "code": "x" } })),
        (404, json!("<html>")),
    ] {
        let script = always(status, "location: http://127.0.0.1:1/\r\n", body.clone());
        let bench = Bench::new(json!({ "grant": "client_credentials" }), "client-secret-1", script).await;
        let answer = bench.header().await;
        assert!(matches!(answer, Err(CredentialError::Unavailable { .. })), "{status} {body}: {answer:?}");
        assert_eq!(bench.endpoint.asked(), 1);
        assert_eq!(bench.profile().credential.version, 0);
    }
    let slack = always(200, "", json!({ "ok": false, "error": "token_revoked" }));
    let bench = Bench::new(json!({ "grant": "client_credentials" }), "client-secret-1", slack).await;
    assert!(matches!(bench.header().await, Err(CredentialError::Refused { .. })));
}

#[tokio::test]
async fn scopes_come_in_every_form() {
    for (answer, expected) in [
        (json!({ "scope": "a b" }), vec!["a", "b"]),
        (json!({ "scope": "a,b" }), vec!["a", "b"]),
        (json!({ "scopes": ["a", "b", 7, ""] }), vec!["a", "b"]),
        (json!({}), vec!["crm.contacts.read"]),
    ] {
        let mut body = json!({ "access_token": "access-token-1" });
        body.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        let bench =
            Bench::new(json!({ "grant": "client_credentials" }), "client-secret-1", always(200, "", body))
                .await;
        bench.header().await.unwrap();
        let expected: BTreeSet<_> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(bench.profile().credential.provider_scopes, Some(expected));
    }
}

#[tokio::test]
async fn a_token_goes_to_no_host_that_the_connector_does_not_ask_for() {
    use domain::Credentials as _;
    use domain::egress::{Method, Outgoing};
    let script = always(200, "", json!({ "access_token": "access-token-1" }));
    let bench =
        Arc::new(Bench::new(json!({ "grant": "client_credentials" }), "client-secret-1", script).await);
    let (origin, url) = ("https://evil.example".parse().unwrap(), "https://evil.example/".parse().unwrap());
    let request = Outgoing { method: Method::Get, url: &url, origin: &origin, headers: &[], body: &[] };
    assert_eq!(bench.vault.credential(&bench.of, request).await.unwrap(), None);
}

#[tokio::test]
async fn a_token_is_asked_for_from_the_address_that_the_profile_has_chosen() {
    let script = always(200, "", json!({ "access_token": "access-token-1" }));
    let bench = Bench::new(json!({ "grant": "client_credentials" }), "client-secret-1", script).await;
    bench.change_profile(|profile| profile.egress_address = Some(OFFERED.into())).await;
    bench.header().await.unwrap();
    assert_eq!(bench.endpoint.seen()[0].from, OFFERED);
}
