//! Names that look like granted ones, and names that are nobody's on the internet.

use serde_json::json;

use super::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_only_resembles_the_granted_one_is_denied() {
    let world = World::public().await;
    for host in [
        "evilapi.example.com",
        "xapi.example.com",
        "api.example.com.evil.io",
        "api-example.com",
        "api.example.co",
        "example.com",
        "v2.api.example.com",
        // With a Cyrillic letter, and as the A-label that it is.
        "аpi.example.com",
        "xn--pi-6kc.example.com",
    ] {
        world.denies(json!({ "url": format!("https://{host}/things") }), "hosts").await;
    }
    for host in [
        "api.example.com.",
        "api..example.com",
        "_x.example.com",
        "xn--a.example.com",
        "xn--zz.example.com",
        "api.example.com%2eevil.io",
        "api.example.com%00.evil.io",
        "api.exam ple.com",
        &format!("{}.example.com", "a".repeat(250)),
        &format!("{}.example.com", "a".repeat(64)),
    ] {
        world.denies(json!({ "url": format!("https://{host}/things") }), "normalise").await;
    }
    assert_eq!(world.names.asked(), Vec::<String>::new(), "nobody is asked for a name that was not granted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_name_is_nobodys_on_the_internet() {
    let world = World::public().await;
    for host in [
        "localhost",
        "LOCALHOST",
        "app.localhost",
        "metadata.google.internal",
        "foo.internal",
        "printer.local",
        "kubernetes.default.svc.cluster.local",
        "router.home.arpa",
        "wiki.intranet",
        "intranet",
        "metadata",
        "co.uk",
        "com",
    ] {
        world.denies(json!({ "url": format!("https://{host}/things") }), "ceiling").await;
    }
    world.denies(json!({ "url": "https://LOCALHOST./things" }), "normalise").await;
    assert_eq!(world.names.asked(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_name_in_another_spelling_is_the_same_origin() {
    const BASE: &str = "http://svc.example:{port}";
    let world = World::new(BASE, &[BASE]).await;
    world.names.say(&[&["127.0.0.1"]]);
    let port = world.base.rsplit(':').next().unwrap();
    for host in ["SVC.Example", "ＳＶＣ.example", "svc\u{ad}.example"] {
        let seen = world.get(&format!("http://{host}:{port}/things")).await;
        assert_eq!(seen["status"], 200, "{host}: {seen}");
    }
    assert_eq!(world.names.asked(), ["svc.example"; 3]);
    for head in world.echo.heads() {
        assert!(head.lines().any(|line| line == format!("host: svc.example:{port}")), "{head}");
    }
}
