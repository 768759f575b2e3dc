//! Where a record is, asked by its key, whatever became of it and whichever flows read it.

use lockgate::domain::Secret;
use serde_json::{Value, json};

use super::world::{HOUR_MS, World};

async fn find(world: &World, query: &str) -> Vec<Value> {
    let answer = world.ask("GET", &format!("/v1/records?{query}"), None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["items"].as_array().unwrap().clone()
}

/// What a search has found: flow and place, by flow.
async fn places(world: &World, query: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = find(world, query).await;
    found.iter().map(|item| (text(&item["flow"]), text(&item["place"]["kind"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(flow, place)| ((*flow).to_owned(), (*place).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_found_wherever_it_is_and_in_every_flow() {
    let world = World::new().await;
    world.remote.offer(4);
    world.remote.answer(2, 422);
    world.remote.answer(4, 503);
    world.flow("one", Some("select(.n != 3)")).await;
    world.flow("two", None).await;
    for flow in ["one", "two"] {
        world.tenant.run_flow(&flow.parse().unwrap()).await.unwrap();
    }
    // The last one is tried, and waits for its second attempt: the clock stands.
    let record = "r-4";
    world
        .until("the first attempt of all", |world| {
            let found = world.tenant.find_records(record, false, None).unwrap().records;
            found.len() == 2 && found.iter().all(|found| found.attempts_made == 1)
        })
        .await;

    assert_eq!(places(&world, "key=r-1").await, pairs(&[("one", "delivered"), ("two", "delivered")]));
    assert_eq!(places(&world, "key=r-2").await, pairs(&[("one", "dead_letter"), ("two", "dead_letter")]));
    assert_eq!(places(&world, "key=r-3").await, pairs(&[("one", "skipped"), ("two", "delivered")]));
    assert_eq!(places(&world, "key=r-4").await, pairs(&[("one", "waiting"), ("two", "waiting")]));
    assert_eq!(places(&world, "key=r-3&flow=two").await, pairs(&[("two", "delivered")]));
    assert_eq!(find(&world, "key=r-&beginning=true").await.len(), 8);
    for nothing in ["key=r-5", "key=r-", "key=r-1&flow=three"] {
        assert!(find(&world, nothing).await.is_empty(), "{nothing}");
    }

    let delivered = &find(&world, "key=r-1&flow=one").await[0];
    let brought = world.remote.brought();
    let keys: Vec<_> = brought.iter().filter(|asked| asked.n() == Some(1)).map(|asked| asked.key()).collect();
    assert!(keys.contains(&delivered["idempotency_key"].as_str().unwrap()), "{keys:?}: {delivered}");
    assert_eq!((&delivered["place"]["status"], &delivered["attempts_made"]), (&json!(200), &json!(1)));
    assert_eq!(delivered["attempts"].as_array().unwrap().len(), 1, "{delivered}");

    let dead = &find(&world, "key=r-2&flow=two").await[0];
    let letters = world.letters();
    let letter = letters.iter().find(|letter| letter.flow.as_str() == "two").unwrap();
    assert_eq!(dead["place"]["id"], letter.id.as_str());
    assert_eq!(dead["place"]["state"]["kind"], "parked");

    let waiting = &find(&world, "key=r-4&flow=one").await[0];
    let next = waiting["place"]["next_at"].as_str().unwrap();
    assert!(next > world.host.now().to_string().as_str(), "{waiting}");
    assert_eq!(waiting["attempts"][0]["status"], 503, "{waiting}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_was_waiting_or_dead_is_found_delivered_afterwards_with_its_attempts() {
    let world = World::new().await;
    world.remote.offer(2);
    world.remote.answer(1, 422);
    world.remote.answer(2, 503);
    world.flow("one", None).await;
    world.tenant.run_flow(&"one".parse().unwrap()).await.unwrap();
    world
        .until("the first attempt", |world| {
            let found = world.tenant.find_records("r-2", false, None).unwrap().records;
            found.first().is_some_and(|found| found.attempts_made == 1)
        })
        .await;
    world.remote.mend();
    let to = "to".parse().unwrap();
    let version = world.tenant.profile(&to).unwrap().credential.version;
    world.tenant.set_credential(&to, Secret::new("a-token-of-the-remote")).await.unwrap();
    // More than the wait and what may be added to it.
    world.pass(2 * HOUR_MS);
    world.quiet().await;
    let late = &find(&world, "key=r-2").await[0];
    assert_eq!((&late["place"]["kind"], &late["attempts_made"]), (&json!("delivered"), &json!(2)), "{late}");
    let statuses: Vec<_> = late["attempts"].as_array().unwrap().iter().map(|made| &made["status"]).collect();
    assert_eq!(statuses, [&json!(503), &json!(200)], "{late}");
    let with = late["attempts"].as_array().unwrap().iter().map(|made| made["credential_version"].as_u64());
    assert!(with.eq([Some(version), Some(version + 1)]), "each with the credential of its time: {late}");

    let path = format!("/v1/dead-letters/{}", world.letter().id);
    assert_eq!(
        world.ask("GET", &path, None).await.body["flow_version"],
        1,
        "the one that it was given up by"
    );
    let run = world.ask("POST", &format!("{path}/replay"), None).await;
    world.ended(&run).await;
    let replayed = &find(&world, "key=r-1").await[0];
    assert_eq!((&replayed["place"]["kind"], &replayed["run"]), (&json!("delivered"), &run.body["id"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_without_a_key_or_with_one_that_cannot_be_is_refused() {
    let world = World::new().await;
    let bare = world.ask("GET", "/v1/records", None).await;
    assert_eq!(bare.refusal(), (400, "invalid_query"), "{bare:?}");
    let long = "k".repeat(5_000);
    for query in ["key=", "key=%00", "key=a&flow=..", "key=a&beginning=perhaps", &format!("key={long}")] {
        let answer = world.ask("GET", &format!("/v1/records?{query}"), None).await;
        assert_eq!(answer.status, 400, "{query:.40}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_records_are_all_there_are_and_of_more_that_is_said() {
    let world = World::new().await;
    world.remote.offer(100);
    world.flow("one", Some("empty")).await;
    world.run("one").await;
    let found = world.ask("GET", "/v1/records?key=r-&beginning=true", None).await.body;
    assert_eq!((found["items"].as_array().unwrap().len(), &found["more"]), (100, &json!(false)));
    world.remote.offer(101);
    world.run("one").await;
    let found = world.ask("GET", "/v1/records?key=r-&beginning=true", None).await.body;
    assert_eq!((found["items"].as_array().unwrap().len(), &found["more"]), (100, &json!(true)));
}
