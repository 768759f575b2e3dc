//! Books: an action that reads.

use lockgate_sdk::http::{Request, Response, segment};
use lockgate_sdk::{Error, Input};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api;

/// Which book.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetBook {
    /// As the shop numbers its books.
    id: String,
}

/// A book.
#[derive(Deserialize, Serialize, JsonSchema)]
pub(crate) struct Book {
    id: String,
    title: String,
    price_cents: u64,
}

pub(crate) fn ask(input: &Input<GetBook>) -> Result<Request, Error> {
    // What comes from outside goes into a path as one segment: it cannot lead elsewhere.
    api::get(&format!("/v1/books/{}", segment(&input.body.id)?))
}

pub(crate) fn read(_: &Input<GetBook>, answer: Response) -> Result<Book, Error> {
    answer.error_for_status()?.json()
}
