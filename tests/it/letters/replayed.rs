//! Dead letters on their way back: under the old key or a new one, again and again, or never more.

use lockgate::domain::dead_letter::DeadLetterState;
use serde_json::json;

use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_as_new_has_a_key_of_its_own_and_the_old_one_is_remembered() {
    let world = World::refusing(1, &[1]).await;
    let letter = world.letter();
    world.remote.mend();
    let path = format!("/v1/dead-letters/{}/replay?as_new=true", letter.id);
    let run = world.ask("POST", &path, None).await;
    assert_eq!(run.status, 202, "{run:?}");
    assert_eq!(world.ended(&run).await.counts.delivered, 1);
    let brought = world.remote.brought();
    assert_eq!(brought[0].key(), letter.idempotency_key);
    assert!(brought[1].key().starts_with("lg_") && brought[1].key() != letter.idempotency_key, "{brought:?}");
    let after = world.letter();
    assert_eq!(after.former_keys, [letter.idempotency_key]);
    assert_eq!(after.idempotency_key, brought[1].key());
    assert_eq!(world.audited("dead_letter.replayed")[0].changed, ["idempotency_key"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_under_a_key_older_than_a_day_says_so() {
    let world = World::refusing(1, &[1]).await;
    let path = format!("/v1/dead-letters/{}/replay", world.letter().id);
    let fresh = world.ask("POST", &path, None).await;
    world.ended(&fresh).await;
    assert!(fresh.body["warnings"].is_null(), "{fresh:?}");
    world.pass(86_400_001);
    let old = world.ask("POST", &path, None).await;
    world.ended(&old).await;
    assert_eq!(old.body["warnings"].as_array().map(Vec::len), Some(1), "{old:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_fails_again_is_still_one_and_keeps_its_story() {
    let world = World::refusing(2, &[2]).await;
    let letter = world.letter();
    let path = format!("/v1/dead-letters/{}/replay", letter.id);
    for replays in 1..=2_u32 {
        let run = world.ask("POST", &path, None).await;
        assert_eq!(world.ended(&run).await.counts.dead_lettered, 1);
        let again = world.letter();
        assert_eq!((&again.id, &again.state), (&letter.id, &DeadLetterState::Parked));
        assert_eq!((again.replays, again.times), (replays, u64::from(replays) + 1));
        assert_eq!(again.attempts.len(), 1 + usize::try_from(replays).unwrap());
        assert_eq!(again.buried_at, letter.buried_at);
    }
    world.remote.mend();
    let run = world.ask("POST", &path, None).await;
    world.ended(&run).await;
    assert!(matches!(world.letter().state, DeadLetterState::Resolved { .. }));
    assert_eq!(world.remote.taken().into_iter().collect::<Vec<_>>(), [(1, 1), (2, 1)]);
    let of_two: Vec<_> = world.remote.brought().into_iter().filter(|asked| asked.n() == Some(2)).collect();
    assert!(of_two.iter().all(|asked| asked.key() == letter.idempotency_key), "{of_two:?}");
    let late = world.ask("POST", &path, None).await;
    assert_eq!(late.refusal(), (409, "dead_letter_resolved"), "{late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discarded_letter_keeps_the_reason_and_is_never_sent_again() {
    let world = World::refusing(2, &[2]).await;
    let letter = world.letter();
    let path = format!("/v1/dead-letters/{}", letter.id);
    let empty = world.ask("POST", &format!("{path}/discard"), Some(&json!({ "reason": "  " }))).await;
    assert_eq!(empty.body["code"], "reason_missing", "{empty:?}");
    assert_eq!(world.letter(), letter);

    let reason = json!({ "reason": "the customer has left" });
    let discarded = world.ask("POST", &format!("{path}/discard"), Some(&reason)).await;
    assert_eq!(discarded.status, 200, "{discarded:?}");
    let state = &discarded.body["state"];
    assert_eq!((&state["kind"], &state["reason"]), (&json!("discarded"), &reason["reason"]));
    let entries = world.audited("dead_letter.discarded");
    assert_eq!((entries.len(), &state["by"]), (1, &json!(entries[0].actor)));

    world.remote.mend();
    for (method, what, body) in [
        ("POST", "replay", None),
        ("POST", "replay?as_new=true", None),
        ("PUT", "body", Some(json!({ "body": { "n": 3 } }))),
        ("POST", "discard", Some(reason)),
    ] {
        let answer = world.ask(method, &format!("{path}/{what}"), body.as_ref()).await;
        assert_eq!(answer.refusal(), (409, "dead_letter_discarded"), "{what}: {answer:?}");
    }
    let plan = world.ask("POST", "/v1/replays", Some(&json!({ "dry_run": true }))).await;
    assert_eq!(plan.body["count"], 0, "{plan:?}");
    assert_eq!(world.remote.brought().len(), 2);
    assert_eq!((world.runs().len(), world.letters().len()), (1, 1));
}
