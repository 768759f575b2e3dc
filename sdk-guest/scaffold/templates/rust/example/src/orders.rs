//! Orders: an action that writes, and a trigger that brings what is new.

use lockgate_sdk::http::{Request, Response};
use lockgate_sdk::{Error, Input, Page, Record, Value, json, pages};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api;

/// The header by which the shop recognises an order that it has already.
pub(crate) const KEY: &str = "Idempotency-Key";

/// What is ordered.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceOrder {
    book_id: String,
    #[schemars(range(min = 1))]
    copies: u32,
}

/// An order that was placed.
#[derive(Deserialize, Serialize, JsonSchema)]
pub(crate) struct Placed {
    id: String,
}

/// An order, as the shop lists it.
#[derive(Deserialize, Serialize, JsonSchema)]
pub(crate) struct Order {
    id: String,
    book_id: String,
    copies: u32,
}

pub(crate) fn place(input: &Input<PlaceOrder>) -> Result<Request, Error> {
    // The key is the same on every attempt at this input: an answer that is lost costs no second order.
    api::post("/v1/orders")?.idempotency_key(KEY, &input.key).json(&input.body)
}

pub(crate) fn placed(_: &Input<PlaceOrder>, answer: Response) -> Result<Placed, Error> {
    answer.error_for_status()?.json()
}

/// Where the trigger is. The shop lists orders as they were placed, and goes on behind the one that is named.
#[derive(Default, Deserialize, Serialize)]
struct Cursor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

pub(crate) fn poll(cursor: Option<Value>) -> Result<Page, Error> {
    #[derive(Deserialize)]
    struct Listed {
        orders: Vec<Order>,
        has_more: bool,
    }

    let Cursor { after } = pages::cursor(cursor)?;
    let mut request = api::get("/v1/orders")?.query("limit", "100");
    if let Some(after) = &after {
        request = request.query("after", after);
    }
    let listed: Listed = request.send()?.error_for_status()?.json()?;
    let last = listed.orders.last().map(|order| order.id.clone());
    // A page without orders is the last one, whatever it says.
    let more = listed.has_more && last.is_some();
    // The same order has the same key for ever: the host drops what it has already.
    let record = |order: &Order| Record { key: format!("order/{}", order.id), body: json!(order) };
    let records = listed.orders.iter().map(record).collect();
    pages::page(records, &Cursor { after: last.or(after) }, more)
}
