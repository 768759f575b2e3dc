//! Promise 11, used: a new version plays what calls of a profile left behind before it gets any call of its own.

use std::time::{Duration, Instant};

use lockgate::domain::Secret;
use lockgate::domain::cassette::{Cassette, Judgement, Mode, Verdict, Wanted};
use lockgate::{Host, Judgements, Quotas, Tenant};
use lockgate_tests::guests;
use serde_json::{Value, json};

use super::deterministic_inside::{HOUR_MS, SIGNING, played, recorded};
use crate::harness::{CANARY, Echo, call, profile, reaching};
use crate::versions::{as_version, patched};

/// A profile with an owner's consent, of which so many calls are recorded.
struct Recorded {
    echo: Echo,
    host: Host,
    tenant: Tenant,
}

impl Recorded {
    async fn new(calls: usize) -> Self {
        let echo = Echo::start().await;
        let host = reaching(&[&echo.url]).build().await.unwrap();
        let tenant = host.tenant("acme").unwrap();
        tenant.upload(guests::TAPED.to_vec()).await.unwrap();
        taped(&tenant, "taped", &echo.url).await;
        tenant.record_calls(&"taped".parse().unwrap(), Wanted::All, HOUR_MS).await.unwrap();
        for n in 0..calls {
            let called = call(&tenant, "taped", "work", json!({ "n": n, "boom": true })).await;
            assert!(called.results[0].is_ok(), "{called:?}");
        }
        Self { echo, host, tenant }
    }

    async fn judge(&self, version: &str, most: Option<usize>) -> Result<Judgements, lockgate::Error> {
        self.tenant.judge(&"taped".parse().unwrap(), Some(version), most).await
    }
}

async fn taped(tenant: &Tenant, name: &str, url: &str) {
    profile(tenant, name, "taped", url, CANARY, &["things:read"]).await;
    let secret = Secret::new(SIGNING);
    tenant.set_secret(&name.parse().unwrap(), &"signing".parse().unwrap(), secret).await.unwrap();
}

/// The guest as this version, with one text of it replaced.
fn later(version: &str, from: &str, to: &str) -> Vec<u8> {
    patched(&as_version(guests::TAPED, version), from, to, |_| true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_judged_by_what_it_sends_and_returns_and_nothing_is_reached_or_kept() {
    let recorded = Recorded::new(2).await;
    let (tenant, name) = (&recorded.tenant, "taped".parse().unwrap());
    let before =
        (recorded.echo.heads().len(), tenant.cassettes(None).unwrap(), tenant.profile(&name).unwrap());
    for (version, component, expected, place, outcome) in [
        ("0.2.0", as_version(guests::TAPED, "0.2.0"), Judgement::Same, None, "ok"),
        (
            "0.3.0",
            later("0.3.0", "x-order", "x-orden"),
            Judgement::RequestsDiffer,
            Some("/headers/0/0"),
            "ok",
        ),
        (
            "0.4.0",
            later("0.4.0", "sizes", "sizez"),
            Judgement::OutputsDiffer,
            Some("/results/0/output/sizes"),
            "ok",
        ),
        ("0.5.0", as_version(guests::TAPED_LATER, "0.5.0"), Judgement::Unrecorded, Some(""), "unknown"),
        ("0.6.0", later("0.6.0", "trap", "boom"), Judgement::Fails, Some(""), "trap"),
    ] {
        tenant.upload(component).await.unwrap();
        let judged = recorded.judge(version, None).await.unwrap();
        assert_eq!(
            (judged.in_use.to_string(), judged.version.to_string()),
            ("taped@0.1.0".into(), format!("taped@{version}"))
        );
        let said: Vec<_> = judged.cassettes.iter().map(|one| one.judged.judgement).collect();
        assert_eq!(said, [expected; 2], "{version}: {:?}", judged.cassettes);
        let verdict = if expected == Judgement::Same { Verdict::Same } else { Verdict::Differs };
        assert_eq!((judged.verdict, judged.tally.all(), judged.not_played), (verdict, 2, 0));
        for one in &judged.cassettes {
            let first = one.judged.differences.first().map(|difference| difference.place.as_str());
            assert_eq!((first, one.outcome), (place, outcome), "{version}: {:?}", one.judged.differences);
        }
        let told = format!("{judged:?}");
        assert!(!told.contains(CANARY) && !told.contains(SIGNING), "{told}");
    }
    let after =
        (recorded.echo.heads().len(), tenant.cassettes(None).unwrap(), tenant.profile(&name).unwrap());
    assert_eq!(before, after, "something was sent, kept or moved");
    let told = tenant.audit().entries(None, 500).unwrap().items;
    assert_eq!(told.iter().filter(|entry| entry.verb == "profile.judged").count(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_the_owner_of_this_profile_lets_be_recorded_is_played() {
    let recorded = Recorded::new(1).await;
    let (tenant, url) = (&recorded.tenant, &recorded.echo.url);
    let refused = async |tenant: &Tenant, name: &str| {
        tenant.judge(&name.parse().unwrap(), None, None).await.unwrap_err().code
    };
    taped(tenant, "other", url).await;
    assert_eq!(refused(tenant, "other").await, "not_recorded");
    tenant.record_calls(&"other".parse().unwrap(), Wanted::All, HOUR_MS).await.unwrap();
    assert_eq!(refused(tenant, "other").await, "nothing_to_judge", "with the calls of another profile");

    let globex = recorded.host.tenant("globex").unwrap();
    assert_eq!(refused(&globex, "taped").await, "not_found");
    globex.upload(guests::TAPED.to_vec()).await.unwrap();
    taped(&globex, "taped", url).await;
    globex.record_calls(&"taped".parse().unwrap(), Wanted::All, HOUR_MS).await.unwrap();
    assert_eq!(refused(&globex, "taped").await, "nothing_to_judge", "with the calls of another tenant");

    assert_eq!(recorded.judge("0.1.0", None).await.unwrap().verdict, Verdict::Same);
    tenant.stop_recording(&"taped".parse().unwrap()).await.unwrap();
    assert_eq!(refused(tenant, "taped").await, "recording_ended");
    assert_eq!(tenant.cassettes(None).unwrap().len(), 1, "it is kept still");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_judgement_is_bounded_and_takes_a_place_like_a_call() {
    let recorded = Recorded::new(3).await;
    let judged = recorded.judge("0.1.0", Some(2)).await.unwrap();
    assert_eq!((judged.cassettes.len(), judged.left_out, judged.verdict), (2, 1, Verdict::Same));
    let newest: Vec<_> = judged.cassettes.iter().map(|one| one.kept.id.clone()).collect();
    let kept: Vec<_> = recorded.tenant.cassettes(None).unwrap().into_iter().map(|kept| kept.id).collect();
    assert_eq!(newest, [kept[2].clone(), kept[1].clone()]);

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    let echo = Echo::start().await;
    let build = |quotas: Quotas| reaching(&[&echo.url]).data_dir(&data).quotas(quotas).build();
    let host = build(Quotas::default()).await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(guests::TAPED.to_vec()).await.unwrap();
    taped(&tenant, "taped", &echo.url).await;
    let name = "taped".parse().unwrap();
    tenant.record_calls(&name, Wanted::All, HOUR_MS).await.unwrap();
    call(&tenant, "taped", "work", json!({})).await;
    host.shutdown().await;
    drop((tenant, host));
    let host = build(Quotas { calls_at_once: 0, ..Quotas::default() }).await.unwrap();
    let refused = host.tenant("acme").unwrap().judge(&name, None, None).await.unwrap_err();
    assert_eq!(refused.code, "quota_exceeded", "{refused}");
}

/// The recorded call with another input: the guest sleeps longer than it did.
fn sleeping(file: &[u8], ms: u64) -> Vec<u8> {
    let mut cassette: Value = serde_json::from_slice(file).unwrap();
    let input = &mut cassette["call"]["run"]["inputs"][0]["body"];
    *input = json!(json!({ "sleep_ms": ms }).to_string());
    cassette.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_timer_of_a_played_call() {
    let (file, _) = recorded(json!({ "sleep_ms": 1 })).await;
    let wall_ms = Cassette::read(&file).unwrap().limits.wall_ms;
    let began = Instant::now();
    for mode in [Mode::Exact, Mode::Judge] {
        let slept = played(guests::TAPED, &sleeping(&file, wall_ms - 5_000), mode).await;
        assert_eq!(slept.outcome.code(), "ok", "{slept:?}");
        let overslept = played(guests::TAPED, &sleeping(&file, wall_ms + 5_000), mode).await;
        assert_eq!(overslept.outcome.code(), "wall_limit", "it ends where a call in real time would");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "somebody slept: {:?}", began.elapsed());
    let exact = played(guests::TAPED, &file, Mode::Exact).await;
    assert_eq!(exact.divergence, None);
    // The version that sleeps longer finds it later on the clock, after the last time that was recorded.
    let judged = played(guests::TAPED, &sleeping(&file, 5_000), Mode::Judge).await;
    assert_eq!(judged.judged.unwrap().judgement, Judgement::OutputsDiffer);
}
