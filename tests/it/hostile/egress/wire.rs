//! Spellings of URLs, methods, headers and forms that one program reads as another does not.

use serde_json::json;

use super::World;

const BASE: &str = "http://127.0.0.1:{port}";

async fn world() -> World {
    World::new(BASE, &[BASE]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_has_one_reading_or_none() {
    let world = world().await;
    for path in [
        "/things/../admin",
        "/things/./7",
        "/things/%2e%2e/admin",
        "/things/%2E%2E/admin",
        "/things/.%2e",
        "/things/..;/admin",
        "/things;x=1/7",
        "/things/7;jsessionid=1",
        "/things%2f7",
        "/things/7%2Fsecrets",
        "/things/%252e%252e",
        "/things/%252f",
        "/things/%25252f",
        "//things",
        "/things//7",
        "/things\\7",
        "/things%5c7",
        "/things/7%00",
        "/things/7%00.json",
        "/things/7%0d%0aX:y",
        "/things/%c0%ae%c0%ae",
        "/things/%ff",
        "/things/%",
        "/things/%zz",
        "/things/7#/../admin",
        "/things/a b",
        "/things/{id}",
    ] {
        world.denies(json!({ "url": format!("{}{path}", world.base) }), "normalise").await;
    }
    // In one reading, and still not what the scope says.
    for path in ["/things/7/secrets", "/Things", "/things.", "/things/", "/", "/thing%73", "/things/7/"] {
        world.denies(json!({ "url": format!("{}{path}", world.base) }), "scope").await;
    }
    for path in ["/things", "/things/7", "/things/7?next=/../admin;x", "/things/a%20b", "/things/..."] {
        let seen = world.get(&format!("{}{path}", world.base)).await;
        assert_eq!(seen["status"], 200, "{path}: {seen}");
        let line = world.echo.heads().last().unwrap().lines().next().unwrap().to_owned();
        assert_eq!(line, format!("GET {path} HTTP/1.1"), "what was judged is what was sent");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_url_with_two_readings_is_denied() {
    let world = world().await;
    let port = world.base.rsplit(':').next().unwrap();
    for url in [
        "",
        "/things",
        "things",
        "//127.0.0.1/things",
        "http:127.0.0.1/things",
        "http:/127.0.0.1/things",
        "http:///127.0.0.1/things",
        "http:/\\127.0.0.1/things",
        "http://user@127.0.0.1:{port}/things",
        "http://user:pw@127.0.0.1:{port}/things",
        "http://api.example.com@127.0.0.1:{port}/things",
        "http://127.0.0.1:{port}#@evil.example/things",
        "http://127.0.0.1:{port}/things#x",
        " http://127.0.0.1:{port}/things",
        "http://127.0.0.1:{port}/things\n",
        "ht\ntp://127.0.0.1:{port}/things",
        "http://127.0.0.1\t:{port}/things",
        "http://127.0.0.1:0/things",
        "http://127.0.0.1:0{port}/things",
        "http://127.0.0.1:/things",
        "http://127.0.0.1:65536/things",
        "http://127.0.0.1:-1/things",
        "http://127.0.0.1:{port},80/things",
        "http://[::1%25eth0]:{port}/things",
        "http://[::1/things",
        "http://:80/things",
        "http://?/things",
        "http://127.0.0.1:{port}/things?_method=DELETE",
        "http://127.0.0.1:{port}/things?a=1&%5Fmethod=DELETE",
        "http://127.0.0.1:{port}/things?X-HTTP-Method-Override=DELETE",
    ] {
        world.denies(json!({ "url": url.replace("{port}", port) }), "normalise").await;
    }
    let long = format!("{}/things/{}", world.base, "a".repeat(1 << 16));
    world.denies(json!({ "url": long }), "normalise").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_http_and_https_leave_and_http_only_where_the_ceiling_names_it() {
    let world = world().await;
    let place = world.base.trim_start_matches("http://");
    for scheme in ["file", "ftp", "gopher", "dict", "jar", "unix", "ws", "wss", "ldap", "tftp", "netdoc"] {
        world.denies(json!({ "url": format!("{scheme}://{place}/things") }), "scheme").await;
    }
    world.denies(json!({ "url": "http://api.example.com/things" }), "scheme").await;
    world.denies(json!({ "url": "data:text/plain,things" }), "normalise").await;
    let upper = world.get(&format!("HTTP://{place}/things")).await;
    assert_eq!(upper["status"], 200, "{upper}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_belongs_to_the_grant() {
    let world = world().await;
    for port in [1, 22, 25, 80, 443, 6379, 65535] {
        let denied =
            world.denies(json!({ "url": format!("https://127.0.0.1:{port}/things") }), "ceiling").await;
        assert!(denied["denied"]["remedy"].as_str().unwrap().contains("ceiling.private"), "{denied}");
    }
    let world = World::public().await;
    for port in [22, 80, 8443] {
        world.denies(json!({ "url": format!("https://api.example.com:{port}/things") }), "ceiling").await;
    }
    assert_eq!(
        world.names.asked(),
        Vec::<String>::new(),
        "nobody was asked for a name that may not be reached"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_is_what_it_says() {
    let world = world().await;
    let url = format!("{}/things", world.base);
    for method in [
        "get",
        "GET ",
        "GET\t",
        " GET",
        "",
        "G\u{415}T",
        "CONNECT",
        "TRACE",
        "PROPFIND",
        "GET / HTTP/1.1\r\nX: y",
    ] {
        world.denies(json!({ "method": method, "url": url }), "normalise").await;
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] {
        world.denies(json!({ "method": method, "url": url }), "scope").await;
    }
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x-http-method-override"] {
        world.denies(json!({ "url": url, "headers": [[name, "DELETE"]] }), "headers").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_cannot_turn_a_post_into_a_delete() {
    let world = world().await;
    let name = "probe".parse().unwrap();
    world.tenant.grant(&name, &Default::default(), &["things:write".parse().unwrap()].into()).await.unwrap();
    let post = |kind: &str, body: &str| json!({ "method": "POST", "url": format!("{}/things", world.base), "headers": [["content-type", kind]], "body": body });
    const FORM: &str = "application/x-www-form-urlencoded";
    for body in ["_method=DELETE", "a=1&%5fmethod=PUT", "_METHOD=x"] {
        world.denies(post(FORM, body), "headers").await;
    }
    let part = "--b\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\nDELETE\r\n--b--";
    world.denies(post("multipart/form-data; boundary=b", part), "headers").await;
    let seen = world.fetch(post(FORM, "name=x&payment_method=card")).await;
    assert_eq!(seen["status"], 200, "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_the_host_sets_or_a_remote_believes_is_refused_and_not_dropped() {
    let world = world().await;
    let url = format!("{}/things", world.base);
    for name in [
        "Host",
        "Authorization",
        "Content-Length",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Connection",
        "Keep-Alive",
        "Upgrade",
        "HTTP2-Settings",
        "Expect",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Real-IP",
        "Via",
        "Cookie",
        "X-Original-URL",
        "X-Rewrite-URL",
    ] {
        let denied = world.denies(json!({ "url": url, "headers": [[name, "x"]] }), "headers").await;
        assert!(
            denied["denied"]["reason"].as_str().unwrap().contains(&name.to_ascii_lowercase()),
            "{denied}"
        );
    }
}
