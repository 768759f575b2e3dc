//! The worked example of a NetSuite account, and what may not be signed.

use domain::egress::{Method, Origin};
use domain::{Randomness, Timestamp};
use serde_json::{Value, json};

use super::*;

const URL: &str = "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl?script=6&deploy=1&customParam=someValue";

struct Sevens;

impl Randomness for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn keys<'a>() -> Keys<'a> {
    Keys { consumer: "ck", consumer_secret: "cs", token: Some(("tk", "ts")) }
}

fn with_request<T>(url: &str, headers: &[(&str, &str)], body: &str, use_it: impl Fn(Outgoing<'_>) -> T) -> T {
    let url: url::Url = url.parse().unwrap();
    let origin: Origin = url.origin().ascii_serialization().parse().unwrap();
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let method = if body.is_empty() { Method::Get } else { Method::Post };
    use_it(Outgoing { method, url: &url, origin: &origin, headers: &headers, body: body.as_bytes() })
}

fn credential(parts: &[(&str, &str)], scheme: &Oauth1, config: &Value) -> Result<Credential, SchemeError> {
    let parts = parts.iter().map(|(name, part)| ((*name).to_owned(), Secret::new(*part)));
    let secret = &Parts::new(parts).unwrap().seal().unwrap();
    let now = Timestamp::from_ms(1_508_242_306_999);
    let given = Given { secret, user: None, config, now, randomness: &Sevens };
    with_request(URL, &[], "", |request| scheme.apply(&given, request))
}

const PARTS: [(&str, &str); 4] = [
    ("consumer_key", "consumer-key"),
    ("consumer_secret", "consumer-secret"),
    ("token", "token-id-1"),
    ("token_secret", "token-secret-1"),
];

#[test]
fn the_worked_example_comes_out() {
    let protocol = keys().protocol("fjaLirsIcCGVZWzBX0pg", 1_508_242_306);
    let base = with_request(URL, &[("content-type", "application/json")], "", |request| {
        base_string(request, &protocol)
    });
    assert_eq!(
        base,
        "GET&https%3A%2F%2F123456.restlets.api.netsuite.com%2Fapp%2Fsite%2Fhosting%2Frestlet.nl&\
         customParam%3DsomeValue%26deploy%3D1%26oauth_consumer_key%3Dck%26oauth_nonce%3DfjaLirsIcCGVZWzBX0pg%26\
         oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1508242306%26oauth_token%3Dtk%26\
         oauth_version%3D1.0%26script%3D6"
    );
    assert_eq!(keys().sign(&base).unwrap(), "3OmfjfZo68CTI+ef1xRbOdFE6K0ib3QMsY/M+2NLJPA=");
}

#[test]
fn a_form_is_signed_and_json_is_not() {
    let base = |kind: &str, body: &str| {
        with_request("https://a.test:8443/p?b=2", &[("content-type", kind)], body, |request| {
            base_string(request, &[])
        })
    };
    let form = base("application/x-www-form-urlencoded; charset=utf-8", "a=1+x&c=%C3%A4");
    assert_eq!(form, "POST&https%3A%2F%2Fa.test%3A8443%2Fp&a%3D1%2520x%26b%3D2%26c%3D%25C3%25A4");
    assert_eq!(base("application/json", "{}"), "POST&https%3A%2F%2Fa.test%3A8443%2Fp&b%3D2");
}

#[test]
fn the_realm_is_the_account_as_netsuite_writes_it() {
    let scheme = Oauth1 { realm: Some("{account}".to_owned()), realm_is_account: true };
    let signed = credential(&PARTS, &scheme, &json!({ "account": "123456-sb1" })).unwrap();
    let value = String::from_utf8(signed.placed[0].value.expose().to_vec()).unwrap();
    assert!(
        value.starts_with("OAuth realm=\"123456_SB1\", oauth_consumer_key=\"consumer-key\", "),
        "{value}"
    );
    assert!(value.contains("oauth_nonce=\"07070707070707070707070707070707\""), "{value}");
    assert!(value.contains("oauth_timestamp=\"1508242306\", oauth_token=\"token-id-1\""), "{value}");
    for config in [json!({}), json!({ "account": "a\"b" }), json!({ "account": "a\r\nb" })] {
        let refused = credential(&PARTS, &scheme, &config).unwrap_err();
        assert_eq!(refused, SchemeError::Config("account".to_owned()), "{config}");
    }
}

#[test]
fn every_part_and_the_signature_are_masked() {
    let scheme = Oauth1 { realm: None, realm_is_account: false };
    let signed = credential(&PARTS, &scheme, &Value::Null).unwrap();
    for (_, part) in PARTS {
        assert!(signed.echoes.contains(&Secret::new(part)), "{part}");
    }
    assert_eq!(signed.echoes.len(), 5);
    assert!(!format!("{signed:?}").contains("consumer-secret"));
}

#[test]
fn a_credential_that_lacks_a_part_is_refused_by_its_name() {
    let scheme = Oauth1 { realm: None, realm_is_account: false };
    for missing in 0..PARTS.len() {
        let mut parts = PARTS.to_vec();
        let (name, _) = parts.remove(missing);
        let refused = credential(&parts, &scheme, &Value::Null).unwrap_err().to_string();
        assert!(refused.contains(name), "{refused}");
    }
    assert!(credential(&PARTS[..2], &scheme, &Value::Null).is_ok(), "the consumer may sign alone");
    let mut short = PARTS;
    short[1].1 = "short";
    assert_eq!(credential(&short, &scheme, &Value::Null), Err(SchemeError::TooShort));
}
