//! What pages in browsers and machines in between can send along: names of this host, origins, addresses.

use serde_json::json;

use super::gate::Gate;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_points_its_own_name_here_is_refused() {
    let gate = Gate::new().await;
    for (host, status) in [
        (format!("127.0.0.1:{}", gate.address.port()), 200),
        ("localhost".to_owned(), 200),
        ("[::1]:7070".to_owned(), 200),
        ("evil.example".to_owned(), 421),
        (format!("evil.example:{}", gate.address.port()), 421),
        ("127.0.0.1.nip.io".to_owned(), 421),
        ("localhost.evil.example".to_owned(), 421),
        ("192.168.0.1".to_owned(), 421),
    ] {
        for path in ["/v1/whoami", "/healthz", "/openapi.json", "/nothing"] {
            let request = gate.request("GET", path).bearer_auth(&gate.owner).header("host", &host);
            let answer = gate.send(request).await;
            let fits =
                answer.status == status || (path == "/nothing" && status == 200 && answer.status == 404);
            assert!(fits, "{host} {path}: {} {}", answer.status, answer.body);
            assert!(answer.status != 421 || answer.code() == "host_not_allowed");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_page_changes_nothing_and_reads_nothing() {
    let gate = Gate::new().await;
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = gate.request("POST", "/v1/profiles/probe/disable").bearer_auth(&gate.owner);
        let answer = gate.send(request.header(header, value)).await;
        assert_eq!((answer.status, answer.code()), (403, "foreign_origin"), "{header}: {value}");
        // The question whether it may, and a look: nothing tells a browser to hand the answer over.
        for method in ["OPTIONS", "GET"] {
            let request = gate.request(method, "/v1/profiles").bearer_auth(&gate.owner).header(header, value);
            let request = request.header("access-control-request-method", "GET");
            let answer = gate.send(request).await;
            let cors = answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
            assert!(!cors && (method == "GET" || answer.status >= 400), "{method} {header}: {value}");
        }
    }
    let profile = gate.ask("GET", "/v1/profiles/probe", Some(&gate.owner), None).await;
    assert_eq!(profile.body["enabled"], true);
    let own = gate.request("POST", "/v1/profiles/probe/disable").bearer_auth(&gate.owner);
    let own = gate.send(own.header("origin", format!("http://{}", gate.address))).await;
    assert_eq!(own.status, 200, "{}", own.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_form_can_send_is_no_body_of_ours() {
    let gate = Gate::new().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let body = json!({ "name": "mine", "connector": "prober" }).to_string();
        let request = gate.request("POST", "/v1/profiles").bearer_auth(&gate.owner).body(body);
        let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
        let answer = gate.send(request).await;
        assert_eq!((answer.status, answer.code()), (415, "unsupported_media_type"), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_proxies_change_nothing() {
    let gate = Gate::new().await;
    let plain = gate.ask("GET", "/v1/profiles/probe", Some(&gate.owner), None).await;
    for (header, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-port", "1"),
        ("x-forwarded-prefix", "/v2"),
        ("x-real-ip", "10.0.0.1"),
        ("forwarded", "for=10.0.0.1;host=evil.example;proto=https"),
        ("via", "1.1 evil"),
    ] {
        let request =
            gate.request("GET", "/v1/profiles/probe").bearer_auth(&gate.owner).header(header, value);
        let answer = gate.send(request).await;
        assert_eq!((answer.status, &answer.body), (200, &plain.body), "{header}");
        // Nor do they make a name of somebody else's one of ours.
        let request = gate.request("GET", "/healthz").header("host", "evil.example");
        let answer = gate.send(request.header(header, value.replace("evil.example", "localhost"))).await;
        assert_eq!(answer.status, 421, "{header}");
        assert!(!answer.headers.contains_key("strict-transport-security"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_tells_browsers_to_do_nothing_with_it() {
    let gate = Gate::new().await;
    for (method, path, token) in [
        ("GET", "/healthz", None),
        ("GET", "/openapi.json", None),
        ("GET", "/v1/profiles", Some(gate.owner.as_str())),
        ("GET", "/v1/profiles", None),
        ("GET", "/v1/tokens", Some(&gate.owner)),
        ("GET", "/<script>", None),
        ("PATCH", "/v1/flows", Some(&gate.owner)),
        ("DELETE", "/v1/flows/none", Some(&gate.owner)),
    ] {
        let answer = gate.ask(method, path, token, None).await;
        for (header, value) in [
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.headers[header], value, "{method} {path}");
        }
        let kind = answer.headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        assert!(
            kind.is_none_or(|kind| kind.contains("json")),
            "{method} {path} is something that a browser shows"
        );
        assert!(!answer.headers.contains_key("set-cookie") && !answer.headers.contains_key("server"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_to_everybody_names_nobody() {
    let gate = Gate::new().await;
    let health = gate.ask("GET", "/healthz", None, None).await;
    assert_eq!(health.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["status", "version"]);
    let document = gate.ask("GET", "/openapi.json", None, None).await.body.to_string();
    assert!(!document.contains("acme") && !document.contains("prober"));
    for path in
        ["/metrics", "/debug/pprof", "/debug/vars", "/status", "/admin", "/.env", "/v1", "/v1/metrics"]
    {
        assert_eq!(gate.ask("GET", path, None, None).await.status, 404, "{path}");
    }
}
