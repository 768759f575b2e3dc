//! The signing suite of AWS, case by case, and what a request of the host gets.

use domain::Randomness;
use domain::egress::{Method, Origin};
use serde_json::{Value, json};

use super::*;

const SUITE: &str = include_str!("../../vectors/aws-sigv4.json");
/// 2015-08-30T12:36:00Z.
const NOW: Timestamp = Timestamp::from_ms(1_440_938_160_000);
const KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A request of the suite: raw text, with headers that may go on in the next line.
struct Raw {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Raw {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            match line.split_once(':') {
                Some((name, value)) if !line.starts_with(' ') => {
                    headers.push((name.to_owned(), value.to_owned()))
                }
                _ => headers.last_mut().unwrap().1.push_str(line),
            }
        }
        let text = |text: &str| text.to_owned();
        Self { method: text(method), path: text(path), query: text(query), headers, body: text(body) }
    }

    fn signable(&self, normalise: bool) -> Signable<'_> {
        Signable {
            method: &self.method,
            path: &self.path,
            paths: if normalise { Paths::Normalised } else { Paths::AsWritten },
            query: pairs(self.query.as_bytes()),
            headers: self.headers.clone(),
            payload: mac::sha256_hex(self.body.as_bytes()),
        }
    }
}

fn same(case: &Value, variant: &str, signer: &Signer<'_>, request: &Signable<'_>) {
    let (name, wanted) = (case["name"].as_str().unwrap(), &case[variant]);
    let canonical = request.canonical().text;
    assert_eq!(canonical, wanted["canonical_request"].as_str().unwrap(), "{name}");
    let to_sign = signer.to_sign(&canonical);
    assert_eq!(to_sign, wanted["string_to_sign"].as_str().unwrap(), "{name}");
    assert_eq!(signer.sign(request).unwrap().signature, wanted["signature"].as_str().unwrap(), "{name}");
}

#[test]
fn every_case_of_the_suite_comes_out_in_headers_and_in_the_query() {
    let cases: Vec<Value> = serde_json::from_str(SUITE).unwrap();
    assert_eq!(cases.len(), 38);
    for case in &cases {
        let context = &case["context"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let key = Secret::new(text(&context["credentials"]["secret_access_key"]).unwrap());
        let token = text(&context["credentials"]["token"]);
        // Some services want the token beside the signature, not under it.
        let signs_token = !context["omit_session_token"].as_bool().unwrap_or_default();
        let token = token.as_deref().filter(|_| signs_token);
        let signer = Signer {
            key_id: context["credentials"]["access_key_id"].as_str().unwrap(),
            key: &key,
            token,
            stamp: stamp(NOW),
            region: text(&context["region"]).unwrap(),
            service: text(&context["service"]).unwrap(),
        };
        assert_eq!(context["timestamp"], "2015-08-30T12:36:00Z");
        let raw = Raw::read(case["request"].as_str().unwrap());
        let normalise = context["normalize"].as_bool().unwrap();

        let mut request = raw.signable(normalise);
        request.headers.push(("X-Amz-Date".to_owned(), signer.stamp.clone()));
        if context["sign_body"].as_bool().unwrap() {
            request.headers.push(("x-amz-content-sha256".to_owned(), request.payload.clone()));
        }
        request.headers.extend(token.map(|token| ("X-Amz-Security-Token".to_owned(), token.to_owned())));
        same(case, "header", &signer, &request);

        let mut request = raw.signable(normalise);
        let expires_s = u32::try_from(context["expiration_in_seconds"].as_u64().unwrap()).unwrap();
        let added = signer.query(&request.canonical().signed_headers, expires_s);
        request.query.extend(added.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())));
        same(case, "query", &signer, &request);
    }
}

struct Zeroes;

impl Randomness for Zeroes {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn scheme(region: &str, service: &str) -> AwsSigv4 {
    AwsSigv4 {
        region: region.to_owned(),
        service: service.to_owned(),
        unsigned_payload: false,
        in_query: false,
    }
}

fn apply(scheme: &AwsSigv4, parts: &[(&str, &str)], url: &str) -> Result<Credential, SchemeError> {
    let parts = parts.iter().map(|(name, part)| ((*name).to_owned(), Secret::new(*part)));
    let secret = &Parts::new(parts).unwrap().seal().unwrap();
    let url: url::Url = url.parse().unwrap();
    let origin: Origin = url.origin().ascii_serialization().parse().unwrap();
    let headers =
        [("x-amz-target", "T.Get"), ("accept", "*/*"), ("content-type", "application/x-amz-json-1.0")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let request =
        Outgoing { method: Method::Post, url: &url, origin: &origin, headers: &headers, body: b"{}" };
    let config = &json!({ "region": "eu-central-1" });
    scheme.apply(&Given { secret, user: None, config, now: NOW, randomness: &Zeroes }, request)
}

fn shown(credential: &Credential) -> Vec<(String, String)> {
    let placed = credential.placed.iter();
    placed
        .map(|placed| (placed.place.to_string(), String::from_utf8(placed.value.expose().to_vec()).unwrap()))
        .collect()
}

const PARTS: [(&str, &str); 2] = [("access_key_id", "AKIDEXAMPLE"), ("secret_access_key", KEY)];

#[test]
fn a_request_gets_date_digest_and_signature_over_what_is_its_own() {
    let signed = apply(&scheme("{region}", "dynamodb"), &PARTS, "https://db.test:8443/").unwrap();
    let shown = shown(&signed);
    assert_eq!(shown[0], ("the header x-amz-date".to_owned(), "20150830T123600Z".to_owned()));
    assert_eq!(shown[1], ("the header x-amz-content-sha256".to_owned(), mac::sha256_hex(b"{}")));
    let start = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/dynamodb/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target, Signature=";
    assert_eq!(shown[2].0, "the header authorization");
    assert!(shown[2].1.starts_with(start), "{}", shown[2].1);
    let signature = shown[2].1.rsplit('=').next().unwrap();
    assert!(signed.echoes.contains(&Secret::new(signature)) && signed.echoes.contains(&Secret::new(KEY)));
    let open: Vec<bool> = signed.placed.iter().map(|placed| placed.open).collect();
    assert_eq!(open, [true, true, false], "a digest of the body in an answer is no secret");
}

#[test]
fn a_temporary_key_sends_its_token_and_has_it_masked() {
    let parts = [PARTS[0], PARTS[1], ("session_token", "the-session-token")];
    let signed = apply(&scheme("us-east-1", "s3"), &parts, "https://s3.test/a//b%20c").unwrap();
    let shown = shown(&signed);
    assert_eq!(shown[2], ("the header x-amz-security-token".to_owned(), "the-session-token".to_owned()));
    assert!(shown[3].1.contains("x-amz-security-token;x-amz-target, "), "{}", shown[3].1);
    assert!(signed.echoes.contains(&Secret::new("the-session-token")));
}

#[test]
fn a_body_may_be_left_out_of_the_signature_and_the_signature_may_go_into_the_query() {
    let mut unsigned = scheme("us-east-1", "s3");
    unsigned.unsigned_payload = true;
    let headers = shown(&apply(&unsigned, &PARTS, "https://s3.test/a").unwrap());
    assert_eq!(headers[1].1, "UNSIGNED-PAYLOAD");

    let mut presigned = scheme("us-east-1", "s3");
    presigned.in_query = true;
    let signed = apply(&presigned, &PARTS, "https://s3.test/a?x=1").unwrap();
    let names: Vec<String> = shown(&signed).into_iter().map(|(place, _)| place).collect();
    let wanted = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"];
    assert_eq!(names, wanted.map(|name| format!("the query parameter X-Amz-{name}")));
}

#[test]
fn paths_are_spelt_as_the_service_spells_them() {
    let spelt = |paths: Paths, path: &str| {
        let parts = canonical::Parts { method: "GET", path, paths, query: &[], headers: &[], payload: "" };
        parts.canonical().text.lines().nth(1).unwrap().to_owned()
    };
    for (path, as_written, normalised) in [
        ("/", "/", "/"),
        ("/a%20b/", "/a%20b/", "/a%2520b/"),
        ("/a//b", "/a//b", "/a/b"),
        ("/a%2Fb!", "/a%2Fb%21", "/a%252Fb%21"),
    ] {
        assert_eq!(spelt(Paths::AsWritten, path), as_written);
        assert_eq!(spelt(Paths::Normalised, path), normalised);
    }
}

#[test]
fn what_would_break_the_header_or_lacks_a_part_is_refused() {
    let scheme_of = |region: &str| apply(&scheme(region, "s3"), &PARTS, "https://s3.test/");
    assert_eq!(scheme_of("{zone}"), Err(SchemeError::Config("zone".to_owned())));
    assert_eq!(scheme_of("us/east"), Err(SchemeError::Config("us/east".to_owned())));
    let with =
        |parts: &[(&str, &str)]| apply(&scheme("us-east-1", "s3"), parts, "https://s3.test/").unwrap_err();
    assert!(with(&PARTS[..1]).to_string().contains("secret_access_key"));
    assert_eq!(with(&[("access_key_id", "A/B"), PARTS[1]]), SchemeError::KeyId);
    assert_eq!(with(&[("access_key_id", "A\r\nB"), PARTS[1]]), SchemeError::Control);
    assert_eq!(with(&[PARTS[0], ("secret_access_key", "short")]), SchemeError::TooShort);
    assert_eq!(with(&[PARTS[0], PARTS[1], ("session_token", "a\nb")]), SchemeError::Control);
}

#[test]
fn a_plus_in_a_query_is_signed_as_the_space_that_a_server_reads() {
    let signature = |query: &str| {
        let url = format!("https://queue.test/?{query}");
        shown(&apply(&scheme("us-east-1", "sqs"), &PARTS, &url).unwrap())[2].1.clone()
    };
    assert_eq!(signature("text=1+2"), signature("text=1%202"));
    assert_ne!(signature("text=1+2"), signature("text=1%2B2"), "one that is meant as a plus stays one");
}
