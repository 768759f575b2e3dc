//! The host's own API is no remote: a connector that could reach it would be inside the house.

use lockgate::domain::egress::{Ceiling, Request};
use serde_json::json;

use super::World;
use crate::harness;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_name_that_leads_to_the_host_itself_is_denied() {
    let world = World::public().await;
    // As behind a public address, with a name of its own.
    world.host.listens_on("8.8.8.8:443".parse().unwrap());
    world.host.listens_on("[2606:4700::1111]:443".parse().unwrap());
    let answers: [&[&str]; 3] = [&["8.8.8.8"], &["2606:4700::1111"], &["1.1.1.1", "8.8.8.8"]];
    for answer in answers {
        world.names.say(&[answer]);
        let denied = world.denies(json!({ "url": "https://api.example.com/things" }), "address").await;
        let text = denied["denied"].to_string();
        assert!(text.contains("is this host itself") && !text.contains("8.8.8.8"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_of_a_host_is_reached_only_where_the_ceiling_names_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let named = format!("http://{address}");
    let world = World::new(&named, &[&named]).await;
    let router = server::router(world.host.clone(), server::Options::default());
    tokio::spawn(server::serve(listener, router, std::future::pending()));
    world.host.listens_on(address);
    // The operator wrote this origin down. The API answers, and without a token it says nothing else.
    let seen = world.get(&format!("{named}/things")).await;
    assert!([401, 404].contains(&seen["status"].as_u64().unwrap()), "{seen}");
    // Not written down: not even the gate of addresses is asked.
    world.denies(json!({ "url": format!("http://localhost:{}/things", address.port()) }), "scheme").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pattern_that_covers_the_host_does_not_name_it() {
    let ask = |ceiling: Ceiling| async move {
        let names = std::sync::Arc::new(super::Names::default());
        names.say(&[&["8.8.8.8"]]);
        let host = harness::reaching(&[]).ceiling(ceiling).resolver(names).build().await.unwrap();
        host.listens_on("8.8.8.8:443".parse().unwrap());
        let tenant = host.tenant("acme").unwrap();
        tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
        harness::profile(
            &tenant,
            "probe",
            "prober",
            "https://api.example.com",
            harness::CANARY,
            &["things:read"],
        )
        .await;
        let request = Request {
            method: "GET".to_owned(),
            url: "https://api.example.com/things".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: None,
        };
        tenant.explain(&"probe".parse().unwrap(), request).await.unwrap().explained.denial().cloned()
    };
    let hosts = |text: &str| Ceiling { hosts: vec![text.parse().unwrap()], ..Ceiling::default() };
    for pattern in ["https://*", "https://*.example.com"] {
        let denial = ask(hosts(pattern)).await.unwrap();
        assert!(denial.remedy.contains("naming \"https://api.example.com\" itself"), "{denial}");
    }
    assert_eq!(ask(hosts("https://api.example.com")).await, None);
}
