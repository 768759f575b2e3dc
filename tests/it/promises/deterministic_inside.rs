//! Promise 11: everything that is not determined is a host call, so a call can be recorded and replayed bit for bit.

use std::sync::Arc;

use lockgate::domain::Secret;
use lockgate::domain::call::Input;
use lockgate::domain::cassette::{
    Answer, Asked, Cassette, InvalidCassette, Judgement, KEPT_MAX, Mode, Outcome, Wanted,
};
use lockgate::domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use lockgate::{AuthChoice, Host, NewFlow, NewProfile, Played, Tenant};
use lockgate_tests::guests;
use serde_json::{Value, json};

use crate::harness::{CANARY, Echo, Probed, compiled, finished, profile, reaching};

pub(super) const SIGNING: &str = "signing-secret-5d0c1e77";
pub(super) const HOUR_MS: u64 = 3_600_000;

/// A call of the guest that uses everything, recorded: the cassette's file, and what the guest really answered.
pub(super) async fn recorded(input: Value) -> (Vec<u8>, Option<Value>) {
    let echo = Echo::start().await;
    let host = reaching(&[&echo.url]).record_everything().build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(guests::TAPED.to_vec()).await.unwrap();
    profile(&tenant, "taped", "taped", &echo.url, CANARY, &["things:read"]).await;
    let name = "taped".parse().unwrap();
    tenant.set_secret(&name, &"signing".parse().unwrap(), Secret::new(SIGNING)).await.unwrap();
    let input = Input { key: "k".to_owned(), body: input.to_string() };
    let report = tenant.rehearse_run(&name, "work", &[input]).await.unwrap();
    let real = report.outcome.ok().map(|results| {
        serde_json::from_str(results.into_iter().next().unwrap().as_ref().expect("it works")).unwrap()
    });
    assert!(tenant.cassettes(None).unwrap().is_empty(), "a rehearsal keeps nothing");
    (report.cassette.expect("everything is recorded").write(), real)
}

/// Another machine, which knows nothing and reaches nothing.
async fn laptop() -> Host {
    Host::builder().artefacts(compiled()).build().await.unwrap()
}

pub(super) async fn played(component: &[u8], file: &[u8], mode: Mode) -> Played {
    let host = laptop().await;
    let component = host.component(component.to_vec()).await.unwrap();
    host.play(&component, Arc::new(Cassette::read(file).unwrap()), mode).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_depends_on_everything_outside_is_replayed_bit_for_bit() {
    let (file, _) = recorded(json!({ "n": 1 })).await;
    let cassette = Cassette::read(&file).unwrap();
    let has =
        |wanted: fn(&Asked) -> bool| cassette.host_calls.iter().any(|host_call| wanted(&host_call.asked));
    assert!(has(|asked| matches!(asked, Asked::Send(_))) && has(|asked| matches!(asked, Asked::SendAll(_))));
    assert!(
        has(|asked| matches!(asked, Asked::Hmac { .. }))
            && has(|asked| matches!(asked, Asked::Random { .. }))
    );
    assert!(has(|asked| *asked == Asked::WallClock) && has(|asked| *asked == Asked::MonotonicClock));
    assert!(
        has(|asked| matches!(asked, Asked::Stdio { .. })) && has(|asked| matches!(asked, Asked::Log { .. }))
    );
    for _ in 0..2 {
        let played = played(guests::TAPED, &file, Mode::Exact).await;
        assert_eq!(played.divergence, None);
        assert_eq!(played.outcome.code(), "ok");
        assert_eq!(played.usage.requests, 0, "nothing went out");
    }
    // What the clock said then is what the replay said: the outputs are equal, and they hold the time.
    assert!(matches!(&cassette.outcome, Outcome::Results(results) if results.len() == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_trapped_traps_again_in_its_replay() {
    let (file, real) = recorded(json!({ "trap": true })).await;
    assert!(real.is_none());
    let played = played(guests::TAPED, &file, Mode::Exact).await;
    assert_eq!((played.divergence, played.outcome.code()), (None, "trap"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_difference_of_another_version_is_pointed_at_exactly() {
    let (file, _) = recorded(json!({})).await;
    let exact = played(guests::TAPED_LATER, &file, Mode::Exact).await;
    let divergence = exact.divergence.expect("it asks for something else");
    assert_eq!(divergence.place, "/send_all/1/url");
    assert!(
        divergence.expected.contains("/things/2") && divergence.got.contains("/things/3"),
        "{divergence}"
    );
    let cassette = Cassette::read(&file).unwrap();
    let asked = &cassette.host_calls[divergence.host_call.unwrap()].asked;
    assert!(matches!(asked, Asked::SendAll(_)));

    let judged = played(guests::TAPED_LATER, &file, Mode::Judge).await.judged.unwrap();
    assert_eq!(judged.judgement, Judgement::Unrecorded, "what it would be answered is on no tape");
    let same = played(guests::TAPED, &file, Mode::Judge).await.judged.unwrap();
    assert_eq!((same.judgement, same.differences), (Judgement::Same, Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_difference_in_what_was_recorded_is_found_at_its_place() {
    let (file, _) = recorded(json!({})).await;
    let mut changed = Cassette::read(&file).unwrap();
    for host_call in &mut changed.host_calls {
        if let (Asked::WallClock, Answer::Time(time)) = (&host_call.asked, &mut host_call.answer) {
            *time += 1;
        }
    }
    // The guest signs another time: the first host call that shows it is where the replay ends.
    let divergence = played(guests::TAPED, &changed.write(), Mode::Exact).await.divergence.unwrap();
    assert_eq!(divergence.place, "/hmac/data");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_and_nothing_that_was_made_with_one_is_in_a_cassette() {
    let (file, real) = recorded(json!({ "password": "hunter2-hunter2" })).await;
    let (file, real) = (String::from_utf8(file).unwrap(), real.unwrap());
    // The remote says back whatever it was sent, the credential included.
    assert!(file.contains("authorization"), "the echo is in it, masked");
    let made = [real["signature"].as_str().unwrap(), real["print"].as_str().unwrap()];
    for secret in [CANARY, SIGNING, "hunter2-hunter2"].into_iter().chain(made) {
        assert!(secret.len() >= 15 && !file.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_s_file_ends_in_a_value_whatever_it_says() {
    let (file, _) = recorded(json!({})).await;
    let good = Cassette::read(&file).unwrap();
    let host = laptop().await;
    let component = host.component(guests::TAPED.to_vec()).await.unwrap();
    let play = async |cassette: Cassette| host.play(&component, Arc::new(cassette), Mode::Exact).await;
    // Another kind of answer at every place, one after the other.
    for at in 0..good.host_calls.len() {
        for answer in
            [Answer::Done, Answer::Http(Vec::new()), Answer::Time(u64::MAX), Answer::Text("x".into())]
        {
            let mut wrong = good.clone();
            wrong.host_calls[at].answer = answer;
            play(wrong).await.unwrap();
        }
    }
    let mut limits = good.clone();
    limits.limits.memory_bytes = u64::MAX;
    limits.limits.wall_ms = 0;
    limits.limits.handles = u64::MAX;
    assert_eq!(play(limits).await.unwrap().divergence, None);
    let truncated = Cassette { truncated: true, ..good };
    assert_eq!(play(truncated).await.unwrap_err().code, "cassette_unplayable");
    assert!(matches!(Cassette::read(b"{\"cassette\":9}"), Err(InvalidCassette::Version { .. })));
}

async fn failing(tenant: &Tenant) {
    let input = json!({ "class": "permanent", "note": "zebra-on-the-disk" });
    let called = tenant.call(&"probe".parse().unwrap(), "fail", vec![input], None).await.unwrap();
    assert!(called.results[0].is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_consent_nothing_is_kept_and_with_one_what_it_says_until_it_ends() {
    let probed = Probed::new().await;
    let (tenant, name) = (&probed.tenant, "probe".parse().unwrap());
    let kept = || tenant.cassettes(Some(&"probe".parse().unwrap())).unwrap().len();
    failing(tenant).await;
    assert_eq!(kept(), 0);
    assert_eq!(tenant.recording(&name).unwrap_err().code, "not_recorded");

    tenant.record_calls(&name, Wanted::Failures, HOUR_MS).await.unwrap();
    probed.ask("echo", json!({})).await;
    assert_eq!(kept(), 0, "a call that works is not what was consented to");
    failing(tenant).await;
    assert_eq!(kept(), 1);
    tenant.record_calls(&name, Wanted::All, HOUR_MS).await.unwrap();
    probed.ask("echo", json!({})).await;
    assert_eq!(kept(), 2);

    tenant.stop_recording(&name).await.unwrap();
    failing(tenant).await;
    assert_eq!(kept(), 2);
    tenant.record_calls(&name, Wanted::All, 1).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    failing(tenant).await;
    assert_eq!(kept(), 2, "a consent ends by itself");

    let verbs: Vec<String> = tenant
        .audit()
        .behind(0, 500)
        .unwrap()
        .into_iter()
        .map(|entry| entry.verb)
        .filter(|verb| verb.contains("record"))
        .collect();
    assert_eq!(verbs.len(), 4, "{verbs:?}");

    tenant.delete_profile(&name).await.unwrap();
    assert_eq!(kept(), 0, "they go with the profile");
    assert!(tenant.cassettes(None).unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_is_bounded_and_the_oldest_makes_room() {
    let probed = Probed::new().await;
    let (tenant, name) = (&probed.tenant, "probe".parse().unwrap());
    tenant.record_calls(&name, Wanted::All, HOUR_MS).await.unwrap();
    for n in 0..KEPT_MAX + 3 {
        probed.ask("echo", json!({ "n": n })).await;
    }
    let kept = tenant.cassettes(None).unwrap();
    assert_eq!(kept.len(), KEPT_MAX);
    let newest = tenant.cassette(&kept.last().unwrap().id).await.unwrap();
    assert!(String::from_utf8(newest.write()).unwrap().contains(&format!("\\\"n\\\":{}", KEPT_MAX + 2)));
    // More than one cassette may hold: what was asked is there, and that it cannot be played.
    probed.ask("echo", json!({ "much": "x".repeat(3 << 20) })).await;
    let kept = tenant.cassettes(None).unwrap();
    let large = kept.last().unwrap();
    assert!(large.truncated);
    assert!(tenant.cassette(&large.id).await.unwrap().unplayable().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_run_in_production_is_exported_and_replayed_on_the_laptop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    let probed = Probed::over(|builder| builder.data_dir(&data)).await;
    let tenant = &probed.tenant;
    let name = "probe".parse().unwrap();
    tenant.record_calls(&name, Wanted::Failures, HOUR_MS).await.unwrap();
    let flow = NewFlow {
        name: "all-fail".parse().unwrap(),
        source: Source { profile: "probe".parse().unwrap(), trigger: "things".to_owned() },
        mapping: Some(Mapping { jq: "{class: \"permanent\", n: .n}".to_owned() }),
        destination: Destination { profile: "probe".parse().unwrap(), action: "fail".to_owned() },
        schedule: None,
        delivery: DeliveryPolicy::default(),
    };
    tenant.create_flow(flow).await.unwrap();
    let run = finished(tenant, tenant.run_flow(&"all-fail".parse().unwrap()).await.unwrap()).await;
    assert_eq!(run.counts.dead_lettered, 6);
    let kept = tenant.cassettes_of_run(&run.id).unwrap();
    assert!(
        !kept.is_empty() && kept.iter().all(|kept| kept.call == "run fail" && kept.outcome == "permanent")
    );

    let file = tenant.cassette(&kept[0].id).await.unwrap().write();
    let again = played(guests::PROBER, &file, Mode::Exact).await;
    assert_eq!((again.divergence, again.outcome.code()), (None, "permanent"));
    let told: Vec<_> = tenant.audit().behind(0, 500).unwrap().into_iter().map(|entry| entry.verb).collect();
    assert!(told.iter().any(|verb| verb == "profile.cassette_exported"), "{told:?}");

    failing(tenant).await;
    assert_eq!(tenant.cassettes(None).unwrap().len(), kept.len() + 1);
    probed.host.shutdown().await;
    for entry in walk(&data) {
        let bytes = std::fs::read(&entry).unwrap();
        let found = bytes.windows(17).any(|window| window == b"zebra-on-the-disk");
        assert!(!found, "{} holds it in the clear", entry.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsal_sends_an_access_token_that_a_person_brought_and_no_cassette_holds_it() {
    let echo = Echo::start().await;
    let host = reaching(&[&echo.url]).record_everything().build().await.unwrap();
    let tenant = host.tenant("laptop").unwrap();
    tenant.upload(guests::CONSENTING.to_vec()).await.unwrap();
    let name: lockgate::domain::ProfileName = "me".parse().unwrap();
    let new = NewProfile {
        name: name.clone(),
        connector: "consenting".parse().unwrap(),
        version: None,
        config: json!({ "base_url": echo.url }),
        auth: Some(AuthChoice { kind: "oauth2".to_owned(), user: Some("local".to_owned()) }),
        rate: None,
        egress_address: None,
    };
    tenant.create_profile(new).await.unwrap();
    tenant.rehearse_with_token(&name, Secret::new(CANARY)).await.unwrap();
    let hosts = [echo.url.parse().unwrap()].into();
    tenant.grant(&name, &hosts, &["me:read".parse().unwrap()].into()).await.unwrap();
    let input = Input { key: "k".to_owned(), body: "{}".to_owned() };
    let report = tenant.rehearse_run(&name, "whoami", &[input]).await.unwrap();
    let heads = echo.heads();
    assert!(heads[0].contains(&format!("authorization: Bearer {CANARY}")), "{heads:?}");
    let file = String::from_utf8(report.cassette.unwrap().write()).unwrap();
    assert!(!file.contains(CANARY), "{file}");

    tenant.upload(guests::TAPED.to_vec()).await.unwrap();
    profile(&tenant, "taped", "taped", &echo.url, CANARY, &["things:read"]).await;
    let refused = tenant.rehearse_with_token(&"taped".parse().unwrap(), Secret::new("x".repeat(20))).await;
    assert_eq!(refused.unwrap_err().code, "not_oauth2");
}
