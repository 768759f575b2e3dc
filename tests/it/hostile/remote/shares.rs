//! What a remote that holds on to its callers costs one tenant, and does not cost another.

use std::sync::Arc;
use std::time::Duration;

use lockgate::EgressOptions;
use lockgate::domain::FailureCode::FirstByteTimeout;
use lockgate::domain::Gate;
use tokio::sync::Notify;

use super::server::{Hostile, Step, answer, ok};
use super::world::{World, hurried};

async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it comes to that");
}

fn tarpit(name: &str) -> Vec<Step> {
    if name == "tarpit" { vec![Step::Hang] } else { ok("fine") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tarpit_holds_the_turns_of_one_tenant_and_none_of_another() {
    let remote = Hostile::start(tarpit).await;
    let options = EgressOptions {
        in_flight_per_tenant: 2,
        connections_per_tenant: 2,
        connect_timeout_ms: 200,
        first_byte_timeout_ms: 8_000,
        total_timeout_ms: 8_000,
        ..hurried()
    };
    let world = Arc::new(World::with(&remote.url(), options).await);
    // The connection that this one leaves behind makes room when the place is needed.
    world.get("before").await.assert_answered(200, "fine");
    let held: Vec<_> = (0..2)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { world.get("tarpit").await })
        })
        .collect();
    until(|| remote.seen().iter().filter(|seen| seen.name() == "tarpit").count() == 2).await;
    assert_eq!(remote.open(), 2, "a kept connection of the tenant made room");
    for _ in 0..3 {
        world.get("one").await.assert_denied(Gate::Budget);
        world.get_as_other("one").await.assert_answered(200, "fine");
    }
    // The turns come back at the latest with the time-outs, whether anybody still waits for the calls or not.
    for call in held {
        call.abort();
    }
    until(|| remote.open() <= 1).await;
    world.get("after").await.assert_answered(200, "fine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_too_late_is_dropped() {
    let late = Arc::new(Notify::new());
    let (told, remote_late) = (late.clone(), late.clone());
    let remote = Hostile::start(move |name| match name {
        "late" => vec![Step::Wait(remote_late.clone()), Step::Send(answer("content-length: 4\r\n", b"late"))],
        _ => ok("fine"),
    })
    .await;
    let options = EgressOptions { first_byte_timeout_ms: 200, ..hurried() };
    let world = Arc::new(World::with(&remote.url(), options).await);
    // The request has given up.
    world.get("late").await.assert_failed(FirstByteTimeout, true);
    told.notify_one();
    world.get("next").await.assert_answered(200, "fine");
    // The whole call has ended, which nobody waits for any more.
    let call = tokio::spawn({
        let world = world.clone();
        async move { world.get("late").await }
    });
    until(|| remote.seen().iter().filter(|seen| seen.name() == "late").count() == 2).await;
    call.abort();
    let _ = call.await;
    until(|| world.host.gauges().requests == 0).await;
    told.notify_one();
    for name in ["third", "fourth"] {
        world.get(name).await.assert_answered(200, "fine");
        world.get_as_other(name).await.assert_answered(200, "fine");
    }
    let seen = remote.seen();
    for (at, late) in seen.iter().enumerate().filter(|(_, seen)| seen.name() == "late") {
        let later = seen[at + 1..].iter().filter(|later| later.connection == late.connection);
        assert_eq!(later.count(), 0, "a connection that owes an answer was used again");
    }
}
