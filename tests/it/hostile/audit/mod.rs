//! The audit trail against those who would rather not be in it: nothing changes without an entry, no entry has a value,
//! and no entry can be edited, taken out or reordered unnoticed.

mod api;
mod disk;

use std::collections::BTreeSet;

use domain::Secret;
use domain::audit::{Actor, Entry, Head, Wrong};
use domain::flow::{DeliveryPolicy, Destination, Mapping, Source};
use domain::token::Bearer;
use lockgate::{AuthChoice, Host, NewFlow, NewProfile, Trail, Verdict};
use lockgate_tests::guests;
use serde_json::json;

use crate::harness::raw::unknown_import;
use crate::harness::{self, CANARY, Echo, Probed};

fn entries(trail: &Trail) -> Vec<Entry> {
    trail.behind(0, 500).unwrap()
}

/// The last entry, after making sure that exactly one was added.
fn one_more(trail: &Trail, before: &mut usize) -> Entry {
    let entries = entries(trail);
    assert_eq!(entries.len(), *before + 1, "{:#?}", &entries[(*before).min(entries.len())..]);
    *before = entries.len();
    entries.into_iter().next_back().unwrap()
}

async fn whole(trail: &Trail) -> u64 {
    match trail.verify(None).await.unwrap() {
        Verdict::Whole(head) => head.map_or(0, |head| head.number),
        Verdict::Broken(broken) => panic!("{broken}"),
    }
}

fn new_profile(name: &str, url: &str) -> NewProfile {
    NewProfile {
        name: name.parse().unwrap(),
        connector: "prober".parse().unwrap(),
        version: None,
        config: json!({ "api_base": url }),
        auth: Some(AuthChoice { kind: "bearer".to_owned(), user: None }),
        rate: None,
        egress_address: None,
    }
}

fn new_flow(name: &str, jq: &str) -> NewFlow {
    NewFlow {
        name: name.parse().unwrap(),
        source: Source { profile: "crm".parse().unwrap(), trigger: "closed_won_deals".to_owned() },
        mapping: Some(Mapping { jq: jq.to_owned() }),
        destination: Destination { profile: "stripe".parse().unwrap(), action: "create_invoice".to_owned() },
        schedule: None,
        delivery: DeliveryPolicy::default(),
    }
}

fn words(entry: &Entry) -> String {
    let Entry { actor, verb, subject, changed, outcome, .. } = entry;
    format!("{actor} {verb} {} {} [{}] {outcome}", subject.noun, subject.name, changed.join(" "))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verb_that_changes_something_leaves_one_entry_without_values() {
    let echo = Echo::start().await;
    let host = harness::reaching(&[&echo.url]).build().await.unwrap();
    let id = "01KAWB6W3M2Q0R5T7V9X1Z3B5D";
    let tenant = host.tenant("acme").unwrap().acting(Actor::Token(id.parse().unwrap()));
    let trail = tenant.audit();
    let mut count = 0;
    let mut said = |expected: &str| {
        let entry = one_more(&trail, &mut count);
        assert_eq!(words(&entry), format!("token:{id} {expected}"));
    };

    tenant.upload(guests::PROBER.to_vec()).await.unwrap();
    said("connector.uploaded connector prober@0.1.0 [digest manifest imports] completed");
    tenant.upload(unknown_import()).await.unwrap_err();
    let digest = domain::Digest::of(&unknown_import());
    said(&format!("connector.refused component {digest} [] unknown_import"));
    tenant.create_profile(new_profile("probe", &echo.url)).await.unwrap();
    said("profile.created profile probe [connector config auth rate egress_address] completed");
    let (probe, signing) = ("probe".parse().unwrap(), "signing".parse().unwrap());
    tenant.set_credential(&probe, Secret::new(CANARY)).await.unwrap();
    said("credential.set profile probe [credential outcomes] completed");
    tenant.set_secret(&probe, &signing, Secret::new(format!("{CANARY}-of-signing"))).await.unwrap();
    said("secret.set secret probe/signing [secret] completed");
    let hosts = BTreeSet::from([echo.url.parse().unwrap()]);
    let scopes = BTreeSet::from(["things:read".parse().unwrap()]);
    tenant.grant(&probe, &hosts, &scopes).await.unwrap();
    said("profile.granted profile probe [grant.hosts grant.scopes] completed");
    tenant.check(&probe).await.unwrap().ok();
    let checked = one_more(&trail, &mut count);
    assert_eq!((checked.verb.as_str(), checked.changed.len()), ("profile.checked", 0));
    let mut said = |expected: &str| {
        let entry = one_more(&trail, &mut count);
        assert_eq!(words(&entry), format!("token:{id} {expected}"));
    };
    let things = format!("{}/things?{CANARY}", echo.url);
    let fetch = json!({ "method": "GET", "url": things, "body": CANARY });
    harness::call(&tenant, "probe", "fetch", fetch).await;
    said("action.called action probe/fetch [] completed");
    tenant.revoke(&probe, &BTreeSet::new(), &scopes).await.unwrap();
    said("profile.revoked profile probe [grant.scopes] completed");
    tenant.enable(&probe, false).await.unwrap();
    said("profile.disabled profile probe [enabled] completed");
    tenant.enable(&probe, true).await.unwrap();
    said("profile.enabled profile probe [enabled] completed");

    // What is refused before anything happens leaves none; reading leaves none.
    tenant.create_profile(new_profile("probe", &echo.url)).await.unwrap_err();
    tenant.enable(&"ghost".parse().unwrap(), true).await.unwrap_err();
    tenant.upload(guests::PROBER.to_vec()).await.unwrap();
    assert_eq!(entries(&trail).len(), count);

    assert_eq!(whole(&trail).await, u64::try_from(count).unwrap());
    let text = serde_json::to_string(&entries(&trail)).unwrap();
    let port = echo.url.rsplit(':').next().unwrap();
    for value in [CANARY, "things:read", port] {
        assert!(!text.contains(value), "{value} stands in {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flows_and_runs_leave_entries_and_records_do_not() {
    let town = harness::Town::new(vendors::Faults::default(), vendors::Faults::default()).await;
    let (tenant, trail) = (&town.tenant, town.tenant.audit());
    let mut count = entries(&trail).len();
    let broken = tenant.create_flow(new_flow("broken", ".a |")).await.unwrap_err();
    assert_eq!(broken.code, "invalid_mapping");
    assert_eq!(words(&one_more(&trail, &mut count)), "library flow.refused flow broken [] invalid_mapping");
    tenant.create_flow(new_flow("deals", harness::DEAL_TO_INVOICE)).await.unwrap();
    assert_eq!(
        words(&one_more(&trail, &mut count)),
        "library flow.created flow deals [source mapping destination schedule delivery] completed"
    );
    let deals = "deals".parse().unwrap();
    for (enabled, verb) in [(false, "flow.disabled"), (true, "flow.enabled")] {
        tenant.enable_flow(&deals, enabled).await.unwrap();
        let expected = format!("library {verb} flow deals [enabled] completed");
        assert_eq!(words(&one_more(&trail, &mut count)), expected);
    }
    let run = town.run("deals").await;
    assert!(run.counts.delivered > 500, "{run:?}");
    let last: Vec<_> = entries(&trail).split_off(count).iter().map(words).collect();
    let started = format!("library run.started run deals/{} [] completed", run.id);
    let ended = format!("host run.ended run deals/{} [] completed", run.id);
    assert_eq!(last, [started, ended], "a run leaves two entries, however many records it moves");
    whole(&trail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_fails_leaves_one_entry_with_the_kind_of_failure() {
    let probed = Probed::new().await;
    let (tenant, trail) = (&probed.tenant, probed.tenant.audit());
    let mut count = entries(&trail).len();
    let denied = probed.fetch("GET", "https://elsewhere.example/").await;
    assert!(denied.to_string().contains("denied"), "{denied}");
    assert_eq!(words(&one_more(&trail, &mut count)), "library action.called action probe/fetch [] completed");
    let profile = "probe".parse().unwrap();
    let unknown = tenant.call(&profile, "never", vec![json!({})], None).await.unwrap_err();
    assert_eq!(unknown.code, "unknown_action");
    assert_eq!(entries(&trail).len(), count, "no guest was called");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_stand_in_the_hosts_trail_and_in_that_of_their_tenant() {
    let host = Host::builder().build().await.unwrap();
    let operator = host.make_token(Bearer::Operator).await.unwrap().token.id;
    let by_operator = host.acting(Actor::Token(operator.clone()));
    let made = by_operator.make_token(Bearer::Tenant { tenant: "acme".parse().unwrap() }).await.unwrap();
    by_operator.revoke_token(&made.token.id).await.unwrap();
    let id = &made.token.id;
    let of_tenant = [
        format!("token:{operator} token.made token {id} [bearer role expires_at] completed"),
        format!("token:{operator} token.revoked token {id} [bearer role expires_at] completed"),
    ];
    let tenant = host.tenant("acme").unwrap().audit();
    assert_eq!(entries(&tenant).iter().map(words).collect::<Vec<_>>(), of_tenant);
    let of_host: Vec<_> = entries(&host.audit()).iter().map(words).collect();
    assert_eq!(of_host[0], format!("library token.made token {operator} [bearer role expires_at] completed"));
    assert_eq!(of_host[1..], of_tenant);
    let text = serde_json::to_string(&entries(&host.audit())).unwrap();
    let secret = made.text.rsplit('_').next().unwrap();
    assert!(!text.contains(secret) && !text.contains(&made.token.hash), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_changes_at_once_leave_a_chain_without_gaps() {
    let probed = Probed::new().await;
    let trail = probed.tenant.audit();
    let before = entries(&trail).len();
    let changes: Vec<_> = (0..100)
        .map(|number| {
            let (tenant, url) = (probed.tenant.clone(), probed.echo.url.clone());
            tokio::spawn(async move {
                tenant.create_profile(new_profile(&format!("profile-{number}"), &url)).await.unwrap();
            })
        })
        .collect();
    for change in changes {
        change.await.unwrap();
    }
    let entries = entries(&trail);
    assert_eq!(entries.len(), before + 100);
    assert!((1..).zip(&entries).all(|(number, entry)| entry.number == number));
    assert_eq!(whole(&trail).await, u64::try_from(before).unwrap() + 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_sees_and_moves_no_trail_but_its_own() {
    let probed = Probed::new().await;
    let other = probed.host.tenant("globex").unwrap();
    let before = entries(&probed.tenant.audit());
    assert!(entries(&other.audit()).is_empty());
    other.upload(guests::PROBER.to_vec()).await.unwrap();
    other.enable(&"probe".parse().unwrap(), false).await.unwrap_err();
    assert_eq!(entries(&other.audit()).len(), 1);
    assert_eq!(entries(&probed.tenant.audit()), before);
    let theirs = entries(&other.audit())[0].as_head();
    let noted = Head { number: 1, digest: theirs.digest };
    let Verdict::Broken(broken) = probed.tenant.audit().verify(Some(noted)).await.unwrap() else {
        panic!("a head of another tenant fits");
    };
    assert_eq!((broken.number, broken.wrong), (1, Wrong::NotAsNoted));
}
