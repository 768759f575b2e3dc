//! The way back of a dead letter.

use domain::audit::Actor;
use domain::call::GuestError;
use domain::dead_letter::{DeadLetter, DeadLetterState};
use domain::flow::Seen;
use domain::run::{Cause, RunStatus};

use super::bench::Bench;
use super::script::Does;
use crate::error::PipelineError;
use crate::replay::{How, replay};

/// A flow whose only record has become a dead letter.
async fn buried() -> (Bench, DeadLetter) {
    let bench = Bench::new(&[&["a"]]).await;
    *bench.script.otherwise.lock().unwrap() = Some(Does::Says(GuestError::Permanent("no".to_owned())));
    bench.once().await;
    let letter = bench.letters().remove(0);
    (bench, letter)
}

#[tokio::test]
async fn a_replay_delivers_the_record_under_its_old_key_and_resolves_the_dead_letter() {
    let (bench, letter) = buried().await;
    *bench.script.otherwise.lock().unwrap() = None;
    let id = replay(&bench.room(), &bench.tenant, &letter.id, &Actor::Library, How::default()).await.unwrap();
    assert_eq!(
        bench.letters().remove(0).state,
        DeadLetterState::Replaying { run: id.clone(), by: Some("library".to_owned()) }
    );
    let run = bench.work(&id).await;
    assert_eq!((run.cause, run.status), (Cause::Replay, RunStatus::Succeeded));
    assert_eq!((run.counts.read, run.counts.delivered), (1, 1));
    let keys: Vec<String> = bench.script.handed_over().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [letter.idempotency_key.clone(), letter.idempotency_key.clone()]);
    let resolved = bench.letters().remove(0);
    assert!(matches!(&resolved.state, DeadLetterState::Resolved { run, .. } if *run == id));
    assert_eq!(resolved.attempts.iter().map(|attempt| attempt.n).collect::<Vec<_>>(), [1, 2]);
    assert!(matches!(bench.seen("a"), Some(Seen::Delivered { .. })));
    let again =
        replay(&bench.room(), &bench.tenant, &letter.id, &Actor::Library, How::default()).await.unwrap_err();
    assert!(matches!(again, PipelineError::Resolved { .. }));
}

#[tokio::test]
async fn a_replay_that_fails_parks_the_same_dead_letter_again() {
    let (bench, letter) = buried().await;
    let id = replay(&bench.room(), &bench.tenant, &letter.id, &Actor::Library, How::default()).await.unwrap();
    let run = bench.work(&id).await;
    assert_eq!((run.status, run.counts.dead_lettered), (RunStatus::Partial, 1));
    let letters = bench.letters();
    let parked = letters.first().unwrap();
    assert_eq!((letters.len(), &parked.id, &parked.state), (1, &letter.id, &DeadLetterState::Parked));
    assert_eq!((parked.attempts.len(), parked.buried_at), (2, letter.buried_at));
    assert!(bench.parcels().is_empty());
}

#[tokio::test]
async fn of_two_replays_at_once_one_is_refused() {
    let (bench, letter) = buried().await;
    let room = bench.room();
    let both = tokio::join!(
        replay(&room, &bench.tenant, &letter.id, &Actor::Library, How::default()),
        replay(&room, &bench.tenant, &letter.id, &Actor::Library, How::default())
    );
    let (ok, refused) = match both {
        (Ok(run), Err(error)) | (Err(error), Ok(run)) => (run, error),
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused, PipelineError::Replaying { run, .. } if run == ok));
    assert_eq!(bench.parcels().len(), 1);
}

#[tokio::test]
async fn a_replay_and_a_run_of_the_same_flow_keep_out_of_each_others_way() {
    let (bench, letter) = buried().await;
    *bench.script.otherwise.lock().unwrap() = None;
    *bench.script.pages.lock().unwrap() =
        vec![super::script::page(&["a"], 1, true), super::script::page(&["b", "c"], 2, false)];
    let ordinary = bench.trigger().await;
    let replayed =
        replay(&bench.room(), &bench.tenant, &letter.id, &Actor::Library, How::default()).await.unwrap();
    let (ordinary, replayed) = tokio::join!(bench.work(&ordinary), bench.work(&replayed));
    assert_eq!((ordinary.status, ordinary.counts.delivered), (RunStatus::Succeeded, 2));
    assert_eq!((replayed.status, replayed.counts.delivered), (RunStatus::Succeeded, 1));
}

#[tokio::test]
async fn a_replay_to_a_disabled_profile_is_recorded_as_blocked_and_changes_nothing() {
    let (bench, letter) = buried().await;
    bench.change_profile("bill", |profile| profile.enabled = false).await;
    let id = replay(&bench.room(), &bench.tenant, &letter.id, &Actor::Library, How::default()).await.unwrap();
    assert_eq!(bench.run(&id).status, RunStatus::Blocked);
    assert_eq!(bench.letters().remove(0), letter);
    let unknown =
        replay(&bench.room(), &"other".parse().unwrap(), &letter.id, &Actor::Library, How::default())
            .await
            .unwrap_err();
    assert_eq!(unknown.code(), "unknown_dead_letter");
}

#[tokio::test]
async fn a_record_that_comes_back_each_time_is_not_replayed_for_ever() {
    let (mut bench, letter) = buried().await;
    bench.options.replays_max = 2;
    for replays in 1..=2 {
        let id =
            replay(&bench.room(), &bench.tenant, &letter.id, &Actor::Library, How::default()).await.unwrap();
        assert_eq!(bench.work(&id).await.status, RunStatus::Partial);
        assert_eq!(bench.letters().remove(0).replays, replays);
    }
    let handed_over = bench.script.handed_over().len();
    let refused =
        replay(&bench.room(), &bench.tenant, &letter.id, &Actor::Library, How::default()).await.unwrap_err();
    assert_eq!(refused.code(), "replays_exhausted");
    assert!(matches!(refused, PipelineError::ReplayedTooOften { replays: 2, .. }));
    assert_eq!(bench.letters().remove(0).state, DeadLetterState::Parked);
    assert_eq!((bench.script.handed_over().len(), bench.parcels().len()), (handed_over, 0));
}
