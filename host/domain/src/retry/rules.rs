//! What a manifest says of a system's answers, held against one answer: bounded, declarative, without code of the guest.

use std::sync::Arc;

use serde_json::Value;
use wit::{AnswerRule, Manifest};

use super::{Class, asked};
use crate::egress::Response;
use crate::injected::Timestamp;
use crate::json::{self, Bounds};

/// A refusal is short. A larger body is not parsed for a rule, so no rule about bodies holds for it.
const BODY: Bounds = Bounds { bytes: 64 << 10, depth: 32 };
/// Places that `*` may lead to.
const ITEMS_MAX: usize = 100;

/// The rules of one manifest, in order. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Rules(Arc<[AnswerRule]>);

/// What an answer means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// None: it is good.
    pub class: Option<Class>,
    /// How long the remote asked to wait.
    pub asked_ms: Option<u64>,
    /// A rule of the manifest said so, not the status.
    pub by_rule: bool,
}

impl Rules {
    pub fn of(manifest: &Manifest) -> Self {
        Self(manifest.answers.clone().into())
    }

    /// `repeatable`: the method is idempotent, or the request carried a key.
    pub fn read(&self, answer: &Response, repeatable: bool, now: Timestamp) -> Read {
        let rule = self.first(answer);
        let class = match rule {
            Some(rule) => Some(Class::of_meaning(rule.means, repeatable)),
            None => Class::of_status(answer.status, repeatable),
        };
        let asked_ms = match class {
            None | Some(Class::Done) => None,
            Some(class) => asked::wait_ms(&answer.headers, class == Class::RateLimited, now)
                .or_else(|| rule.and_then(|rule| rule.wait_ms)),
        };
        Read { class, asked_ms, by_rule: rule.is_some() }
    }

    fn first(&self, answer: &Response) -> Option<&AnswerRule> {
        // Parsed when the first rule asks for it; a body that is no JSON fits none.
        let mut body: Option<Option<Value>> = None;
        self.0.iter().find(|rule| {
            let status = rule.status.is_empty() || rule.status.contains(&answer.status);
            let headers = || rule.headers.iter().all(|is| has_header(answer, &is.name, &is.equals));
            if !status || !headers() {
                return false;
            }
            if rule.body.is_empty() {
                return true;
            }
            let body = body.get_or_insert_with(|| json::parse(&answer.body, BODY).ok());
            body.as_ref().is_some_and(|body| rule.body.iter().all(|is| holds(body, &is.pointer, &is.equals)))
        })
    }
}

fn has_header(answer: &Response, name: &str, equals: &str) -> bool {
    let mut named = answer.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
    named.any(|(_, value)| value.trim_ascii().eq_ignore_ascii_case(equals.as_bytes()))
}

/// Whether a place that the pointer leads to has the value.
fn holds(body: &Value, pointer: &str, equals: &Value) -> bool {
    match pointer.split_once("/*") {
        Some((list, rest)) if rest.is_empty() || rest.starts_with('/') => {
            let items = body.pointer(list).and_then(Value::as_array);
            items.is_some_and(|items| items.iter().take(ITEMS_MAX).any(|item| holds(item, rest, equals)))
        }
        _ => body.pointer(pointer) == Some(equals),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(rules: Value) -> Rules {
        let rules: Vec<AnswerRule> = serde_json::from_value(rules).unwrap();
        Rules(rules.into())
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &Value) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Response { status, headers: headers.collect(), body: body.to_string().into_bytes() }
    }

    fn class(rules: &Rules, answer: &Response) -> Option<Class> {
        rules.read(answer, false, Timestamp::from_ms(0)).class
    }

    #[test]
    fn what_vendors_say_in_headers_and_bodies_is_understood() {
        let vendors = rules(json!([
            { "means": "permanent", "headers": [{ "name": "Stripe-Should-Retry", "equals": "false" }] },
            { "means": "transient", "headers": [{ "name": "Stripe-Should-Retry", "equals": "true" }] },
            { "means": "rate_limited", "status": [400], "body": [{ "pointer": "/error/code", "equals": "rate_limit" }] },
            { "means": "rate_limited", "status": [403], "body": [{ "pointer": "/*/errorCode", "equals": "REQUEST_LIMIT_EXCEEDED" }], "wait_ms": 3600000 },
            { "means": "rate_limited", "status": [429], "body": [{ "pointer": "/policyName", "equals": "DAILY" }], "wait_ms": 3600000 },
            { "means": "rate_limited", "status": [200], "body": [{ "pointer": "/errors/*/extensions/code", "equals": "THROTTLED" }], "wait_ms": 2000 },
            { "means": "rate_limited", "status": [403], "body": [{ "pointer": "/fault/type", "equals": "ThrottleExceeded" }] },
            { "means": "auth", "status": [200], "body": [{ "pointer": "/ok", "equals": false }, { "pointer": "/error", "equals": "token_expired" }] },
            { "means": "done", "status": [409], "body": [{ "pointer": "/errors/*/code", "equals": "duplicate_profile" }] },
            { "means": "not_processed", "status": [503] },
        ]));
        let none = json!({});
        for (name, answer, expected) in [
            ("stripe true", answer(409, &[("stripe-should-retry", "true")], &none), Some(Class::Ambiguous)),
            ("stripe false", answer(500, &[("Stripe-Should-Retry", "False")], &none), Some(Class::Permanent)),
            (
                "stripe 400",
                answer(400, &[], &json!({"error": {"code": "rate_limit"}})),
                Some(Class::RateLimited),
            ),
            (
                "salesforce",
                answer(403, &[], &json!([{"errorCode": "REQUEST_LIMIT_EXCEEDED"}])),
                Some(Class::RateLimited),
            ),
            (
                "salesforce 403",
                answer(403, &[], &json!([{"errorCode": "INSUFFICIENT_ACCESS"}])),
                Some(Class::Permanent),
            ),
            (
                "shopify",
                answer(200, &[], &json!({"errors": [{}, {"extensions": {"code": "THROTTLED"}}]})),
                Some(Class::RateLimited),
            ),
            ("shopify good", answer(200, &[], &json!({"data": {}})), None),
            (
                "quickbooks",
                answer(403, &[], &json!({"fault": {"type": "ThrottleExceeded"}})),
                Some(Class::RateLimited),
            ),
            ("slack", answer(200, &[], &json!({"ok": false, "error": "token_expired"})), Some(Class::Auth)),
            ("slack other", answer(200, &[], &json!({"ok": false, "error": "channel_not_found"})), None),
            (
                "klaviyo",
                answer(409, &[], &json!({"errors": [{"code": "duplicate_profile"}]})),
                Some(Class::Done),
            ),
            ("klaviyo other", answer(409, &[], &none), Some(Class::Conflict)),
            ("not processed", answer(503, &[], &none), Some(Class::TransientSafe)),
        ] {
            assert_eq!(class(&vendors, &answer), expected, "{name}");
        }
    }

    #[test]
    fn a_rule_waits_only_where_the_answer_does_not_say_how_long() {
        let daily = rules(json!([
            { "means": "rate_limited", "status": [429], "body": [{ "pointer": "/policyName", "equals": "DAILY" }], "wait_ms": 3600000 },
        ]));
        let body = json!({"policyName": "DAILY"});
        let asked = |headers: &[(&str, &str)]| {
            daily.read(&answer(429, headers, &body), false, Timestamp::from_ms(0)).asked_ms
        };
        assert_eq!(asked(&[]), Some(3_600_000));
        assert_eq!(asked(&[("retry-after", "2.0")]), Some(2_000));
        assert_eq!(daily.read(&answer(429, &[], &json!({})), false, Timestamp::from_ms(0)).asked_ms, None);
    }

    #[test]
    fn a_body_that_is_large_or_no_json_fits_no_rule() {
        let any = rules(json!([{ "means": "auth", "body": [{ "pointer": "/a", "equals": 1 }] }]));
        let of = |body: Vec<u8>| class(&any, &Response { status: 200, headers: Vec::new(), body });
        assert_eq!(of(b"{\"a\":1}".to_vec()), Some(Class::Auth));
        assert_eq!(of(b"{\"a\":1".to_vec()), None);
        assert_eq!(of("[".repeat(50_000).into_bytes()), None);
        assert_eq!(of(format!("{{\"a\":1,\"b\":\"{}\"}}", "x".repeat(64 << 10)).into_bytes()), None);
    }
}
