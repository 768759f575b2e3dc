//! The worked examples of every scheme, and what each must refuse.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{Secret, Timestamp};
use wit::{
    HmacWebhook, WebhookAlgorithm, WebhookEncoding, WebhookEventId, WebhookScheme, WebhookTimeUnit,
    WebhookTimestamp,
};

use super::*;

/// A request that a vendor's documents, or an independent computation, say is signed.
struct Vector {
    scheme: WebhookScheme,
    secret: &'static str,
    headers: Vec<(&'static str, String)>,
    body: &'static str,
    /// When it was sent; for schemes without a time, any moment.
    at_ms: i64,
    event_id: Option<&'static str>,
    /// The header that carries the signature, and the one with the time.
    signature: &'static str,
    time: Option<&'static str>,
}

const URI: &str = "https://hooks.example.test/hs";
const SLACK_BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

fn vectors() -> Vec<Vector> {
    let standard = |family: &str| {
        let name = |part: &str| -> &'static str { format!("{family}-{part}").leak() };
        Vector {
            scheme: WebhookScheme::StandardWebhooks,
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            headers: vec![
                (name("id"), "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()),
                (name("timestamp"), "1614265330".to_owned()),
                (name("signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()),
            ],
            body: r#"{"test": 2432232314}"#,
            at_ms: 1_614_265_330_000,
            event_id: Some("msg_p5jXN8AQM9LWM0D4loKWxJek"),
            signature: name("signature"),
            time: Some(name("timestamp")),
        }
    };
    vec![
        standard("webhook"),
        standard("svix"),
        Vector {
            scheme: WebhookScheme::Stripe,
            secret: "whsec_test_secret",
            headers: vec![(
                "Stripe-Signature",
                "t=1700000000,v1=d95c6b7477fbd7e9f90b1b0ef5f9c7ac25abca5382460e0d988c2b2a5b71b990".to_owned(),
            )],
            body: r#"{"id":"evt_test_webhook","object":"event"}"#,
            at_ms: 1_700_000_000_000,
            event_id: Some("evt_test_webhook"),
            signature: "Stripe-Signature",
            time: None,
        },
        Vector {
            scheme: WebhookScheme::Github,
            secret: "It's a Secret to Everybody",
            headers: vec![
                (
                    "X-Hub-Signature-256",
                    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17".to_owned(),
                ),
                ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958".to_owned()),
            ],
            body: "Hello, World!",
            at_ms: 0,
            event_id: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            signature: "X-Hub-Signature-256",
            time: None,
        },
        Vector {
            scheme: WebhookScheme::Slack,
            secret: "8f742231b10e8888abcd99yyyzzz85a5",
            headers: vec![
                (
                    "X-Slack-Signature",
                    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503".to_owned(),
                ),
                ("X-Slack-Request-Timestamp", "1531420618".to_owned()),
            ],
            body: SLACK_BODY,
            at_ms: 1_531_420_618_000,
            event_id: None,
            signature: "X-Slack-Signature",
            time: Some("X-Slack-Request-Timestamp"),
        },
        Vector {
            scheme: WebhookScheme::Shopify,
            secret: "shpss_test_secret",
            headers: vec![
                ("X-Shopify-Hmac-Sha256", "AU5n5C4JV1EbE8g4yEzV+ZHbqkXpM29HXkzNAa5zicA=".to_owned()),
                ("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043".to_owned()),
            ],
            body: r#"{"id":820982911946154508}"#,
            at_ms: 0,
            event_id: Some("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
            signature: "X-Shopify-Hmac-Sha256",
            time: None,
        },
        Vector {
            scheme: WebhookScheme::Hubspot,
            secret: "hubspot-test-secret",
            headers: vec![
                ("X-HubSpot-Signature-v3", "T6n4FMvaoSgangD00bDBackFoGyB5mYfd7r36088SlM=".to_owned()),
                ("X-HubSpot-Request-Timestamp", "1700000000000".to_owned()),
            ],
            body: r#"[{"eventId":1}]"#,
            at_ms: 1_700_000_000_000,
            event_id: None,
            signature: "X-HubSpot-Signature-v3",
            time: Some("X-HubSpot-Request-Timestamp"),
        },
        Vector {
            scheme: WebhookScheme::Quickbooks,
            secret: "intuit-verifier",
            headers: vec![("intuit-signature", "9SIH3xz4mQ81Y/PRGN7BYc07iklJRZs7Dc+8VF0z/Lg=".to_owned())],
            body: r#"{"eventNotifications":[]}"#,
            at_ms: 0,
            event_id: None,
            signature: "intuit-signature",
            time: None,
        },
        Vector {
            // Slack's example once more, in the words of a manifest.
            scheme: WebhookScheme::Hmac(slack_in_words()),
            secret: "8f742231b10e8888abcd99yyyzzz85a5",
            headers: vec![
                (
                    "X-Slack-Signature",
                    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503".to_owned(),
                ),
                ("X-Slack-Request-Timestamp", "1531420618".to_owned()),
            ],
            body: SLACK_BODY,
            at_ms: 1_531_420_618_000,
            event_id: None,
            signature: "X-Slack-Signature",
            time: Some("X-Slack-Request-Timestamp"),
        },
    ]
}

fn slack_in_words() -> HmacWebhook {
    HmacWebhook {
        header: "x-slack-signature".to_owned(),
        prefix: "v0=".to_owned(),
        algorithm: WebhookAlgorithm::Sha256,
        encoding: WebhookEncoding::Hex,
        signed: "v0:{timestamp}:{body}".to_owned(),
        timestamp: Some(WebhookTimestamp {
            header: "x-slack-request-timestamp".to_owned(),
            unit: WebhookTimeUnit::Seconds,
        }),
        event_id: None,
    }
}

fn owned(headers: &[(&str, String)]) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())).collect()
}

impl Vector {
    fn headers(&self) -> Vec<(String, Vec<u8>)> {
        owned(&self.headers)
    }

    fn ask(
        &self,
        secrets: &[&str],
        headers: &[(String, Vec<u8>)],
        body: &[u8],
        now_ms: i64,
    ) -> Result<Verified, Refused> {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        let request = Arrived { method: "POST", uri: URI, headers, body, now: Timestamp::from_ms(now_ms) };
        verify(&self.scheme, &secrets, &request)
    }

    fn usual(&self) -> Result<Verified, Refused> {
        self.ask(&[self.secret], &self.headers(), self.body.as_bytes(), self.at_ms)
    }

    fn has_time(&self) -> bool {
        self.usual().is_ok_and(|verified| verified.sent_at.is_some())
    }
}

#[test]
fn every_worked_example_is_accepted_and_names_its_event() {
    for vector in vectors() {
        let verified = vector.usual().unwrap_or_else(|refused| panic!("{:?}: {refused}", vector.scheme));
        assert_eq!(verified.event_id.as_deref(), vector.event_id, "{:?}", vector.scheme);
    }
}

#[test]
fn no_flipped_bit_of_the_body_or_of_the_signature_passes() {
    for vector in vectors() {
        for at in 0..vector.body.len() * 8 {
            let mut body = vector.body.as_bytes().to_vec();
            body[at / 8] ^= 1 << (at % 8);
            let refused = vector.ask(&[vector.secret], &vector.headers(), &body, vector.at_ms);
            assert_eq!(refused, Err(Refused::NoMatch), "{:?} bit {at}", vector.scheme);
        }
        for at in 0..vector.headers.len() {
            let (name, value) = (vector.headers[at].0, vector.headers[at].1.clone());
            if name != vector.signature {
                continue;
            }
            for bit in 0..value.len() * 8 {
                let mut headers = vector.headers();
                headers[at].1[bit / 8] ^= 1 << (bit % 8);
                let same = headers[at].1.eq_ignore_ascii_case(value.as_bytes());
                let answer = vector.ask(&[vector.secret], &headers, vector.body.as_bytes(), vector.at_ms);
                // Hexadecimal digits mean the same in both cases.
                assert!(answer.is_err() || same, "{:?} bit {bit} of {name}", vector.scheme);
            }
        }
    }
}

#[test]
fn a_wrong_secret_fits_nothing_and_any_good_one_of_two_does() {
    // Base64 as well, for the scheme that writes its keys so.
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for vector in vectors() {
        let ask =
            |secrets: &[&str]| vector.ask(secrets, &vector.headers(), vector.body.as_bytes(), vector.at_ms);
        assert_eq!(ask(&[other]), Err(Refused::NoMatch), "{:?}", vector.scheme);
        assert_eq!(ask(&[]), Err(Refused::NoMatch), "{:?}", vector.scheme);
        assert!(ask(&[other, vector.secret]).is_ok() && ask(&[vector.secret, other]).is_ok());
    }
}

#[test]
fn a_time_may_lie_five_minutes_off_in_either_direction_and_no_more() {
    for vector in vectors().into_iter().filter(Vector::has_time) {
        let at = |off_ms: i64| {
            vector.ask(&[vector.secret], &vector.headers(), vector.body.as_bytes(), vector.at_ms + off_ms)
        };
        assert!(at(300_000).is_ok() && at(-300_000).is_ok(), "{:?}", vector.scheme);
        assert_eq!(at(301_000), Err(Refused::TooOld(301)), "{:?}", vector.scheme);
        assert_eq!(at(-301_000), Err(Refused::TooNew(301)), "{:?}", vector.scheme);
    }
}

#[test]
fn times_that_are_no_number_are_refused_before_anything_is_compared() {
    for vector in vectors() {
        let Some(time) = vector.time else { continue };
        for text in ["", "now", "-1", "+1614265330", " 1614265330", "1e9", "0x10", "99999999999999999999"] {
            let mut headers = vector.headers();
            headers.iter_mut().filter(|(name, _)| name == time).for_each(|(_, value)| *value = text.into());
            let answer = vector.ask(&[vector.secret], &headers, vector.body.as_bytes(), vector.at_ms);
            assert!(matches!(answer, Err(Refused::Malformed(_))), "{:?} {text:?}: {answer:?}", vector.scheme);
        }
    }
}

#[test]
fn headers_that_are_missing_doubled_or_of_another_version_are_refused() {
    for vector in vectors() {
        let ask = |headers: &[(String, Vec<u8>)]| {
            vector.ask(&[vector.secret], headers, vector.body.as_bytes(), vector.at_ms)
        };
        let signature = |headers: &[(String, Vec<u8>)]| {
            headers.iter().position(|(name, _)| name == vector.signature).unwrap()
        };
        let mut missing = vector.headers();
        let good = missing.remove(signature(&missing));
        assert!(matches!(ask(&missing), Err(Refused::Missing(_))), "{:?}", vector.scheme);
        let mut twice = vector.headers();
        twice.push((good.0.to_ascii_uppercase(), good.1.clone()));
        assert!(matches!(ask(&twice), Err(Refused::Twice(_))), "{:?}", vector.scheme);
        for value in [&b""[..], b"v9=", b"v1", b"=", b",", b"\xff\xfe", b"sha1=aa", b"t=1,t=2,v1=aa"] {
            let mut odd = vector.headers();
            let at = signature(&odd);
            odd[at].1 = value.to_vec();
            assert!(ask(&odd).is_err(), "{:?} {value:?}", vector.scheme);
        }
    }
}

#[test]
fn an_empty_body_is_judged_like_any_other() {
    for vector in vectors() {
        assert_eq!(
            vector.ask(&[vector.secret], &vector.headers(), b"", vector.at_ms),
            Err(Refused::NoMatch),
            "{:?}",
            vector.scheme
        );
        let now = Timestamp::from_ms(1_700_000_000_000);
        let (secret, id) = (Secret::new(vector.secret), "evt_1");
        let unsigned = Arrived { method: "POST", uri: URI, headers: &[], body: b"", now };
        let signed = sign(&vector.scheme, &secret, &unsigned, id).unwrap();
        let request = Arrived { headers: &signed.headers, ..unsigned };
        verify(&vector.scheme, &[secret], &request).unwrap();
    }
}

#[test]
fn what_the_host_signs_for_a_test_is_what_it_accepts() {
    let now = Timestamp::from_ms(1_700_000_000_123);
    for vector in vectors() {
        let secret = Secret::new(vector.secret);
        let unsigned = Arrived { method: "POST", uri: URI, headers: &[], body: vector.body.as_bytes(), now };
        let signed = sign(&vector.scheme, &secret, &unsigned, "evt_1").unwrap();
        let request = Arrived { headers: &signed.headers, ..unsigned };
        verify(&vector.scheme, &[secret], &request).unwrap();
    }
}

#[test]
fn one_good_signature_among_several_is_enough() {
    let with = |at: usize, value: &str| {
        let vector = vectors().swap_remove(at);
        let mut headers = vector.headers();
        headers
            .iter_mut()
            .filter(|(name, _)| name == vector.signature)
            .for_each(|(_, old)| *old = value.into());
        vector.ask(&[vector.secret], &headers, vector.body.as_bytes(), vector.at_ms)
    };
    let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let wrong = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert!(with(0, &format!("{wrong} v1a,xyz {good}")).is_ok());
    assert_eq!(with(0, &format!("{wrong} {wrong}")), Err(Refused::NoMatch));
    // A good one behind more than anybody sends is not looked for.
    assert_eq!(with(0, &format!("{}{good}", format!("{wrong} ").repeat(100))), Err(Refused::NoMatch));
    assert_eq!(with(0, &good.replace("v1,", "v2,")), Err(Refused::NoMatch));

    let good = "d95c6b7477fbd7e9f90b1b0ef5f9c7ac25abca5382460e0d988c2b2a5b71b990";
    let wrong = "00".repeat(32);
    assert!(with(2, &format!("t=1700000000,v1={wrong},v1={good},v0={wrong}")).is_ok());
    assert_eq!(with(2, &format!("t=1700000000,v0={good}")), Err(Refused::NoMatch));
    assert!(matches!(with(2, &format!("v1={good}")), Err(Refused::Malformed(_))));
    // The time is signed too, so another one does not fit.
    assert_eq!(with(2, &format!("t=1700000001,v1={good}")), Err(Refused::NoMatch));
}

#[test]
fn a_generic_scheme_signs_whatever_its_template_says() {
    let scheme = WebhookScheme::Hmac(HmacWebhook {
        header: "X-Sig".to_owned(),
        prefix: String::new(),
        algorithm: WebhookAlgorithm::Sha512,
        encoding: WebhookEncoding::Base64,
        signed: "{method}|{uri}|{timestamp}|{body}".to_owned(),
        timestamp: Some(WebhookTimestamp { header: "X-At".to_owned(), unit: WebhookTimeUnit::Milliseconds }),
        event_id: Some(WebhookEventId::Pointer("/event/id".to_owned())),
    });
    let (now, secret) = (Timestamp::from_ms(1_700_000_000_123), Secret::new("s"));
    let body = br#"{"event":{"id":7},"note":"{timestamp}"}"#;
    let unsigned = Arrived { method: "POST", uri: URI, headers: &[], body, now };
    let signed = sign(&scheme, &secret, &unsigned, "ignored").unwrap();
    let request = Arrived { headers: &signed.headers, ..unsigned };
    let verified = verify(&scheme, std::slice::from_ref(&secret), &request).unwrap();
    assert_eq!((verified.event_id.as_deref(), verified.id_is_signed), (Some("7"), true));
    assert_eq!(verified.sent_at, Some(now));
    for other in [
        Arrived { method: "PUT", ..request },
        Arrived { uri: "https://hooks.example.test/other", ..request },
        Arrived { body: b"{}", ..request },
    ] {
        assert_eq!(verify(&scheme, std::slice::from_ref(&secret), &other), Err(Refused::NoMatch));
    }
}

#[test]
fn a_refusal_names_its_check_and_no_secret() {
    for (refused, code) in [
        (Refused::Missing("x".to_owned()), "signature_missing"),
        (Refused::Twice("x".to_owned()), "header_twice"),
        (Refused::Malformed("x".to_owned()), "signature_malformed"),
        (Refused::TooOld(1), "too_old"),
        (Refused::TooNew(1), "too_new"),
        (Refused::NoMatch, "signature_wrong"),
        (Refused::BadSecret, "secret_unusable"),
    ] {
        assert_eq!(refused.code(), code);
    }
    let bad = Secret::new("not base64!");
    assert_eq!(secret_fits(&WebhookScheme::StandardWebhooks, &bad), Err(Refused::BadSecret));
    assert_eq!(secret_fits(&WebhookScheme::Stripe, &bad), Ok(()));
    assert_eq!(secret_fits(&WebhookScheme::Stripe, &Secret::new("")), Err(Refused::BadSecret));
}

#[test]
fn no_header_with_a_signature_is_kept() {
    for vector in vectors() {
        let kept = kept_headers(&wit::Webhook { scheme: vector.scheme, headers: vec!["X-Extra".to_owned()] });
        assert!(kept.contains(&"x-extra".to_owned()) && kept.contains(&"content-type".to_owned()));
        assert!(!kept.iter().any(|name| name.contains("signature") || name.contains("hmac")), "{kept:?}");
    }
}

/// A sender that signs with a key of its own, as the specification's `v1a` says.
fn signed_by_key(pair: &ring::signature::Ed25519KeyPair, body: &str) -> Vec<(String, Vec<u8>)> {
    let signature = pair.sign(format!("msg_1.1614265330.{body}").as_bytes());
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    vec![
        header("webhook-id", "msg_1"),
        header("webhook-timestamp", "1614265330"),
        header("webhook-signature", &format!("v1,AAAA v1a,{} v2,odd", STANDARD.encode(signature.as_ref()))),
    ]
}

#[test]
fn a_public_key_of_the_sender_verifies_what_the_private_one_signed_and_is_no_shared_secret() {
    use ring::signature::KeyPair as _;
    let pair = |seed: u8| ring::signature::Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let secret = |pair: &ring::signature::Ed25519KeyPair| {
        Secret::new(format!("whpk_{}", STANDARD.encode(pair.public_key().as_ref())))
    };
    let (mine, other, body) = (pair(7), pair(8), r#"{"test": 1}"#);
    let headers = signed_by_key(&mine, body);
    let request = Arrived {
        method: "POST",
        uri: URI,
        headers: &headers,
        body: body.as_bytes(),
        now: Timestamp::from_ms(1_614_265_330_000),
    };
    let scheme = WebhookScheme::StandardWebhooks;
    let shared = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert!(verify(&scheme, &[secret(&mine)], &request).is_ok());
    assert!(verify(&scheme, &[shared.clone(), secret(&other), secret(&mine)], &request).is_ok(), "rotated");
    for wrong in [vec![secret(&other)], vec![shared.clone()], vec![]] {
        assert_eq!(verify(&scheme, &wrong, &request), Err(Refused::NoMatch));
    }
    let changed = Arrived { body: b"{}", ..request };
    assert_eq!(verify(&scheme, &[secret(&mine)], &changed), Err(Refused::NoMatch));
    // Whoever knows the public key cannot pass it off as a secret that both ends have.
    let public = Secret::new(format!("whsec_{}", STANDARD.encode(mine.public_key().as_ref())));
    let forged = sign(&scheme, &public, &request, "msg_1").unwrap();
    let forged = Arrived { headers: &forged.headers, ..request };
    assert_eq!(verify(&scheme, &[secret(&mine)], &forged), Err(Refused::NoMatch));
    assert_eq!(sign(&scheme, &secret(&mine), &request, "msg_1"), Err(Refused::PublicOnly));
    for bad in ["whpk_", "whpk_AAAA", "whpk_not base64"] {
        assert_eq!(secret_fits(&scheme, &Secret::new(bad)), Err(Refused::BadSecret), "{bad}");
    }
}
