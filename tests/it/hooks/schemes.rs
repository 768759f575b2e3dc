//! Every scheme through the real server into the remote, and Slack's handshake.

use super::world::{OTHER, SECRET, Sending, TRIGGERS, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_every_scheme_reaches_the_remote_once() {
    let world = World::new().await;
    for trigger in TRIGGERS {
        world.flow(trigger).await;
        let hook = world.hook(trigger).await;
        let id = format!("evt-{trigger}");
        let body = format!(r#"{{"id":"{id}","event_id":"{id}"}}"#);
        assert_eq!(world.send(&hook, trigger, &id, body.as_bytes()).await, 200, "{trigger}");
        world.until(trigger, |world| world.kept().contains(&id)).await;
        // The vendor did not hear us, and sends it again, signed anew.
        assert_eq!(world.send(&hook, trigger, &id, body.as_bytes()).await, 200, "{trigger}");
        let notes = world.tenant.hook_notes(&hook.id).await.unwrap();
        assert_eq!(notes.accepted + notes.duplicates, 2, "{trigger}");
    }
    world.quiet().await;
    // A scheme whose requests name no event is known by body and time: signed a second later, it is another one. The
    // record is the same, so the remote is handed it once all the same.
    assert_eq!(world.kept().len(), TRIGGERS.len(), "{:?}", world.kept());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_starts_nothing_and_is_told_nothing() {
    let world = World::new().await;
    let body = br#"{"id":"evt-1"}"#;
    for trigger in TRIGGERS {
        world.flow(trigger).await;
        let hook = world.hook(trigger).await;
        let sending = Sending { trigger, secret: SECRET, id: "evt-1", body, off_ms: 0 };
        let good = world.signed(&hook, &sending);
        let wrong = world.signed(&hook, &Sending { secret: OTHER, ..sending });
        let mut twice = good.clone();
        twice.extend(good.clone());
        let flipped = br#"{"id":"evt-2"}"#;
        let mut answers = Vec::new();
        for (headers, body) in [
            (&Vec::new(), &body[..]),
            (&wrong, &body[..]),
            (&good, &flipped[..]),
            (&good, &b""[..]),
            (&twice, &body[..]),
        ] {
            let (status, _, text) = world.post(&hook, headers, body).await;
            assert_eq!(status, 401, "{trigger}: {text}");
            answers.push(text);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "the answers differ: {answers:?}");
        assert!(!answers[0].contains("signature") && !answers[0].contains(trigger), "{answers:?}");
        let notes = world.tenant.hook_notes(&hook.id).await.unwrap();
        assert_eq!(notes.refused.values().sum::<u64>(), 5, "{trigger}: {notes:?}");
        assert!(notes.refusals.iter().all(|refusal| refusal.from == "127.0.0.1"), "{notes:?}");
    }
    assert_eq!((world.received(), world.runs(), world.kept().len()), (0, 0, 0));
    assert_eq!(world.host.gauges().sandbox.calls, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_off_by_more_than_five_minutes_are_refused() {
    let world = World::new().await;
    let body = br#"{"id":"evt-1"}"#;
    for trigger in ["standard", "stripe", "slack", "hubspot", "generic"] {
        world.flow(trigger).await;
        let hook = world.hook(trigger).await;
        for (off_ms, status) in [(-310_000, 401), (310_000, 401), (-290_000, 200), (290_000, 200)] {
            let id = format!("evt{off_ms}");
            let sending = Sending { trigger, secret: SECRET, id: &id, body, off_ms };
            let answer = world.post(&hook, &world.signed(&hook, &sending), body).await;
            assert_eq!(answer.0, status, "{trigger} {off_ms}");
        }
        let refused = world.tenant.hook_notes(&hook.id).await.unwrap().refused;
        assert_eq!((refused["too_old"], refused["too_new"]), (1, 1), "{trigger}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_gets_its_challenge_back_after_a_good_signature_only() {
    let world = World::new().await;
    let hook = world.hook("slack").await;
    let body =
        br#"{"type":"url_verification","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"#;
    let sending = Sending { trigger: "slack", secret: SECRET, id: "", body, off_ms: 0 };
    // There is no flow yet, and nothing to be taken: the handshake comes first.
    let (status, _, text) = world.post(&hook, &world.signed(&hook, &sending), body).await;
    assert_eq!((status, text.as_str()), (200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"));
    let wrong = world.signed(&hook, &Sending { secret: OTHER, ..sending });
    let (status, _, text) = world.post(&hook, &wrong, body).await;
    assert_eq!(status, 401);
    assert!(!text.contains("3eZ"), "{text}");

    // A form that Slack wants an empty answer to.
    world.flow("slack").await;
    let form = b"payload=%7B%22type%22%3A%22view_submission%22%7D";
    let headers = world.signed(&hook, &Sending { body: form, ..sending });
    assert_eq!(world.post(&hook, &headers, form).await, (200, None, String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_of_the_sender_reaches_the_run() {
    let world = World::new().await;
    world.flow("github").await;
    let hook = world.hook("github").await;
    let body = br#"{"id":"evt-1"}"#;
    let mut headers =
        world.signed(&hook, &Sending { trigger: "github", secret: SECRET, id: "d-1", body, off_ms: 0 });
    let trace = "0af7651916cd43dd8448eb211c80319c";
    headers.push(("traceparent".to_owned(), format!("00-{trace}-b7ad6b7169203331-01").into_bytes()));
    headers.push(("authorization".to_owned(), b"Bearer not-for-the-guest".to_vec()));
    assert_eq!(world.post(&hook, &headers, body).await.0, 200);
    world.until("the delivery", |world| world.kept().len() == 1).await;
    let runs = world.tenant.runs(lockgate::RunsOf::default(), 10).unwrap().items;
    assert_eq!(runs[0].correlation.as_str(), trace);
    assert!(world.echo.heads().iter().any(|head| head.contains(trace)), "{:?}", world.echo.heads());
}
