//! What is sent again, and what is not: whole flows against a remote that loses answers, limits, and goes down.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockgate::domain::call::GuestError;
use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::domain::retry::{Class, RetryPolicy, State};
use lockgate::domain::run::{Run, RunStatus};
use lockgate::{Host, NewFlow, PipelineOptions, Tenant};
use serde_json::json;

use super::server::{Hostile, Step, ok};
use crate::harness::{CANARY, call, finished, profile, reaching};

/// Two profiles at one remote, with circuits as in production: one that gives six records, one that sends.
struct Town {
    remote: Hostile,
    _host: Host,
    tenant: Tenant,
}

impl Town {
    async fn new(script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let remote = Hostile::start(script).await;
        let host = reaching(&[&remote.url()]).pipeline(PipelineOptions::default()).build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        for guest in [lockgate_tests::guests::PROBER, lockgate_tests::guests::MAILER] {
            tenant.upload(guest.to_vec()).await.unwrap();
        }
        profile(&tenant, "source", "prober", &remote.url(), CANARY, &["things:read"]).await;
        profile(&tenant, "mailer", "mailer", &remote.url(), CANARY, &["things:write"]).await;
        Self { remote, _host: host, tenant }
    }

    /// Sends the first of the six records to `odd` and the others to `good`.
    async fn run(&self, action: &str) -> Run {
        let retry = RetryPolicy { base_ms: 5, cap_ms: 50, ..RetryPolicy::default() };
        let new = NewFlow {
            name: "mails".parse().unwrap(),
            source: Source { profile: "source".parse().unwrap(), trigger: "things".to_owned() },
            mapping: Some(Mapping { jq: "{to: (if .n == 0 then \"odd\" else \"good\" end)}".to_owned() }),
            destination: Destination { profile: "mailer".parse().unwrap(), action: action.to_owned() },
            schedule: None,
            delivery: DeliveryPolicy { retry, ..DeliveryPolicy::default() },
        };
        self.tenant.create_flow(new).await.unwrap();
        let run = self.tenant.run_flow(&"mails".parse().unwrap()).await.unwrap();
        finished(&self.tenant, run).await
    }

    fn odd(&self) -> Vec<String> {
        self.remote
            .seen()
            .iter()
            .filter(|seen| seen.name().starts_with("odd"))
            .map(|seen| seen.text())
            .collect()
    }
}

fn reply(status: u16, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} So\r\n{headers}content-length: {length}\r\n\r\n{body}");
    vec![Step::Send(head.into_bytes())]
}

/// `steps` for the first request to `odd`, and a good answer for every other.
fn once(steps: Vec<Step>) -> impl Fn(&str) -> Vec<Step> + Send + Sync + 'static {
    let asked = Arc::new(AtomicUsize::new(0));
    move |name| {
        let first = name.starts_with("odd") && asked.fetch_add(1, Ordering::SeqCst) == 0;
        if first { steps.clone() } else { ok("{}") }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_without_key_that_is_lost_is_a_dead_letter_and_is_sent_once() {
    let town = Town::new(once(vec![Step::Close])).await;
    let run = town.run("mail").await;
    assert_eq!((run.status, run.counts.delivered, run.counts.dead_lettered), (RunStatus::Partial, 5, 1));
    let letters = town.tenant.dead_letters(None, None, 10).unwrap().items;
    let cause = &letters[0].cause;
    assert_eq!(cause.code, "ambiguous");
    assert!(cause.message.contains("look there whether it was done"), "{}", cause.message);
    assert_eq!((town.odd().len(), town.remote.seen().len()), (1, 6), "nothing was sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_with_a_key_in_the_query_that_is_lost_is_sent_again_under_the_same_key() {
    for lost in [
        vec![Step::Close],
        vec![Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal".to_vec()), Step::Close],
    ] {
        let town = Town::new(once(lost)).await;
        let run = town.run("invoice").await;
        assert_eq!((run.status, run.counts.delivered), (RunStatus::Succeeded, 6), "{run:?}");
        let keys: Vec<_> = town.odd().iter().map(|text| text.lines().next().unwrap().to_owned()).collect();
        assert!(keys.len() == 2 && keys[0] == keys[1] && keys[0].contains("?requestid=lg_"), "{keys:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_manifest_says_of_an_answer_is_what_it_means() {
    let throttled = reply(200, "", r#"{"errors":[{"extensions":{"code":"THROTTLED"}}]}"#);
    let town = Town::new(once(throttled)).await;
    let run = town.run("mail").await;
    assert_eq!(
        (run.status, run.counts.delivered, run.counts.retried),
        (RunStatus::Succeeded, 6, 1),
        "{run:?}"
    );

    let town = Town::new(once(reply(409, "", r#"{"error":"exists"}"#))).await;
    assert_eq!(town.run("mail").await.counts.delivered, 6, "it is there already");
    assert_eq!(town.odd().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_reaches_the_connector_and_the_row_in_whatever_form_it_was_asked_for() {
    let far = "retry-after: Fri, 31 Dec 2100 23:59:59 GMT\r\n";
    for (headers, at_least_ms) in [
        ("retry-after: 2.0\r\n", 2_000),
        ("x-ratelimit-reset: 30\r\nretry-after: 1\r\n", 30_000),
        (far, 1_000_000_000),
    ] {
        let town = Town::new(move |_| reply(429, headers, "{}")).await;
        let called = call(&town.tenant, "mailer", "mail", json!({ "to": "odd" })).await;
        let row = &called.exchanges[0];
        assert_eq!(row.class, Some(Class::RateLimited));
        assert!(row.asked_ms.is_some_and(|asked| asked >= at_least_ms), "{row:?}");
        match &called.results[0] {
            Err(GuestError::RateLimited { wait_ms }) => assert_eq!(*wait_ms, row.asked_ms),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_by_hand_to_a_remote_that_is_down_are_refused_until_a_check_succeeds() {
    let up = Arc::new(AtomicUsize::new(0));
    let works = up.clone();
    let town = Town::new(move |_| match works.load(Ordering::SeqCst) {
        0 => reply(503, "", "{}"),
        _ => ok("{}"),
    })
    .await;
    let mailer = "mailer".parse().unwrap();
    for _ in 0..5 {
        call(&town.tenant, "mailer", "mail", json!({ "to": "odd" })).await;
    }
    assert!(matches!(town.tenant.circuit(&mailer), State::Open { .. }));
    let refused = town.tenant.call(&mailer, "mail", vec![json!({ "to": "odd" })], None).await.unwrap_err();
    assert_eq!(refused.code, "circuit_open");
    assert_eq!(town.remote.seen().len(), 5, "nothing was sent");

    up.store(1, Ordering::SeqCst);
    town.tenant.check(&mailer).await.unwrap().unwrap();
    assert_eq!(town.tenant.circuit(&mailer), State::Closed);
    let called = call(&town.tenant, "mailer", "mail", json!({ "to": "odd" })).await;
    assert!(called.results[0].is_ok());
}
