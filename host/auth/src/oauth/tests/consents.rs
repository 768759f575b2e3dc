//! A consent works once, for ten minutes, in the browser that opened its link, and only as it was asked for.

use std::collections::BTreeMap;

use domain::Secret;
use domain::audit::Actor;
use domain::oauth::HandOff;
use serde_json::{Value, json};
use store::{Audit as _, HandOffs as _, Paging};

use super::bench::{Bench, Script, always, rotating};
use crate::oauth::authorize::challenge;
use crate::oauth::{Callback, OauthError, Opened};

const BACK: &str = "https://gate.example/oauth/callback";

fn by_person(more: Value) -> Value {
    let mut scheme = json!({ "authorize_url": "https://app.example.com/authorize" });
    scheme.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    scheme
}

async fn bench(more: Value, script: Script) -> Bench {
    let bench = Bench::new(by_person(more), "client-secret-1", script).await;
    bench.change_profile(|profile| profile.credential_set = false).await;
    bench
}

async fn begun(bench: &Bench) -> (HandOff, Opened) {
    let hand_off = bench.vault.connect(&bench.of, &Actor::Library, BACK).await.unwrap();
    let opened = bench.vault.open(&hand_off.id).await.unwrap();
    (hand_off, opened)
}

fn query(opened: &Opened) -> BTreeMap<String, String> {
    opened.location.query_pairs().into_owned().collect()
}

async fn back(bench: &Bench, opened: &Opened, more: &str) -> Result<(), OauthError> {
    let callback = Callback::read(&format!("state={}{more}", query(opened)["state"])).unwrap();
    bench.vault.complete(callback, Some(opened.browser.clone())).await.map(|_| ())
}

#[tokio::test]
async fn a_consent_is_exchanged_for_tokens_with_its_verifier_and_stored_for_its_actor() {
    let more = json!({ "save_callback": { "realmId": "realm" }, "save_token": { "hub_id": "hub" } });
    let answer = json!({
        "access_token": "access-token-1", "refresh_token": "refresh-token-1", "expires_in": 1800, "hub_id": 42,
    });
    let bench = bench(more, always(200, "", answer)).await;
    let (_, opened) = begun(&bench).await;
    let asked = query(&opened);
    assert_eq!(opened.location.as_str().split('?').next(), Some("https://app.example.com/authorize"));
    assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", "client-1"));
    assert_eq!((asked["redirect_uri"].as_str(), asked["scope"].as_str()), (BACK, "crm.contacts.read"));
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(bench.profile().credential.hand_off_until.is_some() && !bench.profile().credential_set);

    back(&bench, &opened, "&code=the-code&realmId=9130&iss=https%3A%2F%2Fapp.example.com").await.unwrap();
    let form = &bench.endpoint.seen()[0].form;
    assert_eq!((form["code"].as_str(), form["redirect_uri"].as_str()), ("the-code", BACK));
    assert_eq!(challenge(&form["code_verifier"]), asked["code_challenge"]);
    let profile = bench.profile();
    assert_eq!(profile.config, json!({ "realm": "9130", "hub": 42 }));
    assert!(profile.credential_set && profile.credential.hand_off_until.is_none());
    assert_eq!(profile.credential.provider_scopes, Some(["crm.contacts.read".to_owned()].into()));
    assert_eq!(bench.header().await.unwrap(), "Bearer access-token-1");
    let trail =
        bench.store.audit(&domain::audit::Chain::Tenant(bench.of.tenant.clone()), &Paging::first(100));
    let entries = serde_json::to_string(&trail.unwrap().items).unwrap();
    assert!(entries.contains("credential.connected") && entries.contains("library"), "{entries}");
}

#[tokio::test]
async fn it_works_once_and_in_its_browser_only() {
    let bench = bench(json!({}), rotating()).await;
    let (hand_off, opened) = begun(&bench).await;
    let state = query(&opened)["state"].clone();
    let with = |state: &str| Callback::read(&format!("state={state}&code=c")).unwrap();
    for (browser, code) in [(None, "other_browser"), (Some("guess"), "other_browser")] {
        let refused = bench.vault.complete(with(&state), browser.map(Secret::new)).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
    let forged = format!("{}.AAAA", hand_off.id);
    for (state, code) in [(forged.as_str(), "bad_callback"), ("x", "bad_callback"), ("", "bad_callback")] {
        let refused = bench.vault.complete(with(state), Some(opened.browser.clone())).await.unwrap_err();
        assert_eq!(refused.code(), code, "{state}");
    }
    assert_eq!(bench.endpoint.asked(), 0);
    // Opened again in another browser: the first is out.
    let again = bench.vault.open(&hand_off.id).await.unwrap();
    assert_eq!(back(&bench, &opened, "&code=c").await.unwrap_err().code(), "other_browser");
    back(&bench, &again, "&code=c").await.unwrap();
    assert_eq!(back(&bench, &again, "&code=c").await.unwrap_err().code(), "handoff_expired");
    assert_eq!(bench.endpoint.asked(), 1);
    assert_eq!(bench.vault.open(&hand_off.id).await.unwrap_err().code(), "handoff_expired");
}

#[tokio::test]
async fn it_is_over_after_ten_minutes_and_the_next_link_ends_the_one_before() {
    let bench = bench(json!({}), rotating()).await;
    let (_, opened) = begun(&bench).await;
    let (_, newer) = begun(&bench).await;
    assert_eq!(back(&bench, &opened, "&code=c").await.unwrap_err().code(), "handoff_expired");
    bench.turn_clock_ms(600_000);
    assert_eq!(back(&bench, &newer, "&code=c").await.unwrap_err().code(), "handoff_expired");
    assert_eq!(bench.endpoint.asked(), 0);
    assert!(bench.store.hand_offs(&bench.of.tenant).unwrap().len() <= 1, "what is over is swept");
}

#[tokio::test]
async fn what_the_provider_or_somebody_in_between_says_wrong_is_refused_and_nothing_changes() {
    for (more, code, asked) in [
        ("&error=access_denied&error_description=%3Cscript%3E", "consent_declined", 0),
        ("&code=c&iss=https%3A%2F%2Fevil.example", "wrong_issuer", 0),
        ("", "bad_callback", 0),
        ("&code=", "bad_callback", 0),
    ] {
        let bench = bench(json!({ "issuer": "https://app.example.com" }), rotating()).await;
        let (_, opened) = begun(&bench).await;
        let refused = back(&bench, &opened, more).await.unwrap_err();
        assert_eq!((refused.code(), bench.endpoint.asked()), (code, asked), "{more}");
        assert!(!refused.to_string().contains("script"));
        assert!(!bench.profile().credential_set);
        assert_eq!(
            back(&bench, &opened, "&code=c").await.unwrap_err().code(),
            "handoff_expired",
            "used once"
        );
    }
    assert!(Callback::read("state=a&state=b").is_none());
    let many: String = (0..40).map(|nth| format!("p{nth}=1&")).collect();
    assert!(Callback::read(&many).is_none());
}

#[tokio::test]
async fn a_reconnect_swaps_at_once_and_a_failed_one_leaves_what_was_there() {
    let refused = bench_connected(always(400, "", json!({ "error": "invalid_grant" }))).await;
    let (_, opened) = begun(&refused).await;
    assert_eq!(back(&refused, &opened, "&code=c").await.unwrap_err().code(), "token_refused");
    assert_eq!(refused.header().await.unwrap(), "Bearer access-token-0");
    assert_eq!(refused.profile().credential.problem, None);

    let bench = bench_connected(rotating()).await;
    bench
        .change_profile(|profile| {
            profile.credential.problem = Some(domain::profile::CredentialProblem {
                reason: domain::profile::CredentialReason::AuthRevoked,
                code: "invalid_grant".to_owned(),
                since: profile.created_at,
            });
        })
        .await;
    let before = bench.profile().credential.version;
    let (_, opened) = begun(&bench).await;
    assert_eq!(bench.header().await.unwrap(), "Bearer access-token-0", "until it comes back");
    back(&bench, &opened, "&code=c").await.unwrap();
    assert_eq!(bench.header().await.unwrap(), "Bearer access-token-1");
    let known = bench.profile().credential;
    assert_eq!((known.version, known.problem), (before + 1, None));
}

async fn bench_connected(script: Script) -> Bench {
    Bench::connected(by_person(json!({})), script).await
}

#[tokio::test]
async fn tokens_are_given_back_and_destroyed() {
    let bench = Bench::connected(by_person(json!({})), rotating()).await;
    assert!(!bench.vault.disconnect(&bench.of, &Actor::Library).await.unwrap(), "nobody to tell");
    assert!(bench.header().await.is_err() && !bench.profile().credential_set);
    assert_eq!(bench.endpoint.asked(), 0);
}

#[tokio::test]
async fn consents_under_way_are_bounded() {
    let bench = bench(json!({}), rotating()).await;
    for nth in 0..40 {
        let (hand_off, _) = begun(&bench).await;
        assert!(nth == 0 || !hand_off.id.is_empty());
    }
    assert_eq!(bench.store.hand_offs(&bench.of.tenant).unwrap().len(), 1, "one for each profile");
}
