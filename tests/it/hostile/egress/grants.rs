//! What a grant, a configuration and a ceiling may name: origins, one by one, never what strangers share.

use std::collections::BTreeSet;

use lockgate::domain::egress::{HostPattern, Origin};
use lockgate::domain::token::Bearer;
use lockgate::{AuthChoice, NewProfile};
use serde_json::json;

use super::World;

const NO_ORIGINS: &[&str] = &[
    "",
    " ",
    "*",
    "*.com",
    "*.co.uk",
    "*.github.io",
    "https://*",
    "https://*.com",
    "https://*.example.com",
    "https://a,b",
    "https://a.example https://b.example",
    "https://.*\\.example\\.com",
    "https://(a|b).example",
    "https://api.example.com.",
    "https://api.example.com/v1",
    "https://api.example.com:1-65535",
    "https://api.example.com:*",
    "https://api.example.com:0",
    "https://api.example.com:065",
    "https://10.0.0.0/8",
    "https://[::1]/64",
    "https://user@api.example.com",
    "api.example.com",
    "ftp://api.example.com",
    "null",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_is_an_origin_and_nothing_wider() {
    let world = World::public().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let router = server::router(world.host.clone(), server::Options::default());
    tokio::spawn(server::serve(listener, router, std::future::pending()));
    let tenant = world.tenant.id().clone();
    let token = world.host.make_token(Bearer::Tenant { tenant }).await.unwrap().text;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let before = world.tenant.profile(&"probe".parse().unwrap()).unwrap().grant;
    let grant = |host: String| {
        let request = client.post(format!("{api}/v1/profiles/probe/grant")).bearer_auth(&token);
        request.header("content-type", "application/json").body(json!({ "hosts": [host] }).to_string()).send()
    };
    for host in NO_ORIGINS {
        let answer = grant((*host).to_owned()).await.unwrap();
        assert_eq!(answer.status().as_u16(), 400, "{host:?}");
        assert!(answer.text().await.unwrap().contains("invalid_host"), "{host:?}");
    }
    // Origins, and not what the connector asks for.
    for host in [
        "https://10.0.0.1",
        "https://[::1]",
        "https://127.0.0.1:7070",
        "https://co.uk",
        "https://api.exаmple.com",
    ] {
        let answer = grant(host.to_owned()).await.unwrap();
        assert_eq!(answer.status().as_u16(), 422, "{host:?}");
        assert!(answer.text().await.unwrap().contains("grant_refused"), "{host:?}");
    }
    assert_eq!(world.tenant.profile(&"probe".parse().unwrap()).unwrap().grant, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_address_is_granted_only_where_the_operator_names_it() {
    let world = World::new("https://api.example.com", &["http://127.0.0.1:{port}"]).await;
    for (name, base, allowed) in [
        ("named", world.echo.url.clone(), true),
        ("other-port", "http://127.0.0.1:1".to_owned(), false),
        ("private", "https://10.0.0.1".to_owned(), false),
        ("metadata", "http://169.254.169.254".to_owned(), false),
        ("local", "https://localhost".to_owned(), false),
        ("wrapped", "https://[::ffff:127.0.0.1]".to_owned(), false),
    ] {
        let new = new(name, &base);
        let name = new.name.clone();
        world.tenant.create_profile(new).await.unwrap();
        let granted =
            world.tenant.grant(&name, &BTreeSet::from([base.parse().unwrap()]), &BTreeSet::new()).await;
        assert_eq!(granted.is_ok(), allowed, "{base}: {granted:?}");
        if let Err(refused) = granted {
            assert_eq!(refused.code, "grant_refused");
            assert!(refused.message.contains("ceiling.private"), "{refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_cannot_make_a_host_of_a_registry() {
    let world = World::public().await;
    for base in ["https://com", "https://co.uk", "https://com.au:8443", "https://xn--p1ai"] {
        let refused = world.tenant.create_profile(new("wide", base)).await.unwrap_err();
        assert_eq!(refused.code, "invalid_config", "{base}: {refused}");
        assert!(refused.message.contains("public suffix"), "{refused}");
    }
}

#[test]
fn a_ceiling_never_has_a_wildcard_above_strangers() {
    for text in [
        "*",
        "*.com",
        "https://*.com",
        "https://*.co.uk",
        "https://*.com.au",
        "https://*.github.io",
        "https://*.s3.amazonaws.com",
        "https://*.xn--p1ai",
        "https://co.uk",
        "https://a.*.example.com",
        "https://*x.example.com",
        "https://10.0.0.0/8",
        "https://10.0.0.1",
        "",
    ] {
        assert!(text.parse::<HostPattern>().is_err(), "{text:?}");
    }
    for text in
        ["https://*", "https://*.example.com", "https://*.example.co.uk", "https://*.acme.github.io:8443"]
    {
        assert!(text.parse::<HostPattern>().is_ok(), "{text:?}");
    }
    for text in NO_ORIGINS {
        assert!(text.parse::<Origin>().is_err(), "{text:?}");
    }
}

fn new(name: &str, base: &str) -> NewProfile {
    NewProfile {
        name: name.parse().unwrap(),
        connector: "prober".parse().unwrap(),
        version: None,
        config: json!({ "api_base": base }),
        auth: Some(AuthChoice { kind: "bearer".to_owned(), user: None }),
        rate: None,
        egress_address: None,
    }
}
