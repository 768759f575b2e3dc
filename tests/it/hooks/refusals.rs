//! What a hook refuses, and how little a flood costs.

use lockgate::domain::hook::HookLimits;
use lockgate::domain::token::Bearer;
use lockgate::{PipelineOptions, Quotas};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::world::{SECRET, Sending, World};
use crate::harness::Echo;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_has_its_status() {
    let world = World::new().await;
    world.flow("github").await;
    let small = HookLimits { body_bytes_max: 1_000, ..HookLimits::default() };
    let hook = world.hook_within("github", small).await;
    let large = format!(r#"{{"id":"{}"}}"#, "x".repeat(1_000));
    assert_eq!(world.send(&hook, "github", "d-1", large.as_bytes()).await, 413);
    let notes = world.tenant.hook_notes(&hook.id).await.unwrap();
    assert_eq!(notes.refused["too_large"], 1, "{notes:?}");

    world.tenant.enable_hook(&hook.id, false).await.unwrap();
    assert_eq!(world.send(&hook, "github", "d-2", br#"{"id":"a"}"#).await, 410);
    world.tenant.enable_hook(&hook.id, true).await.unwrap();
    assert_eq!(world.send(&hook, "github", "d-2", br#"{"id":"a"}"#).await, 200);

    // Nobody waits for it: it is not taken, and the sender is to come again.
    let lonely = world.hook("stripe").await;
    let sending = Sending { trigger: "stripe", secret: SECRET, id: "e", body: br#"{"id":"e"}"#, off_ms: 0 };
    let (status, after, _) = world.post(&lonely, &world.signed(&lonely, &sending), sending.body).await;
    assert_eq!((status, after.as_deref()), (503, Some("30")));

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask =
        |method: reqwest::Method, path: String| client.request(method, format!("{}{path}", world.url)).send();
    for id in ["", "x", &"0".repeat(32), &"f".repeat(400), "..%2f..%2fv1"] {
        let answer = ask(reqwest::Method::POST, format!("/hooks/{id}")).await.unwrap();
        assert_eq!(answer.status(), 404, "{id}");
    }
    let answer = ask(reqwest::Method::GET, format!("/hooks/{}", hook.id)).await.unwrap();
    assert_eq!(answer.status(), 405);
    // A trigger that is polled takes none, and neither does one that is not there.
    let new = |trigger: &str| lockgate::NewHook {
        profile: "receiver".parse().unwrap(),
        trigger: trigger.to_owned(),
        limits: HookLimits::default(),
        secret: None,
    };
    assert_eq!(world.tenant.create_hook(new("polled")).await.unwrap_err().code, "not_a_webhook");
    assert_eq!(world.tenant.create_hook(new("nothing")).await.unwrap_err().code, "unknown_trigger");
    let refused = world.tenant.delete_profile(&"receiver".parse().unwrap()).await.unwrap_err();
    assert_eq!(refused.code, "in_use");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_answered_and_neither_judged_nor_written() {
    let world = World::new().await;
    world.flow("github").await;
    let limits = HookLimits { per_second: 1, burst: 10, ..HookLimits::default() };
    let hook = world.hook_within("github", limits).await;
    let mut statuses = Vec::new();
    for n in 0..200 {
        let (status, after, _) = world.post(&hook, &[], br#"{"id":"a"}"#).await;
        assert!(status == 401 || after.is_some(), "request {n} got {status} without a time to come again");
        statuses.push(status);
    }
    let refused = statuses.iter().filter(|status| **status == 401).count();
    assert!((10..20).contains(&refused), "{refused} of 200 were judged");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
    assert_eq!((world.received(), world.runs()), (0, 0));
    let notes = world.tenant.hook_notes(&hook.id).await.unwrap();
    assert_eq!(notes.refused.values().sum::<u64>(), 200);
    // Another hook of the tenant goes on.
    let other = world.hook("github").await;
    assert_eq!(world.send(&other, "github", "d-1", br#"{"id":"a"}"#).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_that_is_full_pushes_back_and_loses_nothing() {
    let pipeline = PipelineOptions { inbox_events_max: 5, ..PipelineOptions::default() };
    let world = World::shaped(Echo::start().await, None, |builder| builder.pipeline(pipeline.clone())).await;
    world.flow("github").await;
    let flow = "github".parse().unwrap();
    world.tenant.enable_flow(&flow, false).await.unwrap();
    let hook = world.hook("github").await;
    let mut taken = Vec::new();
    for n in 0..8 {
        let id = format!("evt-{n}");
        let body = format!(r#"{{"id":"{id}"}}"#);
        match world.send(&hook, "github", &id, body.as_bytes()).await {
            200 => taken.push(id),
            429 => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(taken.len(), 5);
    assert_eq!(world.tenant.delete_flow(&flow).await.unwrap_err().code, "in_use");
    world.tenant.enable_flow(&flow, true).await.unwrap();
    world.until("the events", |world| world.kept().len() >= 5).await;
    world.quiet().await;
    let mut kept = world.kept();
    kept.sort();
    assert_eq!(kept, taken);
    assert_eq!(world.send(&hook, "github", "evt-9", br#"{"id":"evt-9"}"#).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_drips_is_given_up_and_holds_nobody_else_up() {
    let world = World::new().await;
    world.flow("github").await;
    let hook = world.hook("github").await;
    let address = world.url.trim_start_matches("http://").to_owned();
    let mut slow = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head =
        format!("POST /hooks/{} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 100\r\n\r\n{{", hook.id);
    slow.write_all(head.as_bytes()).await.unwrap();
    // Chunks without a length are read like any body; what a proxy has packed is not unpacked.
    let mut chunked = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /hooks/{} HTTP/1.1\r\nhost: {address}\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
        hook.id
    );
    chunked.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64];
    let read = chunked.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 401"), "{}", String::from_utf8_lossy(&answer[..read]));
    let packed = vec![("content-encoding".to_owned(), b"gzip".to_vec())];
    assert_eq!(world.post(&hook, &packed, b"x").await.0, 415);
    assert_eq!(world.send(&hook, "github", "d-1", br#"{"id":"a"}"#).await, 200);
    drop(slow);
    world.until("the delivery", |world| world.kept().len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hooks_have_a_quota_and_belong_to_their_tenant() {
    let quotas = Quotas { hooks: 2, ..Quotas::default() };
    let world = World::shaped(Echo::start().await, None, |builder| builder.quotas(quotas)).await;
    let hook = world.hook("github").await;
    world.hook("github").await;
    let new = lockgate::NewHook {
        profile: "receiver".parse().unwrap(),
        trigger: "github".to_owned(),
        limits: HookLimits::default(),
        secret: None,
    };
    assert_eq!(world.tenant.create_hook(new).await.unwrap_err().code, "quota_exceeded");
    let tenant = "other".parse().unwrap();
    let token = world.host.make_token(Bearer::Tenant { tenant }).await.unwrap().text;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (method, path) in [
        ("GET", format!("/v1/hooks/{}", hook.id)),
        ("DELETE", format!("/v1/hooks/{}", hook.id)),
        ("POST", format!("/v1/hooks/{}/disable", hook.id)),
    ] {
        let request =
            client.request(method.parse().unwrap(), format!("{}{path}", world.url)).bearer_auth(&token);
        assert_eq!(request.send().await.unwrap().status(), 404, "{method} {path}");
    }
    assert!(world.tenant.hook(&hook.id).unwrap().enabled);
}
