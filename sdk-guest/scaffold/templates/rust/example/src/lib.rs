//! @title@: books to read about, orders to place and to hear of.
//!
//! This is a whole connector for a shop that does not exist: replace the API's address, the types, the actions and the
//! scopes by those of the system that you connect.

mod api;
mod books;
mod orders;

use lockgate_sdk::actions::{Actions, exchange, read, write};
use lockgate_sdk::manifest::{self, AuthScheme, Category, HostInput, InputKind, Manifest, Rate, Trigger};
use lockgate_sdk::{Connector, Error, Input, Page, Value, json, schema};

/// The connector.
pub struct Shop;

/// What it can do. The types of each action are its JSON Schemas.
fn actions() -> Actions {
    Actions::new()
        .with(
            read("get_book", "Read one book")
                .scope("books:read")
                .example(json!({"id": "7"}), json!({"id": "7", "title": "Emma", "price_cents": 950})),
            exchange(books::ask, books::read),
        )
        .with(
            write("place_order", "Order copies of a book")
                .scope("orders:write")
                .idempotency_header(orders::KEY)
                .example(json!({"book_id": "7", "copies": 2}), json!({"id": "order_1"})),
            exchange(orders::place, orders::placed),
        )
}

impl Connector for Shop {
    /// What it offers and asks for. Asking grants nothing.
    fn describe() -> Manifest {
        Manifest {
            // The host adds the token to each request; it is never seen here.
            auth: vec![AuthScheme::Bearer],
            // Settings of a profile. `api_base` is filled into `hosts`, so that a profile may use another address.
            config: schema::read::<api::Config>(),
            inputs: vec![HostInput {
                name: "api_base".to_owned(),
                kind: InputKind::Origin,
                default: Some(api::DEFAULT_BASE.to_owned()),
            }],
            hosts: vec!["{api_base}".to_owned()],
            // What may be granted, one by one. No other request ever leaves the host.
            scopes: vec![
                manifest::scope("books:read", "Read books", &[("GET", "/v1/books/{id}")]),
                manifest::scope("orders:read", "Read orders", &[("GET", "/v1/orders")]),
                manifest::scope("orders:write", "Place orders", &[("POST", "/v1/orders")]),
            ],
            actions: actions().manifest(),
            triggers: vec![Trigger {
                scopes: vec!["orders:read".to_owned()],
                record: schema::written::<orders::Order>(),
                ..manifest::poll("new_orders", "Orders, as they are placed")
            }],
            rate: Some(Rate { per_second: 10, burst: 20 }),
            ..manifest::new("@name@", env!("CARGO_PKG_VERSION"), "@title@", Category::Commerce)
        }
    }

    /// Whether the profile's settings and its credential work: asked before a profile is used.
    fn check() -> Result<(), Error> {
        api::get("/v1/orders")?.query("limit", "1").send()?.error_for_status().map(|_| ())
    }

    /// One result per input, in order.
    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        actions().run(action, inputs)
    }

    /// One page of what is new.
    fn poll(trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        match trigger {
            "new_orders" => orders::poll(cursor),
            _ => Err(Error::unknown("trigger", trigger)),
        }
    }
}

lockgate_sdk::export!(Shop);

#[cfg(test)]
mod tests;
