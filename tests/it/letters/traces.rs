//! A caller's trace goes on through the host to the remote, and what is no trace begins a new one.

use serde_json::json;

use super::world::World;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// The trace ids under which the remote was asked, without repetitions.
fn traces(world: &World, from: usize) -> Vec<String> {
    let asked = world.remote.asked();
    assert!(asked.len() > from, "nothing was asked");
    let mut traces: Vec<String> = asked[from..]
        .iter()
        .map(|asked| {
            let parts: Vec<_> = asked.header("traceparent").split('-').collect();
            let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
            assert_eq!((parts[0], lengths), ("00", vec![2, 32, 16, 2]), "{asked:?}");
            parts[1].to_owned()
        })
        .collect();
    traces.sort();
    traces.dedup();
    traces
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_of_the_caller_reaches_the_remote() {
    let world = World::new().await;
    world.remote.offer(2);
    world.remote.answer(2, 422);
    world.flow("things", None).await;
    let request = world.request("POST", "/v1/flows/things/runs");
    let request = request.header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"));
    let run = world.send(request.header("tracestate", "rojo=00f067aa0ba902b7")).await;
    assert_eq!((run.status, &run.body["correlation"]), (202, &TRACE.into()), "{run:?}");
    world.ended(&run).await;
    assert_eq!(traces(&world, 0), [TRACE]);
    for asked in world.remote.asked() {
        assert_eq!(asked.header("tracestate"), "rojo=00f067aa0ba902b7", "{asked:?}");
        // Each request is a step of its own within the trace.
        assert!(!asked.header("traceparent").contains("b7ad6b7169203331"), "{asked:?}");
    }
    let letter = world.letter();
    assert_eq!(letter.correlation.as_str(), TRACE);
    let rows = world.ask("GET", &format!("/v1/logs?correlation={TRACE}"), None).await;
    assert!(!rows.body["items"].as_array().unwrap().is_empty(), "{rows:?}");

    // Also of whoever sends it again.
    let (asked, other) = (world.remote.asked().len(), TRACE.replace('0', "1"));
    let request = world.request("POST", &format!("/v1/dead-letters/{}/replay", letter.id));
    let replay = world.send(request.header("traceparent", format!("00-{other}-b7ad6b7169203331-00"))).await;
    world.ended(&replay).await;
    assert_eq!(traces(&world, asked), [other]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_trace_begins_a_new_one_and_is_no_reason_to_refuse() {
    let world = World::new().await;
    world.flow("things", None).await;
    let good = format!("00-{TRACE}-b7ad6b7169203331-01");
    let zero = format!("00-{}-b7ad6b7169203331-01", "0".repeat(32));
    let upper = good.to_uppercase();
    let longer = format!("{good}-more");
    let sent: [&[&str]; 6] = [&[], &["garbage"], &[&zero], &[&upper], &[&longer], &[&good, &good]];
    let mut seen = Vec::new();
    for parents in sent {
        let from = world.remote.asked().len();
        let mut request = world.request("POST", "/v1/flows/things/runs");
        for parent in parents {
            request = request.header("traceparent", *parent);
        }
        let run = world.send(request).await;
        assert_eq!(run.status, 202, "{parents:?}: {run:?}");
        world.ended(&run).await;
        let found = traces(&world, from);
        assert_eq!(found, [run.body["correlation"].as_str().unwrap()], "{parents:?}");
        seen.extend(found);
    }
    assert!(!seen.contains(&TRACE.to_owned()) && !seen.contains(&"0".repeat(32)), "{seen:?}");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), sent.len(), "two runs share a trace that nobody sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_wants_it_keeps_no_bodies_and_sends_no_trace() {
    let world = World::new().await;
    let new = json!({ "log_bodies": false, "send_correlation": false });
    let profile = world.ask("PUT", "/v1/profiles/to/tracing", Some(&new)).await;
    assert_eq!((profile.status, &profile.body["tracing"]), (200, &new), "{profile:?}");
    world.remote.offer(1);
    world.flow("things", None).await;
    world.run("things").await;
    let logged = world.ask("GET", "/v1/logs?limit=500", None).await.body;
    let excerpts = |profile: &str| {
        let rows = logged["items"].as_array().unwrap().iter().filter(|row| row["profile"] == profile);
        rows.filter(|row| row.to_string().contains("excerpt")).count()
    };
    assert!(excerpts("from") > 0, "the other profile's bodies are kept as before: {logged}");
    assert_eq!(excerpts("to"), 0, "{logged}");
    for asked in world.remote.asked() {
        assert_eq!(asked.header("traceparent").is_empty(), asked.method == "POST", "{asked:?}");
    }
    let entry = world.audited("profile.tracing_set").remove(0);
    assert_eq!(entry.changed, ["tracing"], "{entry:?}");
}
