//! The CRM's refusals in HubSpot's error shape.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    category: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self { status: 400, category: "VALIDATION_ERROR", message: message.into() }
    }

    pub(super) fn unauthenticated(message: &str) -> Self {
        Self { status: 401, category: "INVALID_AUTHENTICATION", message: message.to_owned() }
    }

    pub(super) fn object_not_found() -> Self {
        Self::with(404, "OBJECT_NOT_FOUND", "there is no object with this id; object ids are usually numeric")
    }

    pub(super) fn with(status: u16, category: &'static str, message: &str) -> Self {
        Self { status, category, message: message.to_owned() }
    }

    pub(super) fn answer(&self, call: &Call) -> Answer {
        let body = json!({
            "status": "error",
            "message": self.message,
            "correlationId": correlation_id(call),
            "category": self.category,
            "errors": [],
            "context": {},
            "links": {},
        });
        Answer::json(self.status, &body)
    }
}

/// An injected failure. A 429 has a shape of its own.
pub(super) fn injected(call: &Call, status: u16) -> Answer {
    match status {
        429 => {
            let body = json!({
                "status": "error",
                "message": "this app has used up its requests for the present ten seconds",
                "errorType": "RATE_LIMIT",
                "correlationId": correlation_id(call),
                "policyName": "TEN_SECONDLY_ROLLING",
            });
            Answer::json(status, &body)
        }
        401 => Refusal::unauthenticated("the access token is no longer valid").answer(call),
        500.. => Refusal::with(status, "INTERNAL_ERROR", "something went wrong on our side").answer(call),
        _ => Refusal::with(status, "VALIDATION_ERROR", "this request was refused").answer(call),
    }
}

/// An entry of `errors` in a batch of which some ids are missing.
pub(super) fn missing_ids(ids: &[String]) -> Value {
    json!([{
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "some of the ids do not exist",
        "context": { "ids": ids },
    }])
}

/// Shaped like the uuid of the real thing, and made from the request's number.
fn correlation_id(call: &Call) -> String {
    format!("00000000-0000-4000-8000-{:012x}", call.ordinal)
}
