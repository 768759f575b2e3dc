//! Remotes that send their clients elsewhere.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::World;

/// Answers every request with 302 and the location that is set, and remembers the heads.
struct Sender {
    url: String,
    location: Arc<Mutex<String>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Sender {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (location, heads) = (Arc::new(Mutex::new(String::new())), Arc::new(Mutex::new(Vec::new())));
        let (to, seen) = (location.clone(), heads.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                seen.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
                let location = to.lock().unwrap().clone();
                let answer = format!(
                    "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, location, heads }
    }

    fn sends_to(&self, location: &str) {
        *self.location.lock().unwrap() = location.to_owned();
    }

    fn arrived(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

async fn worlds() -> (Sender, World) {
    let sender = Sender::start().await;
    let world = World::new(&sender.url, &[&sender.url, "http://127.0.0.1:{port}"]).await;
    (sender, world)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_judged_like_a_request_of_the_guests_own() {
    let (sender, world) = worlds().await;
    let echo = format!("{}/things", world.echo.url);
    for (location, gate) in [
        ("/admin", "scope"),
        ("/things/7/secrets", "scope"),
        // Joined to the URL before, it is plainly another path.
        ("/things/%2e%2e/admin", "scope"),
        ("/things/..%2fadmin", "normalise"),
        ("/things;x", "normalise"),
        ("http://user:pw@127.0.0.1/things", "normalise"),
        ("https://", "normalise"),
        ("http://169.254.169.254/latest/meta-data/", "scheme"),
        ("https://169.254.169.254/latest/meta-data/", "ceiling"),
        ("//169.254.169.254/things", "scheme"),
        ("https://[::ffff:169.254.169.254]/things", "ceiling"),
        ("https://localhost/things", "ceiling"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1/x", "scheme"),
        ("https://evil.example/things", "hosts"),
        (echo.as_str(), "hosts"),
    ] {
        sender.sends_to(location);
        let before = sender.arrived();
        let seen = world.get(&format!("{}/things", sender.url)).await;
        assert_eq!(seen["denied"]["gate"], gate, "{location}: {seen}");
        assert_eq!(sender.arrived(), before + 1, "{location}");
    }
    assert_eq!(world.echo.heads(), Vec::<String>::new(), "the credential went nowhere else");
    assert_eq!(world.names.asked(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_end_and_a_location_that_is_no_url_is_no_way_out() {
    let (sender, world) = worlds().await;
    let url = format!("{}/things", sender.url);
    sender.sends_to("/things/7");
    let looped = world.get(&url).await;
    assert_eq!(looped["denied"]["gate"], "budget", "{looped}");
    assert_eq!(sender.arrived(), 6, "the request and five redirects");
    sender.sends_to(&format!("/things/{}", "a".repeat(9 << 10)));
    let long = world.get(&url).await;
    assert_eq!(long["denied"]["gate"], "normalise", "{long}");
    // Larger than all headers together may be: the answer itself is refused.
    sender.sends_to(&format!("/things/{}", "a".repeat(1 << 20)));
    let endless = world.get(&url).await;
    assert!(endless["failed"]["kind"].is_string(), "{endless}");
    // A write is never repeated elsewhere: the guest gets the redirect as the answer.
    let name = "probe".parse().unwrap();
    let write = ["things:write".parse().unwrap()].into();
    world.tenant.grant(&name, &Default::default(), &write).await.unwrap();
    sender.sends_to("https://evil.example/things");
    let posted = world.fetch(json!({ "method": "POST", "url": url, "body": "x" })).await;
    assert_eq!(posted["status"], 302, "{posted}");
}
