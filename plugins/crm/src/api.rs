//! The API's requests, answers and refusals, whatever they are about.

use std::collections::BTreeMap;

use lockgate_sdk::http::{self, Request, Response};
use lockgate_sdk::{Error, Value, json, profile};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) const DEFAULT_ORIGIN: &str = "https://api.hubapi.com";

/// The most objects that one page or one batch may have.
pub(crate) const BATCH: usize = 100;

pub(crate) struct Api {
    origin: String,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default = "default_origin")]
    api_base: String,
}

fn default_origin() -> String {
    DEFAULT_ORIGIN.to_owned()
}

impl Api {
    pub(crate) fn of_profile() -> Result<Self, Error> {
        let Config { api_base } = profile::config()?;
        Ok(Self { origin: api_base.trim_end_matches('/').to_owned() })
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        Request::get(format!("{}{path}", self.origin)).header("accept", "application/json")
    }

    /// One object with these properties.
    pub(crate) fn object(&self, path: &str, id: &str, properties: &[&str]) -> Result<Request, Error> {
        Ok(self.get(&format!("{path}/{}", http::segment(id)?)).query("properties", &properties.join(",")))
    }

    /// The API reads by `POST` where a query is too long for a URL; such a request may be repeated without harm.
    pub(crate) fn read_by_post(&self, path: &str, body: &Value) -> Result<Request, Error> {
        let request = Request::post(format!("{}{path}", self.origin)).header("accept", "application/json");
        request.repeatable().json(body)
    }

    /// Asks for each batch of ids at once, and gives all results together.
    pub(crate) fn read_batches<T: DeserializeOwned>(
        &self,
        path: &str,
        ids: &[&str],
        properties: Option<&[&str]>,
    ) -> Result<Vec<T>, Error> {
        let requests = ids.chunks(BATCH).map(|ids| {
            let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
            let mut body = json!({"inputs": inputs});
            if let (Some(properties), Some(body)) = (properties, body.as_object_mut()) {
                body.insert("properties".to_owned(), json!(properties));
            }
            self.read_by_post(path, &body)
        });
        let answers = http::send_all(requests.collect::<Result<_, _>>()?);
        let mut found = Vec::with_capacity(ids.len());
        for answer in answers {
            found.extend(settle(answer?)?.json::<Results<T>>()?.results);
        }
        Ok(found)
    }
}

/// Objects, and where the next ones are. Ids that a batch did not find are not among its results.
#[derive(Deserialize)]
pub(crate) struct Results<T> {
    pub(crate) results: Vec<T>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    #[serde(default)]
    next: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    after: String,
}

impl<T> Results<T> {
    /// The cursor of the page behind this one.
    pub(crate) fn after(&self) -> Option<&str> {
        Some(&self.paging.as_ref()?.next.as_ref()?.after)
    }
}

/// An object: its id, and its properties, which are strings or nothing.
#[derive(Deserialize)]
pub(crate) struct Object {
    pub(crate) id: String,
    #[serde(default)]
    properties: BTreeMap<String, Option<String>>,
}

impl Object {
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_deref()
    }
}

/// A response that says yes, or an error of the class that this API means.
pub(crate) fn settle(answer: Response) -> Result<Response, Error> {
    match answer.status {
        // Somebody else is writing to the same object.
        423 => Err(Error::Transient(answer.excerpt())),
        429 => Err(Error::RateLimited(answer.retry_after_ms().or_else(|| window_ms(&answer)))),
        _ => answer.error_for_status(),
    }
}

/// A refusal names the limit that was reached, not how long it lasts.
fn window_ms(refusal: &Response) -> Option<u64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Refusal {
        policy_name: String,
    }
    match &*refusal.json::<Refusal>().ok()?.policy_name {
        "SECONDLY" => Some(1_000),
        "TEN_SECONDLY_ROLLING" => Some(10_000),
        // It ends at midnight in the account's time zone, which is not told: ask again every hour.
        "DAILY" => Some(3_600_000),
        _ => None,
    }
}
