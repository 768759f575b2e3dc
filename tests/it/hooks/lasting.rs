//! What was answered 200 is delivered, once, whatever happens between; and a secret changes without losing an event.

use lockgate::KeepOld;
use lockgate::domain::Secret;
use lockgate::domain::dead_letter::DeadLetterState;

use super::world::{OTHER, SECRET, Sending, World, shared};
use crate::harness::Echo;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_before_the_host_died_is_delivered_after_it_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::over(Echo::start().await, Some(folder.path())).await;
    world.flow("stripe").await;
    let flow = "stripe".parse().unwrap();
    let hook = world.hook("stripe").await;
    // Accepted, and not read: nothing has left the inbox when the host dies.
    world.tenant.enable_flow(&flow, false).await.unwrap();
    for n in 0..10 {
        let id = format!("evt-{n}");
        let body = format!(r#"{{"id":"{id}"}}"#);
        assert_eq!(world.send(&hook, "stripe", &id, body.as_bytes()).await, 200);
    }
    assert_eq!(world.echo.heads().len(), 0);
    let echo = world.end().await;

    let world = World::over(echo, Some(folder.path())).await;
    // The same event, from a sender that did not get its answer.
    assert_eq!(world.send(&hook, "stripe", "evt-3", br#"{"id":"evt-3"}"#).await, 200);
    world.tenant.enable_flow(&flow, true).await.unwrap();
    world.until("the events", |world| world.kept().len() >= 10).await;
    world.quiet().await;
    let mut kept = world.kept();
    kept.sort();
    assert_eq!(kept, (0..10).map(|n| format!("evt-{n}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_event_a_hundred_times_at_once_is_delivered_once() {
    let world = shared(World::new().await);
    world.flow("standard").await;
    let hook = world.hook("standard").await;
    let asked: Vec<_> = (0..100)
        .map(|_| {
            let (world, hook) = (world.clone(), hook.clone());
            tokio::spawn(async move { world.send(&hook, "standard", "msg_1", br#"{"id":"evt-1"}"#).await })
        })
        .collect();
    for one in asked {
        assert_eq!(one.await.unwrap(), 200);
    }
    world.until("the delivery", |world| !world.kept().is_empty()).await;
    world.quiet().await;
    assert_eq!((world.kept(), world.received()), (vec!["evt-1".to_owned()], 1));
    let notes = world.tenant.hook_notes(&hook.id).await.unwrap();
    assert_eq!((notes.accepted, notes.duplicates), (1, 99));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_secret_changes_both_are_good_and_then_one() {
    let world = World::new().await;
    world.flow("stripe").await;
    let hook = world.hook("stripe").await;
    let ask = async |secret: &str, id: &str| {
        let body = format!(r#"{{"id":"{id}"}}"#);
        let sending = Sending { trigger: "stripe", secret, id, body: body.as_bytes(), off_ms: 0 };
        world.post(&hook, &world.signed(&hook, &sending), body.as_bytes()).await.0
    };
    let rotate =
        |secret: &str, keep| world.tenant.rotate_hook_secret(&hook.id, Some(Secret::new(secret)), keep);
    assert_eq!((ask(SECRET, "a").await, ask(OTHER, "b").await), (200, 401));
    rotate(OTHER, KeepOld::UntilRetired).await.unwrap();
    assert_eq!((ask(SECRET, "c").await, ask(OTHER, "d").await), (200, 200));
    world.tenant.retire_hook_secret(&hook.id).await.unwrap();
    assert_eq!((ask(SECRET, "e").await, ask(OTHER, "f").await), (401, 200));
    // For a time that is over at once; and one that is not.
    rotate(SECRET, KeepOld::ForMs(1)).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    assert_eq!((ask(SECRET, "g").await, ask(OTHER, "h").await), (200, 401));
    rotate(OTHER, KeepOld::ForMs(600_000)).await.unwrap();
    assert_eq!((ask(SECRET, "i").await, ask(OTHER, "j").await), (200, 200));
    rotate(SECRET, KeepOld::No).await.unwrap();
    assert_eq!((ask(SECRET, "k").await, ask(OTHER, "l").await), (200, 401));
    // Made by the host: shown once, and used by its own sample.
    let made = world.tenant.rotate_hook_secret(&hook.id, None, KeepOld::No).await.unwrap();
    assert!(made.secret.is_some_and(|secret| secret.expose().starts_with(b"whsec_")));
    world.tenant.test_hook(&hook.id, None).await.unwrap();
    world.tenant.delete_hook(&hook.id).await.unwrap();
    assert_eq!(ask(SECRET, "m").await, 404);
    let names = world.tenant.secret_names(&"receiver".parse().unwrap()).unwrap();
    assert!(!names.iter().any(|name| name.as_str().starts_with("hook_")), "{names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_the_connector_cannot_read_is_kept_whole_and_can_be_replayed() {
    let world = World::new().await;
    world.flow("github").await;
    let hook = world.hook("github").await;
    let body = br#"{"id":"evt-1","note":"unreadable"}"#;
    assert_eq!(world.send(&hook, "github", "d-1", body).await, 200);
    world
        .until("the dead letter", |world| {
            !world.tenant.dead_letters(None, None, 10).unwrap().items.is_empty()
        })
        .await;
    world.quiet().await;
    let letter = world.tenant.dead_letters(None, None, 10).unwrap().items.remove(0);
    let event = letter.event.as_ref().expect("the event is kept");
    assert_eq!((event.body.0.as_slice(), event.event_id.as_deref()), (&body[..], Some("d-1")));
    assert!(event.headers.iter().all(|(name, _)| !name.contains("signature")), "{:?}", event.headers);
    let run = world.tenant.replay(&letter.id).await.unwrap();
    crate::harness::finished(&world.tenant, run).await;
    let letter = world.tenant.dead_letter(&letter.id).unwrap();
    assert_eq!((letter.state, letter.replays), (DeadLetterState::Parked, 1));
}
