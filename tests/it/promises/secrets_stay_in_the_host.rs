//! A credential is added after the guest has let go of its request, goes only where it is bound, and does not come back.

use lockgate::LogFilter;
use lockgate::domain::Secret;
use serde_json::json;

use crate::harness::{CANARY, Probed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_remote_gets_the_credential_and_the_guest_never_sees_it_even_when_the_remote_echoes_it() {
    let probed = Probed::new().await;
    let seen = probed.fetch("GET", &format!("{}/things", probed.echo.url)).await;
    let arrived = probed.echo.heads().join("\n");
    assert!(arrived.contains(&format!("Bearer {CANARY}")), "{arrived}");
    let text = seen.to_string();
    assert_eq!(seen["status"], 200);
    assert!(text.contains("GET /things"), "the echo did not arrive: {text}");
    assert!(!text.contains(CANARY), "{text}");
    let rows = probed.tenant.logs(LogFilter::default(), 100).unwrap().items;
    let rows = format!("{rows:?}");
    assert!(rows.contains("/things") && !rows.contains(CANARY), "{rows}");
    let profile = format!("{:?}", probed.tenant.profile(&"probe".parse().unwrap()).unwrap());
    assert!(!profile.contains(CANARY), "{profile}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_cannot_bring_a_credential_of_its_own_or_any_framing() {
    let probed = Probed::new().await;
    let url = format!("{}/things", probed.echo.url);
    let names = [
        "authorization",
        "Authorization",
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "cookie",
        "proxy-authorization",
        "x-forwarded-for",
        "x-http-method-override",
        "expect",
        "upgrade",
        "te",
    ];
    for name in names {
        let input = json!({ "method": "GET", "url": url, "headers": [[name, "1"]] });
        let seen = probed.ask("fetch", input).await;
        assert_eq!(seen["denied"]["gate"], "headers", "{name}: {seen}");
    }
    assert_eq!(probed.echo.heads(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_a_handle_that_signs_and_has_no_way_to_be_read() {
    let probed = Probed::new().await;
    let (profile, name) = ("probe".parse().unwrap(), "signing".parse().unwrap());
    probed.tenant.set_secret(&profile, &name, Secret::new([0x0b; 20])).await.unwrap();
    let signed = probed.ask("hmac", json!({ "secret": "signing", "data": "Hi There" })).await;
    // RFC 4231, case 1.
    assert_eq!(signed["hex"], "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    let refused = probed.ask("hmac", json!({ "secret": "credential", "data": "x" })).await;
    assert_eq!(refused["denied"]["gate"], "credential", "{refused}");
    let refused = probed.ask("hmac", json!({ "secret": "nobodys", "data": "x" })).await;
    assert_eq!(refused["denied"]["gate"], "credential", "{refused}");
}
