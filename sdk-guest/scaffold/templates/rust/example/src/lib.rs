//! @title@: books to read about, orders to place and to hear of.

use lockgate_sdk::http::{Request, Response, segment, send_each};
use lockgate_sdk::manifest::{self, Action, AuthScheme, Category, Effect, HostInput, Idempotency, InputKind, Manifest, Trigger};
use lockgate_sdk::{Connector, Error, Input, Page, Record, Value, json, profile};
use serde::Deserialize;

/// The connector.
pub struct Shop;

impl Connector for Shop {
    fn describe() -> Manifest {
        Manifest {
            auth: vec![AuthScheme::Bearer],
            config: json!({"type": "object", "properties": {"api_base": {"type": "string"}}}),
            inputs: vec![HostInput {
                name: "api_base".to_owned(),
                kind: InputKind::Origin,
                default: Some(API.to_owned()),
            }],
            hosts: vec!["{api_base}".to_owned()],
            scopes: vec![
                manifest::scope("books:read", "Read books", &[("GET", "/v1/books/{id}")]),
                manifest::scope("orders:read", "Read orders", &[("GET", "/v1/orders")]),
                manifest::scope("orders:write", "Place orders", &[("POST", "/v1/orders")]),
            ],
            actions: vec![
                Action {
                    scopes: vec!["books:read".to_owned()],
                    input: object(&[("id", "string")]),
                    output: object(&[("id", "string"), ("title", "string"), ("price_cents", "integer")]),
                    ..manifest::action("get_book", "Read one book", Effect::Read)
                },
                Action {
                    scopes: vec!["orders:write".to_owned()],
                    input: object(&[("book_id", "string"), ("copies", "integer")]),
                    output: object(&[("id", "string")]),
                    idempotency: Some(Idempotency::in_header(KEY)),
                    ..manifest::action("place_order", "Order copies of a book", Effect::Write)
                },
            ],
            triggers: vec![Trigger {
                scopes: vec!["orders:read".to_owned()],
                record: object(&[("id", "string"), ("book_id", "string"), ("copies", "integer")]),
                ..manifest::poll("new_orders", "Orders, as they are placed")
            }],
            ..manifest::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), "@title@", Category::Commerce)
        }
    }

    fn check() -> Result<(), Error> {
        get("/v1/orders")?.query("limit", "1").send()?.error_for_status().map(|_| ())
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        let requests = inputs.iter().map(|input| match action {
            "get_book" => get_book(input),
            "place_order" => place_order(input),
            _ => Err(Error::unknown("action", action)),
        });
        send_each(requests.collect()).into_iter().map(|answer| answer?.error_for_status()?.json()).collect()
    }

    fn poll(_trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        new_orders(cursor)
    }
}

const API: &str = "https://api.bookshop.example";
/// The header by which the shop recognises an order that it has already.
const KEY: &str = "idempotency-key";

fn get_book(input: &Input) -> Result<Request, Error> {
    let id = input.body["id"].as_str().ok_or_else(|| Error::invalid("no id"))?;
    get(&format!("/v1/books/{}", segment(id)?))
}

fn place_order(input: &Input) -> Result<Request, Error> {
    Request::post(url("/v1/orders")?).idempotency_key(KEY, &input.key).json(&input.body)
}

/// The shop lists orders in the order in which they were placed: the last one that was read is where to go on.
fn new_orders(cursor: Option<Value>) -> Result<Page, Error> {
    #[derive(Deserialize)]
    struct Orders {
        orders: Vec<Value>,
        has_more: bool,
    }

    let mut request = get("/v1/orders")?.query("limit", "100");
    if let Some(after) = cursor.as_ref().and_then(|cursor| cursor["after"].as_str()) {
        request = request.query("after", after);
    }
    let page: Orders = Response::json(&request.send()?.error_for_status()?)?;
    let record = |order: &Value| {
        let id = order["id"].as_str().ok_or_else(|| Error::permanent("an order without an id"))?;
        Ok(Record { key: format!("order/{id}"), body: order.clone() })
    };
    let next = page.orders.last().map(|order| json!({"after": order["id"]}));
    let records = page.orders.iter().map(record).collect::<Result<_, Error>>()?;
    Ok(Page { records, next, more: page.has_more })
}

fn get(path: &str) -> Result<Request, Error> {
    Ok(Request::get(url(path)?))
}

fn url(path: &str) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Config {
        api_base: Option<String>,
    }
    let config: Config = profile::config()?;
    Ok(format!("{}{path}", config.api_base.as_deref().unwrap_or(API).trim_end_matches('/')))
}

fn object(fields: &[(&str, &str)]) -> Value {
    let property = |(name, kind): &(&str, &str)| ((*name).to_owned(), json!({"type": kind}));
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({"type": "object", "properties": fields.iter().map(property).collect::<Value>(), "required": required})
}

lockgate_sdk::export!(Shop);

#[cfg(test)]
mod tests;
