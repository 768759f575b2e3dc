//! The explanation of a request is the judge's own answer, and costs nothing.

use lockgate::domain::Gate;
use lockgate::domain::egress::{Outcome, Request};
use serde_json::json;

use super::World;

fn request(method: &str, url: &str) -> Request {
    let (method, url) = (method.to_owned(), url.to_owned());
    Request { method, url, headers: Vec::new(), body: Vec::new(), timeout_ms: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_guest_is_denied_is_what_the_explanation_says() {
    const BASE: &str = "http://127.0.0.1:{port}";
    let world = World::new(BASE, &[BASE]).await;
    let name = "probe".parse().unwrap();
    let base = &world.base;
    for (method, url) in [
        ("GET", format!("{base}/things/../x")),
        ("TRACE", format!("{base}/things")),
        ("GET", "ftp://127.0.0.1/things".to_owned()),
        ("GET", "http://127.0.0.1:1/things".to_owned()),
        ("GET", "https://10.0.0.1/things".to_owned()),
        ("GET", "https://evil.example/things".to_owned()),
        ("POST", format!("{base}/things")),
        ("GET", format!("{base}/things/7/secrets")),
    ] {
        let explained = world.tenant.explain(&name, request(method, &url)).await.unwrap().explained;
        let denial = explained.denial().unwrap();
        let seen = world.fetch(json!({ "method": method, "url": url })).await;
        let said = json!({ "gate": denial.gate.as_str(), "reason": denial.reason, "remedy": denial.remedy });
        assert_eq!(seen["denied"], said, "{method} {url}");
    }
    let post =
        world.tenant.explain(&name, request("POST", &format!("{base}/things"))).await.unwrap().explained;
    assert_eq!(
        post.denial().unwrap().remedy,
        "grant it with `lockgate profiles grant probe --scope things:write`"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_explanation_sends_nothing_and_spends_nothing() {
    let world = World::public().await;
    let name = "probe".parse().unwrap();
    let ask = || world.tenant.explain(&name, request("GET", "https://api.example.com/things"));
    let last = |explained: &lockgate::domain::egress::Explained| {
        let verdict = explained.verdicts().last().unwrap().clone();
        assert_eq!(verdict.gate, Gate::Address);
        verdict.outcome
    };
    // Dialled, a public address would not be on this machine.
    world.names.say(&[&["8.8.8.8", "2606:4700::1111"]]);
    for _ in 0..3 {
        let explained = ask().await.unwrap().explained;
        assert!(explained.denial().is_none() && explained.verdicts().len() == 10, "{explained:?}");
        assert!(matches!(last(&explained), Outcome::Passed { .. }));
    }
    world.names.say(&[&["8.8.8.8", "10.0.0.1"]]);
    assert!(matches!(last(&ask().await.unwrap().explained), Outcome::Denied(_)));
    world.names.say(&[]);
    let unresolved = ask().await.unwrap().explained;
    assert!(unresolved.denial().is_none() && matches!(last(&unresolved), Outcome::NotReached { .. }));
    assert_eq!(world.names.asked().len(), 5);
    // A request that an earlier gate refuses asks nobody for a name: an explanation is no way to look up names.
    world.tenant.explain(&name, request("GET", "https://evil.example/things")).await.unwrap();
    world.tenant.explain(&name, request("GET", "https://api.example.com/admin")).await.unwrap();
    assert_eq!(world.names.asked().len(), 5);
    assert!(world.tenant.logs(lockgate::LogFilter::default(), 10).unwrap().items.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_is_stopped_is_explained_and_named_as_such() {
    let world = World::public().await;
    let name = "probe".parse().unwrap();
    world.names.say(&[&["8.8.8.8"]]);
    world.tenant.enable(&name, false).await.unwrap();
    let explanation =
        world.tenant.explain(&name, request("GET", "https://api.example.com/things")).await.unwrap();
    assert!(explanation.explained.denial().is_none());
    assert!(explanation.unready.unwrap().contains("is disabled"));
    let stranger = world.host.tenant("globex").unwrap();
    let refused =
        stranger.explain(&name, request("GET", "https://api.example.com/things")).await.unwrap_err();
    assert_eq!(refused.code, "not_found");
}
