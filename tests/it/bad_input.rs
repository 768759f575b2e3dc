//! What is wrong is refused by name, and nothing is changed.

use std::collections::BTreeSet;

use lockgate::domain::Secret;
use lockgate::domain::flow::{DeliveryPolicy, Destination, Source};
use lockgate::domain::run::RunStatus;
use lockgate::{Kind, NewFlow, NewProfile, Tenant};
use lockgate_tests::guests;
use serde_json::json;
use vendors::Faults;

use crate::harness::raw::unknown_import;
use crate::harness::{DEAL_TO_INVOICE, Probed, Town, reaching};

async fn refused(tenant: &Tenant, bytes: &[u8]) -> lockgate::Error {
    let error = tenant.upload(bytes.to_vec()).await.expect_err("the upload is refused");
    assert_eq!(tenant.connectors(None, 10).unwrap().items.len(), 0, "a refused upload left a connector");
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_an_acceptable_component_is_refused_by_name() {
    let host = reaching(&[]).upload_bytes_max(2 << 20).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    let core = b"\0asm\x01\0\0\0";
    let cases: [(&[u8], &str); 11] = [
        (b"", "empty"),
        (b"\0as", "not_a_component"),
        (b"(component)", "text"),
        (b"\x7fELF\x02\x01\x01", "precompiled"),
        (b"\x1f\x8b\x08\0", "not_a_component"),
        (core, "core_module"),
        (b"\0asm\x0d\0\x01\0\xff\xff", "invalid_component"),
        (b"\0asm\x0d\0\x01\0", "missing_export"),
        (&unknown_import(), "unknown_import"),
        (guests::NO_MANIFEST, "bad_manifest"),
        (guests::BAD_SCHEMA, "bad_manifest"),
    ];
    for (bytes, code) in cases {
        let error = refused(&tenant, bytes).await;
        assert_eq!(error.code, code, "{:?}: {error}", bytes.get(..12));
    }
    assert_eq!(refused(&tenant, &vec![0; (2 << 20) + 1]).await.code, "too_large");
    let message = refused(&tenant, &unknown_import()).await.message;
    assert!(message.contains("acme:door/knock@1.0.0"), "the import is not named: {message}");
    assert_eq!(refused(&tenant, guests::LOOPS_IN_DESCRIBE).await.code, "describe_failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn describe_has_no_capability_at_all() {
    let host = reaching(&[]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    let uploaded = tenant.upload(guests::TRIES_IN_DESCRIBE.to_vec()).await.unwrap();
    let title = uploaded.connector.manifest.title;
    assert!(title.contains("http: capability") && title.contains("secrets: capability"), "{title}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_never_changes_and_the_same_bytes_may_come_twice() {
    let host = reaching(&[]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    let first = tenant.upload(plugins::STRIPE.to_vec()).await.unwrap();
    assert!(!first.existed);
    assert!(tenant.upload(plugins::STRIPE.to_vec()).await.unwrap().existed);
    // A custom section makes other bytes of the same component.
    let mut other = plugins::STRIPE.to_vec();
    other.extend_from_slice(b"\0\x05\x04note");
    let error = tenant.upload(other).await.unwrap_err();
    assert_eq!((error.kind, error.code), (Kind::Conflict, "version_exists"));
    let both = tokio::join!(tenant.upload(plugins::CRM.to_vec()), tenant.upload(plugins::CRM.to_vec()));
    assert!(both.0.unwrap().existed ^ both.1.unwrap().existed, "two uploads at once are one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_does_not_fit_its_connector_is_refused() {
    let probed = Probed::new().await;
    let new = |config, auth: Option<lockgate::AuthChoice>| NewProfile {
        name: "other".parse().unwrap(),
        connector: "prober".parse().unwrap(),
        version: None,
        config,
        auth,
        rate: None,
        egress_address: None,
    };
    let bearer = || Some(lockgate::AuthChoice { kind: "bearer".to_owned(), user: None });
    let configs = [
        json!([]),
        json!({ "api_base": 7 }),
        json!({ "api_base": "https://a.example/path" }),
        json!({ "api_base": "x" }),
    ];
    for config in configs {
        let error = probed.tenant.create_profile(new(config.clone(), bearer())).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{config}: {error}");
    }
    let basic = Some(lockgate::AuthChoice { kind: "oauth9".to_owned(), user: None });
    let good = json!({ "api_base": probed.echo.url });
    assert_eq!(
        probed.tenant.create_profile(new(good.clone(), basic)).await.unwrap_err().code,
        "invalid_auth"
    );
    assert_eq!(probed.tenant.profiles(None, 10).unwrap().items.len(), 1);
    let mut unknown = new(good, bearer());
    unknown.connector = "never-was".parse().unwrap();
    assert_eq!(probed.tenant.create_profile(unknown).await.unwrap_err().kind, Kind::NotFound);
    let name = "probe".parse().unwrap();
    for credential in ["", "a\r\nb", "a\0b"] {
        let error = probed.tenant.set_credential(&name, Secret::new(credential)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{credential:?}: {error}");
        assert!(credential.is_empty() || !error.message.contains(credential));
    }
    let error = probed.tenant.call(&name, "nothing", vec![json!({})], None).await.unwrap_err();
    assert_eq!(error.code, "unknown_action");
    let error = probed.tenant.call(&name, "fetch", vec![json!({ "method": 7 })], None).await.unwrap_err();
    assert_eq!(error.code, "invalid_input");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_names_what_exists_and_a_disabled_profile_blocks_its_runs_in_the_open() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    let flow = |profile: &str, trigger: &str, action: &str| NewFlow {
        name: "odd".parse().unwrap(),
        source: Source { profile: profile.parse().unwrap(), trigger: trigger.to_owned() },
        mapping: None,
        destination: Destination { profile: "stripe".parse().unwrap(), action: action.to_owned() },
        schedule: None,
        delivery: DeliveryPolicy::default(),
    };
    let unknown = town.tenant.create_flow(flow("never-was", "contacts", "create_invoice")).await.unwrap_err();
    assert_eq!(unknown.kind, Kind::NotFound, "{unknown}");
    for odd in [flow("crm", "nothing", "create_invoice"), flow("crm", "contacts", "nothing")] {
        assert_eq!(town.tenant.create_flow(odd).await.unwrap_err().code, "invalid_flow");
    }
    town.flow("deals", DEAL_TO_INVOICE).await;
    let stripe = "stripe".parse().unwrap();
    town.tenant.enable(&stripe, false).await.unwrap();
    let run = town.run("deals").await;
    assert_eq!(run.status, RunStatus::Blocked);
    assert_eq!(run.failure.expect("a reason").code, "profile_disabled");
    assert_eq!(town.crm.journal().entries().len(), 0, "something was tried");
    let refused = town.tenant.call(&stripe, "get_balance", vec![json!({})], None).await.unwrap_err();
    assert_eq!(refused.code, "profile_disabled");
    town.tenant.enable(&stripe, true).await.unwrap();
    assert_eq!(town.run("deals").await.status, RunStatus::Succeeded);
    assert_eq!(
        town.tenant.grant(&stripe, &BTreeSet::new(), &BTreeSet::new()).await.unwrap().grant.scopes.len(),
        3
    );
}
