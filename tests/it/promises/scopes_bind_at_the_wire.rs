//! A granted scope is a set of method, host and path rules; a request that none covers never leaves the host.

use crate::harness::Probed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_a_granted_scope_covers_arrives() {
    let probed = Probed::new().await;
    let url = &probed.echo.url;
    for (method, path) in [("GET", "/things"), ("GET", "/things/7"), ("GET", "/things/7?expand=a")] {
        let seen = probed.fetch(method, &format!("{url}{path}")).await;
        assert_eq!(seen["status"], 200, "{method} {path}: {seen}");
    }
    let arrived = probed.echo.heads().len();
    assert_eq!(arrived, 3);
    let outside = [
        ("GET", "/things/7/secrets"),
        ("GET", "/"),
        ("GET", "/Things"),
        ("DELETE", "/things/7"),
        ("POST", "/things"),
        ("get", "/things"),
        ("GET", "/things/../admin"),
        ("GET", "/things/%2e%2e/admin"),
        ("GET", "/things/..%2fadmin"),
        ("GET", "/things/%252e%252e"),
        ("GET", "/things//7"),
        ("GET", "/things;a=b"),
        ("GET", "/things\\7"),
        ("GET", "/things/7%00"),
        ("CONNECT", "/things"),
        ("TRACE", "/things"),
    ];
    for (method, path) in outside {
        let seen = probed.fetch(method, &format!("{url}{path}")).await;
        assert!(seen["denied"]["gate"].is_string(), "{method} {path}: {seen}");
        assert!(seen["denied"]["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{seen}");
    }
    assert_eq!(probed.echo.heads().len(), arrived, "{:?}", probed.echo.heads());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_host_port_or_address_is_denied_although_the_path_would_do() {
    let probed = Probed::new().await;
    let hosts = [
        "https://api.example.com/things",
        "http://127.0.0.1:1/things",
        "http://localhost/things",
        "http://169.254.169.254/things",
        "http://[::1]/things",
        "http://2130706433/things",
        "file:///things",
    ];
    for url in hosts {
        let seen = probed.fetch("GET", url).await;
        assert!(seen["denied"]["gate"].is_string(), "{url}: {seen}");
    }
    assert_eq!(probed.echo.heads(), Vec::<String>::new());
}
