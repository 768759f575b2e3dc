//! How runs begin, or do not.

use domain::Blame;
use domain::audit::Actor;
use domain::run::{Cause, RunStatus};

use super::bench::Bench;
use crate::error::PipelineError;
use crate::trigger::trigger;

#[tokio::test]
async fn of_many_triggers_at_once_one_makes_a_run() {
    let bench = Bench::new(&[&["a"]]).await;
    let room = bench.room();
    let triggers =
        (0..20).map(|_| trigger(&room, &bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None));
    let outcomes = futures_util::future::join_all(triggers).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(bench.runs().len(), 1);
    let open = bench.runs().remove(0).id;
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, PipelineError::RunOpen { run, .. } if run == open));
    }
}

#[tokio::test]
async fn an_unknown_or_disabled_flow_is_refused_and_leaves_nothing() {
    let bench = Bench::new(&[]).await;
    let room = bench.room();
    let unknown =
        trigger(&room, &bench.tenant, &"other".parse().unwrap(), Cause::Manual, &Actor::Library, None)
            .await
            .unwrap_err();
    assert_eq!((unknown.code(), unknown.blame()), ("unknown_flow", Blame::Operator));
    let foreign =
        trigger(&room, &"foreign".parse().unwrap(), &bench.flow, Cause::Manual, &Actor::Library, None)
            .await
            .unwrap_err();
    assert_eq!(foreign.code(), "unknown_flow");
    bench.change_flow(|flow| flow.enabled = false).await;
    let disabled =
        trigger(&room, &bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap_err();
    assert_eq!(disabled.code(), "flow_disabled");
    assert!(bench.runs().is_empty());
}

#[tokio::test]
async fn a_flow_that_cannot_begin_leaves_a_blocked_run_with_the_reason() {
    let bench = Bench::new(&[&["a"]]).await;
    for (code, name) in [("profile_disabled", "crm"), ("grant_missing", "bill")] {
        bench
            .change_profile(name, |profile| {
                (profile.enabled, profile.grant.hosts) = (code != "profile_disabled", Default::default());
            })
            .await;
        let id = bench.trigger().await;
        let run = bench.run(&id);
        let failure = run.failure.clone().unwrap();
        assert_eq!(
            (run.status, failure.code.as_str(), failure.blame),
            (RunStatus::Blocked, code, Blame::Operator)
        );
        assert!(run.finished_at.is_some());
        assert_eq!(bench.work(&id).await, run, "nobody works on it");
        bench.change_profile(name, |profile| *profile = bench_profile(profile)).await;
    }
    bench.change_flow(|flow| flow.destination.action = "refund".to_owned()).await;
    let id = bench.trigger().await;
    assert_eq!(bench.run(&id).failure.unwrap().code, "unknown_action");
}

fn bench_profile(profile: &domain::profile::Profile) -> domain::profile::Profile {
    let mut ready = profile.clone();
    ready.enabled = true;
    ready.grant.hosts =
        [serde_json::from_value(serde_json::json!("https://api.example.com")).unwrap()].into();
    ready
}

#[tokio::test]
async fn a_schedule_that_stays_blocked_does_not_fill_the_list_of_runs() {
    let bench = Bench::new(&[&["a"]]).await;
    bench.change_profile("crm", |profile| profile.enabled = false).await;
    let room = bench.room();
    for _ in 0..5 {
        trigger(&room, &bench.tenant, &bench.flow, Cause::Schedule, &Actor::Library, None).await.unwrap();
    }
    assert_eq!(bench.runs().len(), 1);
    trigger(&room, &bench.tenant, &bench.flow, Cause::Manual, &Actor::Library, None).await.unwrap();
    assert_eq!(bench.runs().len(), 2);
}
