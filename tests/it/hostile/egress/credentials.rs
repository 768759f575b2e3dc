//! A credential goes to its own hosts, in its own place, and a guest cannot carry one anywhere.

use serde_json::json;

use super::World;
use crate::harness::{self, CANARY, Echo};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_two_profiles_credentials_reaches_its_own_host_and_never_the_others() {
    let (mine, theirs) = (Echo::start().await, Echo::start().await);
    let host = harness::reaching(&[&mine.url, &theirs.url]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    harness::profile(&tenant, "mine", "prober", &mine.url, "canary-of-mine-0123456789", &["things:read"])
        .await;
    harness::profile(
        &tenant,
        "theirs",
        "prober",
        &theirs.url,
        "canary-of-theirs-9876543210",
        &["things:read"],
    )
    .await;
    let fetch = |profile: &'static str, url: String| {
        let tenant = tenant.clone();
        async move {
            let called = harness::call(&tenant, profile, "fetch", json!({ "url": url })).await;
            called.results.into_iter().next().unwrap().unwrap()
        }
    };
    for (profile, own, other) in [("mine", &mine, &theirs), ("theirs", &theirs, &mine)] {
        assert_eq!(fetch(profile, format!("{}/things", own.url)).await["status"], 200);
        let crossed = fetch(profile, format!("{}/things", other.url)).await;
        assert_eq!(crossed["denied"]["gate"], "hosts", "{crossed}");
    }
    let heads = |echo: &Echo| echo.heads().join("\n");
    assert!(heads(&mine).contains("canary-of-mine") && !heads(&mine).contains("canary-of-theirs"));
    assert!(heads(&theirs).contains("canary-of-theirs") && !heads(&theirs).contains("canary-of-mine"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_of_a_secret_is_only_a_name_wherever_it_is_written() {
    const BASE: &str = "http://127.0.0.1:{port}";
    let world = World::new(BASE, &[BASE]).await;
    let url = format!("{}/things", world.base);
    // There are no placeholders: what looks like one is sent as it stands, or refused with what carries it.
    let marks = ["credential", "{credential}", "${credential}", "{{secret:signing}}", "signing"];
    for mark in marks {
        let query: String = mark.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let seen =
            world.fetch(json!({ "url": format!("{url}?q={query}"), "headers": [["x-note", mark]] })).await;
        assert_eq!(seen["status"], 200, "{seen}");
    }
    for head in world.echo.heads() {
        assert_eq!(head.matches(CANARY).count(), 1, "only where the host put it: {head}");
        assert!(head.lines().any(|line| line == format!("authorization: Bearer {CANARY}")), "{head}");
    }
    for header in [
        ["authorization", "Bearer {credential}"],
        ["cookie", "a={credential}"],
        ["host", "{credential}"],
        ["upgrade", "{credential}"],
        ["{credential}", "x"],
    ] {
        world.denies(json!({ "url": url, "headers": [header] }), "headers").await;
    }
    for (method, url) in [
        ("{credential}", url.clone()),
        ("GET", url.replace("://", "://{credential}@")),
        ("GET", format!("{url}#{{credential}}")),
        ("GET", format!("{url}/{{credential}}")),
    ] {
        world.denies(json!({ "method": method, "url": url }), "normalise").await;
    }
}
