//! Quotas hold when a hundred requests race for the last place, and say which one was met.

use std::collections::BTreeMap;

use lockgate::Quotas;
use lockgate::domain::token::Role;
use lockgate_tests::guests;
use serde_json::{Value, json};

use super::gate::{Answer, Gate, a_flow};

const RACERS: usize = 100;

/// A hundred of the same request at once, each with its number; how often each answer came, and one refusal.
async fn race(
    gate: &Gate,
    method: &str,
    path: &str,
    token: &str,
    body: impl Fn(usize) -> Value,
) -> BTreeMap<u16, usize> {
    let bodies: Vec<_> = (0..RACERS).map(body).collect();
    let asked = bodies.iter().enumerate().map(|(at, body)| {
        let path = path.replace("{at}", &at.to_string());
        async move { gate.ask(method, &path, Some(token), Some(body)).await }
    });
    let answers = futures_util::future::join_all(asked).await;
    let mut counts = BTreeMap::new();
    for answer in answers {
        if answer.status >= 400 {
            assert_eq!(answer.code(), "quota_exceeded", "{}", answer.body);
        }
        *counts.entry(answer.status).or_default() += 1;
    }
    counts
}

async fn usage(gate: &Gate, quota: &str) -> (u64, u64) {
    let shown = gate.ask("GET", "/v1/quotas", Some(&gate.owner), None).await;
    let items = shown.body["items"].as_array().unwrap();
    let row = items.iter().find(|item| item["quota"] == quota).unwrap();
    (row["held"].as_u64().unwrap(), row["limit"].as_u64().unwrap())
}

fn exactly_one(counts: &BTreeMap<u16, usize>, made: u16) {
    assert_eq!(*counts, BTreeMap::from([(made, 1), (409, RACERS - 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_that_race_for_the_last_place_one_gets_it() {
    let quotas = Quotas { profiles: 2, flows: 1, tokens: 2, ..Quotas::default() };
    // On a disk: while one write is being synced, the others have all the time to count what is not there yet.
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate::over(|builder| builder.quotas(quotas).data_dir(folder.path())).await;
    let profile = |at: usize| {
        json!({ "name": format!("p-{at}"), "connector": "prober", "auth": { "kind": "bearer" },
            "config": { "api_base": "https://a.example" } })
    };
    exactly_one(&race(&gate, "POST", "/v1/profiles", &gate.owner, profile).await, 201);
    assert_eq!(usage(&gate, "profiles").await, (2, 2));

    let flow = |at: usize| a_flow(&format!("f-{at}"), "probe");
    exactly_one(&race(&gate, "POST", "/v1/flows", &gate.owner, flow).await, 201);
    assert_eq!(usage(&gate, "flows").await, (1, 1));

    let token = |_| json!({ "role": "reader", "tenant": "acme" });
    exactly_one(&race(&gate, "POST", "/v1/tokens", &gate.operator, token).await, 201);
    assert_eq!(usage(&gate, "tokens").await, (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn secrets_share_one_quota_and_a_new_value_needs_no_place() {
    let quotas = Quotas { secrets: 2, ..Quotas::default() };
    let gate = Gate::over(|builder| builder.quotas(quotas)).await;
    for at in 0..RACERS {
        let body = json!({ "name": format!("p-{at}"), "connector": "prober", "auth": { "kind": "bearer" },
            "config": { "api_base": "https://a.example" } });
        assert_eq!(gate.ask("POST", "/v1/profiles", Some(&gate.owner), Some(&body)).await.status, 201);
    }
    let secret = |_| json!({ "value": "a-secret-of-some-length" });
    let counts = race(&gate, "PUT", "/v1/profiles/p-{at}/credential", &gate.owner, secret).await;
    exactly_one(&counts, 200);
    assert_eq!(usage(&gate, "secrets").await, (2, 2));
    let again = json!({ "value": "another-value" });
    let replaced = gate.ask("PUT", "/v1/profiles/probe/credential", Some(&gate.owner), Some(&again)).await;
    assert_eq!(replaced.status, 200, "{}", replaced.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn components_are_counted_by_name_and_by_bytes() {
    // The same connector under another name of the same length: another component to everybody.
    let named = |name: &str| {
        let (from, to) = (b"prober", name.as_bytes());
        let mut bytes = guests::PROBER.to_vec();
        for at in 0..bytes.len() - from.len() {
            if bytes[at..].starts_with(from) {
                bytes[at..at + to.len()].copy_from_slice(to);
            }
        }
        bytes
    };
    let quotas = Quotas { connectors: 2, ..Quotas::default() };
    let gate = Gate::over(|builder| builder.quotas(quotas)).await;
    let names = ["prob-a", "prob-b"];
    let asked = names.map(|name| gate.upload(&gate.owner, named(name)));
    let answers: Vec<Answer> = futures_util::future::join_all(asked).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{answers:?}");
    assert_eq!(usage(&gate, "connectors").await, (2, 2));
    let same = gate.upload(&gate.owner, guests::PROBER.to_vec()).await;
    assert_eq!(same.status, 200, "what is there needs no room: {}", same.body);

    let bytes = guests::PROBER.len() as u64 * 2 - 1;
    let gate =
        Gate::over(|builder| builder.quotas(Quotas { component_bytes: bytes, ..Quotas::default() })).await;
    let refused = gate.upload(&gate.owner, named("prob-a")).await;
    assert_eq!((refused.status, refused.code()), (409, "quota_exceeded"));
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("component_bytes") && detail.contains(&bytes.to_string()), "{detail}");
    assert!(detail.contains("remove what is not needed"), "it does not say what to do: {detail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_at_once_are_bounded_and_each_tenant_has_its_own_places() {
    let quotas = Quotas { calls_at_once: 0, ..Quotas::default() };
    let gate = Gate::over(|builder| builder.quotas(quotas)).await;
    let inputs = json!({ "inputs": [{}] });
    for (path, body) in
        [("/v1/profiles/probe/actions/count", Some(&inputs)), ("/v1/profiles/probe/check", None)]
    {
        let refused = gate.ask("POST", path, Some(&gate.owner), body).await;
        assert_eq!((refused.status, refused.code()), (429, "quota_exceeded"), "{path}: {}", refused.body);
        assert!(refused.headers.contains_key("retry-after"));
        assert!(refused.body["detail"].as_str().unwrap().contains("calls_at_once"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tokens_and_invented_addresses_do_not_make_a_tenant_faster() {
    let gate = Gate::new().await;
    let options = server::Options { requests_per_second: 1, requests_burst: 5, ..server::Options::default() };
    let gate = Gate::serving(gate.probed, gate.clock, options).await;
    let mut passed = 0;
    for at in 0..20 {
        let token = gate.token("acme", Role::Reader, None).await;
        let path = if at % 2 == 0 { "/v1/flows" } else { "/v1/runs" };
        let request = gate.request("GET", path).bearer_auth(token);
        let request = request.header("x-forwarded-for", format!("203.0.113.{at}"));
        let answer = gate.send(request.header("forwarded", format!("for=198.51.100.{at}"))).await;
        if answer.status == 200 {
            passed += 1;
        } else {
            assert_eq!((answer.status, answer.code()), (429, "quota_exceeded"));
            assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
        }
    }
    assert!((5..=10).contains(&passed), "{passed} passed");
    let other = gate.token("globex", Role::Reader, None).await;
    assert_eq!(gate.ask("GET", "/v1/flows", Some(&other), None).await.status, 200);
    assert_eq!(gate.ask("GET", "/v1/tokens", Some(&gate.operator), None).await.status, 200);
    assert_eq!(gate.ask("GET", "/healthz", None, None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_what_a_tenant_holds_as_numbers_only() {
    let gate = Gate::new().await;
    let shown = gate.ask("GET", "/v1/tenants/acme/quotas", Some(&gate.operator), None).await;
    assert_eq!(shown.body, gate.ask("GET", "/v1/quotas", Some(&gate.owner), None).await.body);
    assert!(!shown.body.to_string().contains("prob"), "{}", shown.body);
    let nobody = gate.ask("GET", "/v1/tenants/nobody/quotas", Some(&gate.operator), None).await;
    assert_eq!(nobody.body["items"][0]["held"], 0);
}
