//! Many dead letters at once: planned without a trace, sent once each at a pace, and stopped by a word.

use std::collections::BTreeMap;

use lockgate::domain::dead_letter::DeadLetterState;
use lockgate::domain::replay_job::{JobState, ReplayJob};
use serde_json::json;

use super::world::{Answer, World};

fn job(world: &World, started: &Answer) -> ReplayJob {
    let id = started.body["job"]["id"].as_str().unwrap_or_else(|| panic!("no job: {started:?}"));
    world.tenant.replay_job(&id.parse().unwrap()).unwrap()
}

fn parked(world: &World) -> usize {
    world.letters().iter().filter(|letter| letter.state == DeadLetterState::Parked).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_says_how_many_there_are_and_changes_nothing() {
    let world = World::refusing(6, &[2, 3, 5]).await;
    let (letters, asked) = (world.letters(), world.remote.asked().len());
    let newest = world.tenant.audit().entries(None, 1).unwrap().items.remove(0).number;
    for (body, count) in [
        (json!({ "dry_run": true }), 3),
        (json!({ "dry_run": true, "flow": "things" }), 3),
        (json!({ "dry_run": true, "flow": "others" }), 0),
        (json!({ "dry_run": true, "key": "r-3" }), 1),
        (json!({ "dry_run": true, "code": "never_was" }), 0),
        (json!({ "dry_run": true, "until": "2001-01-01T00:00:00Z" }), 0),
    ] {
        let plan = world.ask("POST", "/v1/replays", Some(&body)).await;
        assert_eq!((plan.status, &plan.body["count"]), (200, &json!(count)), "{body}: {plan:?}");
        assert_eq!(plan.body["first"].as_array().unwrap().len(), count, "{plan:?}");
        assert!(plan.body["job"].is_null(), "{plan:?}");
    }
    world.pass(10_000);
    assert!(world.tenant.replay_jobs(None, 10).unwrap().items.is_empty());
    assert_eq!((world.letters(), world.remote.asked().len()), (letters, asked));
    assert_eq!(world.tenant.audit().entries(None, 1).unwrap().items.remove(0).number, newest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_all_sends_each_once_also_one_that_comes_back() {
    let world = World::refusing(8, &[2, 3, 5, 7, 8]).await;
    world.remote.mend();
    world.remote.answer(5, 422);
    let started = world.ask("POST", "/v1/replays", Some(&json!({ "per_second": 100 }))).await;
    assert_eq!((started.status, &started.body["count"]), (202, &json!(5)), "{started:?}");
    assert_eq!(job(&world, &started).state, JobState::Running);
    world.pass(1_000);
    world.until("the end of the job", |world| job(world, &started).state == JobState::Done).await;
    world.quiet().await;
    // If it went round again, it would have time to.
    world.pass(1_000);
    let next = world.ask("POST", "/v1/replays", Some(&json!({ "per_second": 100, "flow": "others" }))).await;
    world.pass(1_000);
    world.until("a job after it", |world| job(world, &next).state == JobState::Done).await;
    world.quiet().await;

    let done = job(&world, &started);
    assert_eq!((done.replayed, done.refused), (5, 0), "{done:?}");
    assert_eq!(world.remote.taken(), (1..=8).filter(|n| *n != 5).map(|n| (n, 1)).collect::<BTreeMap<_, _>>());
    let mut brought: BTreeMap<u64, usize> = BTreeMap::new();
    for asked in world.remote.brought() {
        *brought.entry(asked.n().unwrap()).or_default() += 1;
    }
    assert_eq!(brought[&5], 2, "what comes back is not sent again by the same job");
    assert_eq!((world.letters().len(), parked(&world)), (5, 1));
    assert_eq!(world.audited("dead_letter.replayed").len(), 5);
    assert_eq!(world.audited("replay.ended").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_keeps_its_pace_and_stops_when_it_is_cancelled() {
    let world = World::refusing(4, &[1, 2, 3, 4]).await;
    world.remote.mend();
    let started = world.ask("POST", "/v1/replays", Some(&json!({ "per_second": 1 }))).await;
    assert_eq!(started.status, 202, "{started:?}");
    world.pass(1_000);
    world.until("the first letter", |world| job(world, &started).replayed == 1).await;
    world.quiet().await;
    assert_eq!(parked(&world), 3, "it went faster than it was told to");

    let path = format!("/v1/replays/{}", job(&world, &started).id);
    let cancelled = world.ask("POST", &format!("{path}/cancel"), None).await;
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")), "{cancelled:?}");
    let again = world.ask("POST", &format!("{path}/cancel"), None).await;
    assert_eq!(again.refusal(), (409, "replay_job_ended"), "{again:?}");

    // A later job whose turn has come: the cancelled one would have had its own.
    let left = world.letters().into_iter().find(|letter| letter.state == DeadLetterState::Parked).unwrap();
    let one = json!({ "per_second": 100, "key": left.key });
    let other = world.ask("POST", "/v1/replays", Some(&one)).await;
    world.pass(5_000);
    world.until("the other job", |world| job(world, &other).state == JobState::Done).await;
    world.quiet().await;
    assert_eq!((job(&world, &other).replayed, job(&world, &started).replayed), (1, 1));
    assert_eq!(job(&world, &started).state, JobState::Cancelled);
    assert_eq!((parked(&world), world.remote.taken().len()), (2, 2));
    assert_eq!(world.audited("replay.cancelled").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pace_that_is_none_is_refused() {
    let world = World::new().await;
    for per_second in [0, 101] {
        let answer = world.ask("POST", "/v1/replays", Some(&json!({ "per_second": per_second }))).await;
        assert_eq!(answer.body["code"], "invalid_replay", "{answer:?}");
    }
    assert!(world.tenant.replay_jobs(None, 10).unwrap().items.is_empty());
}
