//! Tokens are renewed once, stored before they are used, and given up when the provider says so.

use std::sync::Arc;

use domain::Credentials as _;
use domain::egress::Response;
use domain::injected::{CredentialError, Renewal};
use domain::profile::{CredentialReason, Status};
use serde_json::json;

use super::bench::{Bench, always, header_of, rotating, shown};

const HALF_AN_HOUR_MS: i64 = 1_800_000;

fn unauthorised() -> Response {
    Response { status: 401, headers: Vec::new(), body: b"{}".to_vec() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_calls_at_expiry_make_one_request_for_a_token() {
    let bench = Arc::new(Bench::connected(json!({}), rotating()).await);
    assert_eq!(bench.header().await.unwrap(), "Bearer access-token-0");
    bench.turn_clock_ms(HALF_AN_HOUR_MS);
    // Half of them in another host on the same store.
    let other = bench.another();
    let calls: Vec<_> = (0..8)
        .map(|nth| {
            let (bench, other) = (bench.clone(), other.clone());
            tokio::spawn(async move {
                let vault = if nth % 2 == 0 { &bench.vault } else { &other };
                shown(&header_of(vault, &bench).await.unwrap())
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), "Bearer access-token-1");
    }
    assert_eq!(bench.endpoint.asked(), 1);
    let asked = &bench.endpoint.seen()[0];
    assert_eq!(
        (asked.path.as_str(), &asked.form["refresh_token"]),
        ("/token", &"refresh-token-0".to_owned())
    );
    assert_eq!(asked.form["grant_type"], "refresh_token");
    assert!(asked.authorization.as_ref().unwrap().starts_with("Basic "), "the client proves itself");
    let known = bench.profile().credential;
    assert_eq!((known.version, known.problem), (1, None));
    assert_eq!(known.provider_scopes, Some(["crm.contacts.read".to_owned()].into()));
}

#[tokio::test]
async fn a_rotated_refresh_token_is_the_next_one_and_one_that_did_not_come_is_the_old_one() {
    let script = Arc::new(|_: &super::bench::Seen, nth: usize| {
        let mut body = json!({ "access_token": format!("access-token-{nth}"), "expires_in": "600" });
        if nth == 1 {
            body["refresh_token"] = json!("refresh-token-1");
        }
        Some((200, "", body))
    });
    let bench = Bench::connected(json!({ "client_auth": "client_secret_post" }), script).await;
    for nth in 1..=3 {
        bench.turn_clock_ms(HALF_AN_HOUR_MS);
        assert_eq!(bench.header().await.unwrap(), format!("Bearer access-token-{nth}"));
    }
    let used: Vec<_> = bench.endpoint.seen().iter().map(|seen| seen.form["refresh_token"].clone()).collect();
    assert_eq!(used, ["refresh-token-0", "refresh-token-1", "refresh-token-1"]);
    assert_eq!(bench.endpoint.seen()[0].form["client_secret"], "client-secret-1");
    let log = bench.log();
    assert!(log.contains("/token"), "the requests have their rows: {log}");
    for secret in ["client-secret-1", "refresh-token", "access-token"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn a_definitive_refusal_ends_it_until_somebody_asks_again() {
    for code in ["invalid_grant", "unauthorized_client", "invalid_client"] {
        let bench = Bench::connected(json!({}), always(400, "", json!({ "error": code }))).await;
        bench.turn_clock_ms(HALF_AN_HOUR_MS - 100_000);
        assert_eq!(bench.header().await.unwrap(), "Bearer access-token-0", "it is still good for a while");
        assert_eq!(bench.endpoint.asked(), 1);
        bench.turn_clock_ms(100_000);
        let refused =
            CredentialError::Refused { reason: CredentialReason::AuthRevoked, code: code.to_owned() };
        for _ in 0..3 {
            assert_eq!(bench.header().await, Err(refused.clone()));
        }
        assert_eq!(bench.endpoint.asked(), 1, "nobody asks again by itself");
        let profile = bench.profile();
        assert_eq!(profile.credential.problem.clone().unwrap().code, code);
        assert_eq!(profile.status(profile.created_at).0, Status::Degraded);
        assert!(bench.vault.renew(&bench.of).await.is_err());
        assert_eq!(bench.endpoint.asked(), 2, "somebody did");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_is_left_alone_for_a_while_and_asked_again() {
    // Half an hour after the start.
    for asked in ["retry-after: 30\r\n", "retry-after: Fri, 15 Jan 2027 08:30:30 GMT\r\n"] {
        is_left_alone(asked).await;
    }
}

async fn is_left_alone(asked: &'static str) {
    let script = Arc::new(move |_: &super::bench::Seen, nth: usize| {
        Some(match nth {
            1 => (429, asked, json!({})),
            2 => (503, "", json!({ "error": "temporarily_unavailable" })),
            _ => (200, "", json!({ "access_token": "access-token-1" })),
        })
    });
    let bench = Bench::connected(json!({}), script).await;
    bench.turn_clock_ms(HALF_AN_HOUR_MS);
    let unavailable = |result| matches!(result, Err(CredentialError::Unavailable { .. }));
    assert!(unavailable(bench.header().await));
    bench.turn_clock_ms(29_000);
    assert!(unavailable(bench.header().await) && bench.endpoint.asked() == 1, "it asked for 30 seconds");
    bench.turn_clock_ms(1_000);
    assert!(unavailable(bench.header().await) && bench.endpoint.asked() == 2);
    assert_eq!(bench.profile().credential.problem, None, "nothing is decided");
    bench.turn_clock_ms(60_000);
    assert_eq!(bench.header().await.unwrap(), "Bearer access-token-1");
    assert_eq!(bench.profile().credential.token.unwrap().expires_at, None, "nobody said how long it lives");
}

#[tokio::test]
async fn days_of_failure_end_it() {
    let bench = Bench::connected(json!({}), always(500, "", json!({}))).await;
    bench.turn_clock_ms(HALF_AN_HOUR_MS);
    assert!(matches!(bench.header().await, Err(CredentialError::Unavailable { .. })));
    bench.turn_clock_ms(5 * 24 * 3_600_000);
    assert!(matches!(
        bench.header().await,
        Err(CredentialError::Refused { reason: CredentialReason::AuthExpired, .. })
    ));
    assert!(bench.profile().credential.problem.is_some());
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_next_refusal_counts() {
    let bench = Bench::connected(json!({}), rotating()).await;
    let first = bench.credential().await;
    assert_eq!(first.refused_with, [401]);
    let refused = bench.vault.refused(&bench.of, first.version, &unauthorised()).await;
    assert_eq!((refused, bench.endpoint.asked()), (Renewal::Renewed, 1));
    assert_eq!(
        bench.vault.refused(&bench.of, first.version, &unauthorised()).await,
        Renewal::Renewed,
        "there is another one already"
    );
    let second = bench.credential().await;
    assert_eq!(bench.endpoint.asked(), 1);
    for _ in 0..3 {
        let refused = bench.vault.refused(&bench.of, second.version, &unauthorised()).await;
        assert_eq!((refused, bench.endpoint.asked()), (Renewal::None, 1));
    }
    assert_eq!(bench.profile().credential.problem.unwrap().code, "refused_after_renewal");
    bench.turn_clock_ms(HALF_AN_HOUR_MS);
    assert_eq!(bench.header().await.unwrap(), "Bearer access-token-2", "its end is not the end");
    assert_eq!(bench.profile().credential.problem, None);
}

#[tokio::test]
async fn a_provider_that_says_it_in_the_body_is_understood() {
    let scheme = json!({ "detect_on": "\"error\":\"token_expired\"" });
    let bench = Bench::connected(scheme, rotating()).await;
    let credential = bench.credential().await;
    assert!(credential.refused_with.contains(&200));
    let said = |body: &str| Response { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
    let plain = said(r#"{"ok":false,"error":"channel_not_found"}"#);
    assert_eq!(bench.vault.refused(&bench.of, credential.version, &plain).await, Renewal::None);
    let expired = said(r#"{"ok":false,"error":"token_expired"}"#);
    assert_eq!(bench.vault.refused(&bench.of, credential.version, &expired).await, Renewal::Renewed);
}

#[tokio::test]
async fn a_host_that_dies_between_the_answer_and_its_commit_leaves_a_profile_that_says_so() {
    // The first request takes the refresh token and is never answered, as seen by a host that was killed.
    let script = Arc::new(|_: &super::bench::Seen, nth: usize| {
        (nth > 1).then(|| (400, "", json!({ "error": "invalid_grant" })))
    });
    let bench = Arc::new(Bench::connected(json!({}), script).await);
    bench.turn_clock_ms(HALF_AN_HOUR_MS);
    let killed = {
        let bench = bench.clone();
        tokio::spawn(async move { bench.header().await })
    };
    while bench.endpoint.asked() == 0 {
        tokio::task::yield_now().await;
    }
    killed.abort();
    let other = bench.another();
    // Its lease ends by itself; then the next host finds out what the provider still knows.
    bench.turn_clock_ms(15_000);
    let refused = header_of(&other, &bench).await;
    assert!(matches!(refused, Err(CredentialError::Refused { .. })), "{refused:?}");
    let problem = bench.profile().credential.problem.unwrap();
    assert_eq!((problem.reason, problem.code.as_str()), (CredentialReason::AuthRevoked, "invalid_grant"));
}

#[tokio::test]
async fn where_the_store_belongs_to_one_process_nobody_waits_for_the_lease_of_one_that_was_killed() {
    let script = Arc::new(|_: &super::bench::Seen, nth: usize| {
        (nth > 1).then(|| (200, "", json!({ "access_token": "access-token-9", "expires_in": 1_800 })))
    });
    let bench = Arc::new(Bench::connected(json!({}), script).await);
    bench.turn_clock_ms(HALF_AN_HOUR_MS);
    let killed = {
        let bench = bench.clone();
        tokio::spawn(async move { bench.header().await })
    };
    while bench.endpoint.asked() == 0 {
        tokio::task::yield_now().await;
    }
    killed.abort();
    let next = bench.another().exclusive();
    let credential = header_of(&next, &bench).await.unwrap();
    assert_eq!(shown(&credential), "Bearer access-token-9");
}

#[tokio::test]
async fn an_idle_token_is_kept_alive_and_another_is_not_asked_for() {
    let bench = Bench::connected(json!({}), rotating()).await;
    bench.turn_clock_ms(23 * 3_600_000);
    bench.vault.keep_alive(&bench.of).await.unwrap();
    assert_eq!(bench.endpoint.asked(), 0);
    bench.turn_clock_ms(3_600_000);
    bench.vault.keep_alive(&bench.of).await.unwrap();
    bench.vault.keep_alive(&bench.of).await.unwrap();
    assert_eq!(bench.endpoint.asked(), 1);
}
