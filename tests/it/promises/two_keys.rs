//! The component requests, somebody grants; what was not both is refused, and the operator's ceiling is above all.

use std::collections::BTreeSet;

use lockgate::Kind;
use serde_json::json;

use crate::harness::{self, Probed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_requested_cannot_be_granted() {
    let probed = Probed::new().await;
    let name = "probe".parse().unwrap();
    let before = probed.tenant.profile(&name).unwrap();
    let hosts = BTreeSet::from(["https://api.example.com".parse().unwrap()]);
    let refused = probed.tenant.grant(&name, &hosts, &BTreeSet::new()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Refused, "{refused}");
    assert!(refused.message.contains("https://api.example.com"), "{refused}");
    let scopes = BTreeSet::from(["everything".parse().unwrap()]);
    let refused = probed.tenant.grant(&name, &BTreeSet::new(), &scopes).await.unwrap_err();
    assert!(refused.message.contains("everything"), "{refused}");
    assert_eq!(probed.tenant.profile(&name).unwrap(), before, "a refused grant changed the profile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_requested_and_not_granted_is_denied() {
    let probed = Probed::new().await;
    let url = format!("{}/things", probed.echo.url);
    let seen = probed.fetch("POST", &url).await;
    assert_eq!(seen["denied"]["gate"], "scope", "{seen}");
    let name = "probe".parse().unwrap();
    let hosts = BTreeSet::from([probed.echo.url.parse().unwrap()]);
    probed.tenant.revoke(&name, &hosts, &BTreeSet::new()).await.unwrap();
    let refused =
        probed.tenant.call(&name, "fetch", vec![json!({ "method": "GET", "url": url })], None).await;
    let heard = match refused {
        Err(error) => error.message,
        Ok(called) => called.results[0].as_ref().unwrap()["denied"]["reason"].to_string(),
    };
    assert!(heard.contains("grant") || heard.contains("host"), "{heard}");
    assert_eq!(probed.echo.heads(), Vec::<String>::new(), "a request left the host");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_reaches_above_the_ceiling() {
    let echo = harness::Echo::start().await;
    // The default ceiling: public addresses over https.
    let host = harness::reaching(&[]).build().await.unwrap();
    let tenant = host.tenant("acme").unwrap();
    tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.unwrap();
    let new = lockgate::NewProfile {
        name: "probe".parse().unwrap(),
        connector: "prober".parse().unwrap(),
        version: None,
        config: json!({ "api_base": echo.url }),
        auth: Some(lockgate::AuthChoice { kind: "bearer".to_owned(), user: None }),
        rate: None,
        egress_address: None,
    };
    tenant.create_profile(new).await.unwrap();
    let hosts = BTreeSet::from([echo.url.parse().unwrap()]);
    let refused = tenant.grant(&"probe".parse().unwrap(), &hosts, &BTreeSet::new()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Refused, "{refused}");
    assert!(refused.message.contains("ceiling"), "{refused}");
}
