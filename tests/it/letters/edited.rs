//! A dead letter whose body a person writes anew: judged, audited, and delivered in the place of the original.

use lockgate::domain::dead_letter::DeadLetterState;
use lockgate_tests::guests;
use serde_json::json;

use super::world::World;
use crate::harness::profile;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_body_is_delivered_under_the_key_of_the_original_which_stays_beside_it() {
    let world = World::refusing(3, &[2]).await;
    let letter = world.letter();
    let path = format!("/v1/dead-letters/{}", letter.id);
    let body = json!({ "n": 1002, "by": "hand" });
    let edited = world.ask("PUT", &format!("{path}/body"), Some(&json!({ "body": body }))).await;
    assert_eq!(edited.status, 200, "{edited:?}");
    assert_eq!((&edited.body["body"], &edited.body["edited"]["body"]), (&json!({ "n": 2 }), &body));
    assert_eq!(world.ask("GET", &path, None).await.body["edited"]["body"], body);
    let entries = world.audited("dead_letter.edited");
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].subject.name.as_str(), &entries[0].changed),
        (letter.id.as_str(), &vec!["body".to_owned()])
    );
    assert_eq!(edited.body["edited"]["by"], entries[0].actor.as_str());

    let run = world.ask("POST", &format!("{path}/replay"), None).await;
    assert_eq!(run.status, 202, "{run:?}");
    assert_eq!(world.ended(&run).await.counts.delivered, 1);
    let brought = world.remote.brought();
    let last = brought.last().unwrap();
    assert_eq!((&last.body, last.key()), (&body, letter.idempotency_key.as_str()));
    assert_eq!(brought.len(), 4, "{brought:?}");
    assert!(matches!(world.letter().state, DeadLetterState::Resolved { .. }));
    // What was delivered is not edited any more.
    let late = world.ask("PUT", &format!("{path}/body"), Some(&json!({ "body": {} }))).await;
    assert_eq!(late.refusal(), (409, "dead_letter_resolved"), "{late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_the_destination_does_not_take_is_refused_and_changes_nothing() {
    let world = World::new().await;
    world.tenant.upload(guests::PROBER.to_vec()).await.unwrap();
    let url = world.remote.url.clone();
    profile(&world.tenant, "probe", "prober", &url, "a-token-of-the-remote", &["things:read"]).await;
    world.remote.offer(1);
    // The action needs a url, and the record has none.
    world.flow_to("fetches", None, "probe", "fetch").await;
    world.run("fetches").await;
    let letter = world.letter();
    let path = format!("/v1/dead-letters/{}", letter.id);
    assert_eq!(world.ask("GET", &path, None).await.body["step"], "input");

    for body in [json!({ "n": 2 }), json!({ "url": 7 }), json!([]), json!(null)] {
        let answer = world.ask("PUT", &format!("{path}/body"), Some(&json!({ "body": body }))).await;
        assert_eq!(answer.refusal(), (422, "edit_refused"), "{body}: {answer:?}");
    }
    assert_eq!(world.letter(), letter);
    assert!(world.audited("dead_letter.edited").is_empty());

    let good = json!({ "body": { "url": format!("{url}/things") } });
    assert_eq!(world.ask("PUT", &format!("{path}/body"), Some(&good)).await.status, 200);
    let asked = world.remote.asked().len();
    let run = world.ask("POST", &format!("{path}/replay"), None).await;
    assert_eq!(world.ended(&run).await.counts.delivered, 1);
    assert_eq!(world.remote.asked().len(), asked + 1, "it did not reach the remote once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_the_mapping_drops_or_cannot_read_is_refused() {
    let world = World::new().await;
    world.remote.offer(1);
    world.remote.answer(101, 422);
    world.flow("things", Some("select(.n != 7) | { n: (.n + 100) }")).await;
    world.run("things").await;
    let letter = world.letter();
    let path = format!("/v1/dead-letters/{}", letter.id);
    for body in [json!({ "n": 7 }), json!({ "n": "text" }), json!("text")] {
        let answer = world.ask("PUT", &format!("{path}/body"), Some(&json!({ "body": body }))).await;
        assert_eq!(answer.refusal(), (422, "edit_refused"), "{body}: {answer:?}");
    }
    let good = json!({ "body": { "n": 8 } });
    assert_eq!(world.ask("PUT", &format!("{path}/body"), Some(&good)).await.status, 200);
    let run = world.ask("POST", &format!("{path}/replay"), None).await;
    world.ended(&run).await;
    // It went the whole way of a record.
    assert_eq!(world.remote.brought().last().unwrap().n(), Some(108));
}
