//! The connector against a shop of the tests' own: natively, in milliseconds, without a host.

use lockgate_sdk::http::{Response, Sent, with_transport};
use lockgate_sdk::{Connector as _, Error, Input, json};

use super::Shop;

fn input(body: lockgate_sdk::Value) -> Input {
    Input { key: "run-1/1".to_owned(), body }
}

#[test]
fn an_order_carries_the_key_by_which_it_is_recognised() {
    let shop = |sent: &Sent| {
        assert_eq!((&*sent.method, sent.path()), ("POST", "/v1/orders"));
        assert_eq!(sent.header("Idempotency-Key"), Some("run-1/1"));
        Ok(Response::new(201).with_body(r#"{"id": "order_1"}"#))
    };
    let placed = with_transport(shop, || Shop::run("place_order", vec![input(json!({"book_id": "1", "copies": 2}))]));
    assert_eq!(placed, [Ok(json!({"id": "order_1"}))]);
}

#[test]
fn a_book_that_is_not_there_is_not_found() {
    let read = with_transport(|_| Ok(Response::new(404)), || Shop::run("get_book", vec![input(json!({"id": "9"}))]));
    assert!(matches!(read.first(), Some(Err(Error::NotFound(_)))));
}

#[test]
fn orders_are_read_on_behind_the_last_one() {
    let shop = |sent: &Sent| {
        assert_eq!(sent.query("after").as_deref(), Some("order_1"));
        let orders = json!({"orders": [{"id": "order_2", "book_id": "1", "copies": 1}], "has_more": false});
        Ok(Response::new(200).with_body(orders.to_string()))
    };
    let page = with_transport(shop, || Shop::poll("new_orders", Some(json!({"after": "order_1"}))));
    let page = page.expect("a page");
    assert_eq!((page.records.len(), page.next, page.more), (1, Some(json!({"after": "order_2"})), false));
}
