//! A CRM account: authenticates, routes, and dresses every answer as HubSpot does.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;

use super::batch;
use super::book::Book;
use super::list;
use super::object::Kind;
use super::refusal::{Refusal, injected};
use super::search;
use crate::answer::Answer;
use crate::call::Call;
use crate::front::{Mishap, Vendor};

const REQUESTS_PER_INTERVAL: u64 = 190;
const REQUESTS_PER_DAY: u64 = 1_000_000;

pub(super) struct Portal {
    token: String,
    book: Mutex<Book>,
}

impl Vendor for Portal {
    async fn answer(&self, call: &Call, mishap: Mishap) -> Answer {
        mishap.pause().await;
        let answer = self.route(call).unwrap_or_else(|refusal| refusal.answer(call));
        let answer = match mishap.status_after {
            Some(status) => injected(call, status),
            None => answer,
        };
        with_rate_limits(answer, call)
    }

    fn refuse(&self, call: &Call, status: u16) -> Answer {
        with_rate_limits(injected(call, status), call)
    }
}

impl Portal {
    pub(super) fn new(token: String) -> Self {
        Self { token, book: Mutex::new(Book::northwind()) }
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn route(&self, call: &Call) -> Result<Answer, Refusal> {
        self.authenticate(call)?;
        if call.body.is_none() {
            return Err(Refusal::with(
                413,
                "VALIDATION_ERROR",
                "the body is too large or did not arrive whole",
            ));
        }
        match (call.method.as_str(), call.segments().as_slice()) {
            ("GET", ["crm", "v3", "objects", kind]) => {
                let kind = Kind::of(kind).ok_or_else(no_such_path)?;
                list::list(self.book().of(kind), kind, call).map(ok)
            }
            ("POST", ["crm", "v3", "objects", "deals", "search"]) => {
                let search = json(call)?;
                search::search(self.book().of(Kind::Deal), &search).map(ok)
            }
            ("POST", ["crm", "v3", "objects", "contacts", "batch", "read"]) => {
                let read = json(call)?;
                batch::contacts(self.book().of(Kind::Contact), &read)
            }
            ("POST", ["crm", "v3", "associations", "deals", "contacts", "batch", "read"]) => {
                let read = json(call)?;
                batch::associations(self.book().of(Kind::Deal), &read)
            }
            ("GET", ["crm", "v3", "objects", kind, id]) => {
                let kind = Kind::of(kind).ok_or_else(no_such_path)?;
                list::one(self.book().of(kind), kind, id, call).map(ok)
            }
            (_, ["crm", "v3", "objects", "contacts" | "deals", ..])
            | (_, ["crm", "v3", "associations", "deals", "contacts", "batch", "read"]) => {
                Err(Refusal::with(405, "VALIDATION_ERROR", "this path does not take this method"))
            }
            _ => Err(no_such_path()),
        }
    }

    fn authenticate(&self, call: &Call) -> Result<(), Refusal> {
        match call.authorization() {
            Some((scheme, token)) if scheme == "bearer" && token == self.token => Ok(()),
            Some(_) => Err(Refusal::unauthenticated("the access token is not valid for this account")),
            None => {
                Err(Refusal::unauthenticated("the request carries no credentials: send a private-app token"))
            }
        }
    }
}

fn ok(body: serde_json::Value) -> Answer {
    Answer::json(200, &body)
}

fn no_such_path() -> Refusal {
    Refusal::with(404, "OBJECT_NOT_FOUND", "there is nothing at this path")
}

fn json<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    if call.media_type().as_deref() != Some("application/json") {
        let message = "the body must be sent as application/json";
        return Err(Refusal::with(415, "VALIDATION_ERROR", message));
    }
    serde_json::from_slice(call.bytes())
        .map_err(|error| Refusal::validation(format!("the body is not what this endpoint takes: {error}")))
}

/// Every endpoint but search tells how much of the quota is left. Nothing here runs out: quotas are faults to inject.
fn with_rate_limits(answer: Answer, call: &Call) -> Answer {
    if call.path.ends_with("/search") {
        return answer;
    }
    let remaining = if answer.status == 429 { 0 } else { REQUESTS_PER_INTERVAL - 1 };
    answer
        .with("X-HubSpot-RateLimit-Max", REQUESTS_PER_INTERVAL)
        .with("X-HubSpot-RateLimit-Remaining", remaining)
        .with("X-HubSpot-RateLimit-Interval-Milliseconds", 10_000)
        .with("X-HubSpot-RateLimit-Daily", REQUESTS_PER_DAY)
        .with("X-HubSpot-RateLimit-Daily-Remaining", REQUESTS_PER_DAY.saturating_sub(call.ordinal))
}
