//! A request under an idempotency key is done once, however often and however fast it is sent.

use futures_util::future::join_all;
use lockgate::Begun;
use serde_json::json;

use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_twice_is_one_run_and_the_same_answer() {
    let world = World::new().await;
    world.remote.offer(2);
    world.flow("things", None).await;
    let first = world.once("/v1/flows/things/runs", "a-key", None).await;
    assert_eq!((first.status, first.is_replayed), (202, false), "{first:?}");
    // Over, so that another run would begin if another were asked for.
    world.ended(&first).await;

    let again = world.once("/v1/flows/things/runs", "a-key", None).await;
    assert_eq!((again.status, again.is_replayed, &again.body), (202, true, &first.body), "{again:?}");
    assert_eq!(world.runs().len(), 1);

    let other = world.once("/v1/flows/things/runs", "another-key", None).await;
    assert!(!other.is_replayed && other.id() != first.id(), "{other:?}");
    world.ended(&other).await;
    let bare = world.ask("POST", "/v1/flows/things/runs", None).await;
    assert!(!bare.is_replayed && bare.id() != other.id(), "{bare:?}");
    world.ended(&bare).await;
    assert_eq!(world.runs().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_body_under_the_key_is_refused_and_does_nothing() {
    let world = World::refusing(2, &[2]).await;
    let plan = json!({ "dry_run": true });
    let first = world.once("/v1/replays", "a-key", Some(&plan)).await;
    assert_eq!((first.status, &first.body["count"]), (200, &json!(1)), "{first:?}");
    let again = world.once("/v1/replays", "a-key", Some(&plan)).await;
    assert_eq!((again.status, again.is_replayed, &again.body), (200, true, &first.body));

    let real = world.once("/v1/replays", "a-key", Some(&json!({ "dry_run": false }))).await;
    assert_eq!(real.refusal(), (422, "idempotency_key_reused"), "{real:?}");
    assert!(!real.is_replayed);
    assert!(world.tenant.replay_jobs(None, 10).unwrap().items.is_empty(), "it was started all the same");
    // The key still stands for what it was used for first.
    assert!(world.once("/v1/replays", "a-key", Some(&plan)).await.is_replayed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_the_route_does_not_read_is_a_part_of_the_request_too() {
    let world = World::new().await;
    world.flow("things", None).await;
    let first = world.once("/v1/flows/things/runs", "a-key", Some(&json!({}))).await;
    assert_eq!(first.status, 202, "{first:?}");
    world.ended(&first).await;
    let again = world.once("/v1/flows/things/runs", "a-key", Some(&json!({}))).await;
    assert_eq!((again.status, again.is_replayed, &again.body), (202, true, &first.body), "{again:?}");
    let other = world.once("/v1/flows/things/runs", "a-key", Some(&json!({ "a": 1 }))).await;
    assert_eq!(other.refusal(), (422, "idempotency_key_reused"), "{other:?}");
    assert_eq!(world.runs().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_is_done() {
    let world = World::new().await;
    let body = json!({});
    let asked = (0..16).map(|_| world.once("/v1/replays", "a-key", Some(&body)));
    let mut jobs = Vec::new();
    for answer in join_all(asked).await {
        match answer.status {
            202 => jobs.push(answer.body["job"]["id"].as_str().unwrap().to_owned()),
            _ => assert_eq!(answer.refusal(), (409, "idempotency_in_progress"), "{answer:?}"),
        }
    }
    jobs.dedup();
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(world.tenant.replay_jobs(None, 50).unwrap().items.len(), 1);
    assert_eq!(world.audited("replay.started").len(), 1);

    // Without a key each of them is another.
    for _ in 0..2 {
        assert_eq!(world.ask("POST", "/v1/replays", Some(&body)).await.status, 202);
    }
    assert_eq!(world.tenant.replay_jobs(None, 50).unwrap().items.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_cannot_be_one_is_refused_before_anything_is_done() {
    let world = World::new().await;
    let (long, longest) = ("k".repeat(256), "k".repeat(255));
    let bad: [&[u8]; 6] = [b"", b"two words", b"a\tb", "schl\u{fc}ssel".as_bytes(), b"\xff", long.as_bytes()];
    for key in bad {
        let request = world.request("POST", "/v1/replays").header("idempotency-key", key);
        let answer = world.send(request.header("content-type", "application/json").body("{}")).await;
        assert_eq!(answer.refusal(), (400, "invalid_idempotency_key"), "{key:?}");
    }
    let twice = world.request("POST", "/v1/replays").header("idempotency-key", "a");
    let twice = twice.header("idempotency-key", "b").header("content-type", "application/json").body("{}");
    assert_eq!(world.send(twice).await.refusal(), (400, "invalid_idempotency_key"));
    assert!(world.tenant.replay_jobs(None, 10).unwrap().items.is_empty());
    assert_eq!(world.once("/v1/replays", &longest, Some(&json!({}))).await.status, 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_frees_its_key_and_a_key_belongs_to_one_path_of_one_tenant() {
    let world = World::new().await;
    let none = world.once("/v1/flows/things/runs", "a-key", None).await;
    assert_eq!(none.status, 404, "{none:?}");
    world.flow("things", None).await;
    let run = world.once("/v1/flows/things/runs", "a-key", None).await;
    assert_eq!((run.status, run.is_replayed), (202, false), "{run:?}");
    world.ended(&run).await;

    let plan = json!({ "dry_run": true });
    let elsewhere = world.once("/v1/replays", "a-key", Some(&plan)).await;
    assert_eq!((elsewhere.status, elsewhere.is_replayed), (200, false), "{elsewhere:?}");
    let globex = world.speaking_for("globex").await;
    let theirs = globex.once("/v1/replays", "a-key", Some(&plan)).await;
    assert_eq!((theirs.status, theirs.is_replayed), (200, false), "{theirs:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_forgotten_after_a_day() {
    let world = World::new().await;
    let first = world.once("/v1/replays", "a-key", Some(&json!({}))).await;
    world.pass(86_400_000 - 1);
    assert!(world.once("/v1/replays", "a-key", Some(&json!({}))).await.is_replayed);
    world.pass(1);
    let later = world.once("/v1/replays", "a-key", Some(&json!({}))).await;
    assert!(!later.is_replayed, "{later:?}");
    assert_ne!(later.body["job"]["id"], first.body["job"]["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_a_restart_has_interrupted_is_neither_done_again_nor_answered_with_a_guess() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::over(|builder| builder.data_dir(folder.path())).await;
    world.flow("things", None).await;
    let done = world.once("/v1/flows/things/runs", "done", None).await;
    world.ended(&done).await;
    // The process ends between the beginning of a request and its answer.
    let begun = world.tenant.begin_request("/v1/flows/things/runs", "lost").await.unwrap();
    assert!(matches!(begun, Begun::New(_)));
    let busy = world.once("/v1/flows/things/runs", "lost", None).await;
    assert_eq!(busy.refusal(), (409, "idempotency_in_progress"), "{busy:?}");

    let world = world.restarted(folder.path(), World::pipeline()).await;
    for _ in 0..2 {
        let lost = world.once("/v1/flows/things/runs", "lost", None).await;
        assert_eq!(lost.refusal(), (409, "idempotency_interrupted"), "{lost:?}");
        assert_eq!(lost.body["blame"], "host");
    }
    assert_eq!(world.runs().len(), 1, "it was done once more");
    let again = world.once("/v1/flows/things/runs", "done", None).await;
    assert_eq!((again.status, again.is_replayed, &again.body), (202, true, &done.body), "{again:?}");
    world.pass(86_400_000);
    let run = world.once("/v1/flows/things/runs", "lost", None).await;
    assert_eq!((run.status, run.is_replayed), (202, false), "{run:?}");
    world.ended(&run).await;
}
