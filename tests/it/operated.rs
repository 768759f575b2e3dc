//! What an operator does with a flow over the API: lets it run by itself, in order, stops it, and lets it go on.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::letters::world::{HOUR_MS, World};

const MINUTE_MS: i64 = 60_000;
/// After this a wait of an hour is over: the host makes it up to a tenth longer.
const HOUR_WAITED_MS: i64 = HOUR_MS + HOUR_MS / 10;

/// A flow `things` over six records, with these members besides. A record that may be tried again waits for an hour.
async fn flow(world: &World, members: Value) {
    world.remote.offer(6);
    let mut flow = json!({
        "name": "things",
        "source": { "profile": "from", "trigger": "things" },
        "destination": { "profile": "to", "action": "put" },
        "delivery": { "batch": 1, "retry": { "schedule_ms": [HOUR_MS] } },
    });
    for (name, value) in members.as_object().unwrap() {
        match (&mut flow[name], value) {
            (Value::Object(old), Value::Object(new)) => old.extend(new.clone()),
            (old, new) => *old = new.clone(),
        }
    }
    let made = world.ask("POST", "/v1/flows", Some(&flow)).await;
    assert_eq!(made.status, 201, "{made:?}");
}

async fn run(world: &World) -> String {
    let started = world.ask("POST", "/v1/flows/things/runs", None).await;
    assert_eq!(started.status, 202, "{started:?}");
    started.id().to_owned()
}

async fn shown(world: &World, id: &str) -> Value {
    world.ask("GET", &format!("/v1/runs/{id}"), None).await.body
}

/// The run, as soon as it stands there.
async fn until(world: &World, id: &str, status: &str) -> Value {
    world
        .until(status, |world| world.runs().iter().any(|run| run.id.as_str() == id && word(run) == status))
        .await;
    shown(world, id).await
}

fn word(run: &lockgate::domain::run::Run) -> String {
    serde_json::to_value(run.status).unwrap().as_str().unwrap().to_owned()
}

/// The records that were brought and taken, in order.
fn taken(world: &World) -> Vec<u64> {
    world.remote.brought().iter().filter(|asked| asked.status < 300).map(|asked| asked.n().unwrap()).collect()
}

/// The keys under which one record was brought.
fn keys(world: &World, n: u64) -> BTreeSet<String> {
    let brought = world.remote.brought().into_iter().filter(|asked| asked.n() == Some(n));
    brought.map(|asked| asked.key().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_starts_runs_and_makes_up_for_a_day_with_one() {
    let world = World::new().await;
    flow(&world, json!({ "schedule": { "every_ms": 10 * MINUTE_MS } })).await;
    let standing = world.ask("GET", "/v1/flows/things", None).await.body["standing"].clone();
    assert!(standing["next_times"].as_array().is_some_and(|times| !times.is_empty()), "{standing}");
    let ended = |world: &World, count: usize| {
        let runs = world.runs();
        runs.len() == count && runs.iter().all(|run| run.status.is_final())
    };
    world.pass(11 * MINUTE_MS);
    world.until("the first run", |world| ended(world, 1)).await;
    assert_eq!(taken(&world), [1, 2, 3, 4, 5, 6]);
    let runs = world.ask("GET", "/v1/runs?flow=things", None).await.body;
    assert_eq!(
        (&runs["items"][0]["cause"], &runs["items"][0]["status"]),
        (&json!("schedule"), &json!("succeeded"))
    );

    world.remote.offer(7);
    world.pass(24 * HOUR_MS);
    world.until("one run for the whole day", |world| ended(world, 2)).await;
    world.pass(MINUTE_MS);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!((world.runs().len(), taken(&world).len()), (2, 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_waits_holds_up_those_of_its_key_and_the_run_waits_without_a_place() {
    let world = World::new().await;
    world.remote.answer(1, 503);
    world.remote.group();
    flow(&world, json!({ "delivery": { "order": "per_key", "order_key": "/group", "parallel": 4 } })).await;
    let id = run(&world).await;
    let waiting = until(&world, &id, "suspended").await;
    assert!(waiting["suspension"]["until"].is_string(), "{waiting}");
    assert_eq!(waiting["counts"]["delivered"], 3, "{waiting}");
    let mut others = taken(&world);
    others.sort_unstable();
    assert_eq!(others, [2, 4, 6], "a record overtook the one that waits");

    world.remote.mend();
    world.pass(HOUR_WAITED_MS);
    until(&world, &id, "succeeded").await;
    assert_eq!(taken(&world)[3..], [1, 3, 5]);
    assert_eq!(keys(&world, 1).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_pauses_stands_still_at_its_record_until_it_is_resumed() {
    let world = World::new().await;
    world.remote.answer(2, 422);
    flow(&world, json!({ "delivery": { "order": "strict", "on_spent": "pause" } })).await;
    let id = run(&world).await;
    let stopped = until(&world, &id, "failed").await;
    assert_eq!(stopped["failure"]["code"], "flow_paused", "{stopped}");
    let paused = world.ask("GET", "/v1/flows/things", None).await.body["standing"]["paused"].clone();
    assert_eq!((&paused["key"], &paused["run"]), (&json!("r-2"), &json!(id)), "{paused}");
    let refused = world.ask("POST", "/v1/flows/things/runs", None).await;
    assert_eq!(refused.refusal(), (409, "flow_paused"), "{refused:?}");
    assert_eq!((taken(&world), world.letters().len()), (vec![1], 0));

    world.remote.mend();
    let resumed = world.ask("POST", "/v1/flows/things/resume", None).await;
    assert_eq!(resumed.status, 202, "{resumed:?}");
    until(&world, resumed.id(), "succeeded").await;
    assert_eq!((taken(&world), keys(&world, 2).len()), (vec![1, 2, 3, 4, 5, 6], 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_ends_at_once_and_leaves_what_waits_to_the_next() {
    let world = World::new().await;
    world.remote.answer(4, 503);
    flow(&world, json!({})).await;
    let id = run(&world).await;
    until(&world, &id, "suspended").await;
    let answer = world.ask("POST", &format!("/v1/runs/{id}/cancel"), None).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let cancelled = until(&world, &id, "cancelled").await;
    assert_eq!((&cancelled["counts"]["delivered"], &cancelled["counts"]["waiting"]), (&json!(5), &json!(1)));
    let again = world.ask("POST", &format!("/v1/runs/{id}/cancel"), None).await;
    assert_eq!(again.refusal(), (409, "run_over"), "{again:?}");

    world.remote.mend();
    world.pass(HOUR_WAITED_MS);
    let next = run(&world).await;
    until(&world, &next, "succeeded").await;
    assert_eq!((world.remote.taken().len(), keys(&world, 4).len()), (6, 1));
    assert!(world.remote.taken().values().all(|count| *count == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_to_wait_for_a_credential_is_told_for_how_long() {
    let world = World::new().await;
    world.remote.answer(1, 401);
    let (path, input) = ("/v1/profiles/to/actions/put", json!({ "inputs": [{ "n": 1 }] }));
    world.ask("POST", path, Some(&input)).await;
    let request = world.request("POST", path).header("content-type", "application/json");
    let response = request.body(input.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 424);
    let wait_s: u32 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait_s), "{wait_s}");
}
