//! Credentials that are more than a header, against a remote that computes each proof for itself.

mod vendor;

use std::collections::BTreeSet;
use std::net::IpAddr;

use lockgate::domain::Secret;
use lockgate::domain::parts::Parts;
use lockgate::{AuthChoice, EgressOptions, Host, NewProfile, Tenant};
use serde_json::{Value, json};

use self::vendor::{Proof, Vendor};
use crate::harness;

const AWS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const CONSUMER_SECRET: &str = "consumer-secret-4f1c";
const TOKEN_SECRET: &str = "token-secret-9d2e+/=";
const KEY: &str = "key-in-the-body-5a7b\"";

struct Signed {
    _host: Host,
    tenant: Tenant,
    vendor: Vendor,
}

impl Signed {
    /// The probing guest at a vendor, with a profile of this scheme.
    async fn new(kind: &str, proof: Proof, credential: Secret) -> Self {
        Self::leaving_from(None, kind, proof, credential).await
    }

    /// The same, where the profile chose one of two addresses that the operator offers.
    async fn leaving_from(
        egress_address: Option<IpAddr>,
        kind: &str,
        proof: Proof,
        credential: Secret,
    ) -> Self {
        let vendor = Vendor::start(proof).await;
        let egress_addresses = ["127.0.0.2", "127.0.0.3"].map(|address| address.parse().unwrap()).to_vec();
        let options = EgressOptions { egress_addresses, ..EgressOptions::default() };
        let host = harness::reaching(&[&vendor.url]).egress(options).build().await.expect("the host starts");
        let tenant = host.tenant("acme").expect("a tenant");
        tenant.upload(lockgate_tests::guests::PROBER.to_vec()).await.expect("the upload is admitted");
        let new = NewProfile {
            name: "probe".parse().unwrap(),
            connector: "prober".parse().unwrap(),
            version: None,
            config: json!({ "api_base": vendor.url, "region": "eu-central-1", "account": "123456-sb1" }),
            auth: Some(AuthChoice { kind: kind.to_owned(), user: None }),
            rate: None,
            egress_address,
        };
        let name = tenant.create_profile(new).await.expect("the profile is made").name;
        tenant.set_credential(&name, credential).await.expect("the credential is set");
        let hosts = BTreeSet::from([vendor.url.parse().unwrap()]);
        let scopes = ["things:read", "things:write"].map(|scope| scope.parse().unwrap()).into();
        tenant.grant(&name, &hosts, &scopes).await.expect("the grant is given");
        Self { _host: host, tenant, vendor }
    }

    async fn fetch(&self, method: &str, path: &str, headers: Value, body: &str) -> Value {
        let url = format!("{}{path}", self.vendor.url);
        let input = json!({ "method": method, "url": url, "headers": headers, "body": body });
        let called = harness::call(&self.tenant, "probe", "fetch", input).await;
        let rows = format!("{:?}", called.exchanges);
        for secret in [AWS_KEY, CONSUMER_SECRET, TOKEN_SECRET, "key-in-the-body-5a7b"] {
            assert!(!rows.contains(secret), "{rows}");
        }
        called.results.into_iter().next().expect("one result").expect("the guest answers")
    }
}

fn parts(parts: &[(&str, &str)]) -> Secret {
    let parts = parts.iter().map(|(name, part)| ((*name).to_owned(), Secret::new(*part)));
    Parts::new(parts).unwrap().seal().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_signed_for_aws_and_the_guest_sees_no_signature() {
    let credential = parts(&[
        ("access_key_id", "AKIDEXAMPLE"),
        ("secret_access_key", AWS_KEY),
        ("session_token", "session-token-3c8d"),
    ]);
    let signed = Signed::new("aws_sigv4", Proof::Aws(AWS_KEY), credential).await;
    let seen = signed.fetch("GET", "/things/7?b=2&a=1", json!([["x-amz-meta-a", "x  y"]]), "").await;
    assert_eq!(seen["status"], 200, "{seen}");
    let json = json!([["content-type", "application/json"]]);
    let seen = signed.fetch("POST", "/things", json.clone(), r#"{"a": 1}"#).await;
    assert_eq!(seen["status"], 200, "{seen}");
    let last = signed.vendor.seen().pop().unwrap();
    assert_eq!(last.headers["x-amz-security-token"], "session-token-3c8d");
    let signature = last.headers["authorization"].rsplit('=').next().unwrap().to_owned();
    let heard = seen.to_string();
    assert!(!heard.contains(&signature) && !heard.contains("session-token-3c8d"), "{heard}");
    assert!(heard.contains(&last.headers["x-amz-date"]), "the date is nobody's secret: {heard}");

    let seen = signed.fetch("GET", "/things", json!([["x-amz-date", "20150830T123600Z"]]), "").await;
    assert_eq!(seen["denied"]["gate"], "headers", "{seen}");
    let seen = signed.fetch("GET", "/things?x-amz-signature=mine", json!([]), "").await;
    assert_eq!(seen["denied"]["gate"], "credential", "{seen}");
    assert_eq!(signed.vendor.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_signed_with_oauth1_for_an_account_each_time_anew() {
    let credential = parts(&[
        ("consumer_key", "consumer-key-1"),
        ("consumer_secret", CONSUMER_SECRET),
        ("token", "token-id-77"),
        ("token_secret", TOKEN_SECRET),
    ]);
    let proof = Proof::Oauth1(CONSUMER_SECRET, TOKEN_SECRET);
    let signed = Signed::new("oauth1", proof, credential).await;
    for (method, path, body) in [
        ("GET", "/things?script=6&deploy=1&q=a%20b", ""),
        ("GET", "/things?script=6&deploy=1&q=a%20b", ""),
        ("POST", "/things", r#"{"a": 1}"#),
    ] {
        let headers = json!([["content-type", "application/json"]]);
        let seen = signed.fetch(method, path, headers, body).await;
        assert_eq!(seen["status"], 200, "{seen}");
        let heard = seen.to_string();
        assert!(!heard.contains("token-id-77") && !heard.contains("oauth_signature"), "{heard}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_the_body_is_added_behind_the_guests_back() {
    let signed = Signed::new("api_key", Proof::Field("api_key", KEY), Secret::new(KEY)).await;
    let headers = json!([["content-type", "application/json"]]);
    let seen = signed.fetch("POST", "/things", headers.clone(), r#"{"a": 1.50}"#).await;
    assert_eq!(seen["status"], 200, "{seen}");
    assert!(!seen.to_string().contains("key-in-the-body"), "{seen}");
    assert!(signed.vendor.seen()[0].body.ends_with(r#","a": 1.50}"#), "the guest's text stays as it was");
    let seen = signed.fetch("POST", "/things", headers, r#"{"Api_Key": "mine"}"#).await;
    assert_eq!(seen["denied"]["gate"], "credential", "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_that_lacks_a_part_is_refused_before_it_is_stored() {
    let credential = parts(&[("access_key_id", "AKIDEXAMPLE"), ("secret_access_key", AWS_KEY)]);
    let signed = Signed::new("aws_sigv4", Proof::Aws(AWS_KEY), credential).await;
    let name = "probe".parse().unwrap();
    for (wrong, named) in [
        (Secret::new("a-plain-value"), "named parts"),
        (parts(&[("access_key_id", "AKIDEXAMPLE")]), "secret_access_key"),
        (parts(&[("access_key_id", "A"), ("secret_access_key", AWS_KEY), ("extra", "x")]), "extra"),
    ] {
        let refused = signed.tenant.set_credential(&name, wrong).await.unwrap_err();
        assert!(refused.code == "invalid_credential" && refused.message.contains(named), "{refused}");
        assert!(!refused.message.contains(AWS_KEY));
    }
    let seen = signed.fetch("GET", "/things", json!([]), "").await;
    assert_eq!(seen["status"], 200, "the old one still works: {seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_sends_from_the_address_that_it_chose_and_from_none_that_is_not_offered() {
    let (proof, key) = (Proof::Field("api_key", KEY), || Secret::new(KEY));
    let headers = json!([["content-type", "application/json"]]);
    for address in ["127.0.0.2", "127.0.0.3"] {
        let chosen: Option<IpAddr> = Some(address.parse().unwrap());
        let signed = Signed::leaving_from(chosen, "api_key", proof, key()).await;
        let seen = signed.fetch("POST", "/things", headers.clone(), "{}").await;
        assert_eq!(seen["status"], 200, "{seen}");
        assert_eq!(Some(signed.vendor.seen()[0].from), chosen);

        let other = NewProfile {
            name: "other".parse().unwrap(),
            connector: "prober".parse().unwrap(),
            version: None,
            config: json!({ "api_base": signed.vendor.url }),
            auth: Some(AuthChoice { kind: "bearer".to_owned(), user: None }),
            rate: None,
            egress_address: Some("127.0.0.4".parse().unwrap()),
        };
        let refused = signed.tenant.create_profile(other).await.unwrap_err();
        assert_eq!(refused.code, "unknown_egress_address", "{refused}");
        assert!(refused.message.contains("127.0.0.2, 127.0.0.3"), "{refused}");
    }
}
