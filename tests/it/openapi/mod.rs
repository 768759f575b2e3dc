//! Generated connectors against a validator that we did not write: what they send is what their documents allow.
//!
//! The connectors of `tests/openapi` are generated, built to components, admitted, and each of their actions is run against
//! Prism, which answers with an error whatever breaks the document. The tests that they were generated with are run too.

mod stage;

use lockgate::domain::call::{GuestError, Input};
use lockgate::{Tenant, domain::ProfileName};
use serde_json::{Value, json};

use self::stage::Stage;

/// What an action returns, as it is at the host.
async fn run(stage: &Stage, action: &str, input: Value) -> Result<Value, GuestError> {
    let called = stage.tenant.call(&stage.profile, action, vec![input], Some("once")).await;
    called.unwrap_or_else(|error| panic!("{action}: {error}")).results.remove(0)
}

/// Keys of the first page of a trigger, and whether there is more.
async fn polled(stage: &Stage, trigger: &str) -> (Vec<String>, bool) {
    let polled = stage.tenant.rehearse_poll(&stage.profile, trigger, None).await.unwrap();
    let page = polled.outcome.unwrap().unwrap();
    (page.records.iter().map(|record| record.key.as_str().to_owned()).collect(), page.more)
}

/// What breaks the schema of an action is sent all the same, past the host's own check, and refused by Prism.
async fn refused(tenant: &Tenant, profile: &ProfileName, action: &str, input: &Value) -> String {
    let input = Input { key: "1".to_owned(), body: input.to_string() };
    let rehearsed = tenant.rehearse_run(profile, action, &[input]).await.unwrap();
    format!("{:?}", rehearsed.outcome.unwrap().remove(0).unwrap_err())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_a_generated_connector_is_valid_against_its_document() {
    let Some(stage) = Stage::of("shop.yaml", "bearer").await else { return };
    let book = json!({"id": "b1", "title": "A", "price": 10});
    let with = |title: &str| json!({"id": "b1", "title": title, "price": 10});
    for (action, input, output) in [
        ("get_book", json!({"bookId": "b 1 ü"}), book.clone()),
        (
            "add_book",
            json!({"body": {"title": "C", "price": 30, "author": null}}),
            json!({"id": "b3", "title": "C", "price": 30}),
        ),
        ("patch_books_book_id", json!({"bookId": "b1", "body": {"title": "A2", "note": null}}), with("A2")),
        ("remove_book", json!({"bookId": "b1"}), Value::Null),
        (
            "place_order",
            json!({"body": {"book": "b1 & b2", "copies": 2, "gift": true, "address": {"street": "Main 1", "city": "Ö"}}}),
            json!({"number": 7, "state": "open"}),
        ),
        (
            "get_order",
            json!({"year": 2026, "number": 7, "expand": ["lines"]}),
            json!({"number": 7, "state": "open"}),
        ),
        ("read_text", json!({"name": "ü.txt"}), json!("hello")),
        ("write_text", json!({"name": "a", "body": "hello"}), Value::Null),
    ] {
        assert_eq!(run(&stage, action, input).await, Ok(output), "{action}");
    }
    let input = json!({
        "limit": 2, "cursor": "c 1", "tags": ["x", "y z"], "fields": ["id", "title"], "sizes": [1, 2],
        "filter": {"author": "Ada", "year": "1843"}, "X-Trace": "abc",
    });
    let page = run(&stage, "list_books", input).await.unwrap();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(2));

    // The trigger reads the list, and the check of the profile needs no more than what was granted.
    assert_eq!(polled(&stage, "list_books").await, (vec!["b1".to_owned(), "b2".to_owned()], false));
    let checked = stage.tenant.rehearse_check(&stage.profile).await.unwrap();
    assert_eq!(checked.outcome.unwrap(), Ok(()));

    // And Prism does look: what the host would not even let through breaks the document for it too.
    for (action, input) in [("get_book", json!({"bookId": "b"})), ("list_books", json!({"X-Trace": "ab"}))] {
        let said = refused(&stage.tenant, &stage.profile, action, &input).await;
        assert!(said.contains("422"), "{said}");
    }
    stage.passes_its_own_tests().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_document_says_in_other_ways_is_sent_as_it_says_too() {
    let Some(stage) = Stage::of("museum.yaml", "api_key").await else { return };
    let one = json!({"id": "e3", "title": "C", "year": 1901});
    let ticket = json!({"id": 2, "day": "2026-05-01", "price": 12.5});
    for (action, input, output) in [
        ("get_exhibit", json!({"exhibitId": "e3", "X-Language": "de"}), one.clone()),
        (
            "add_exhibit",
            json!({"X-Language": "fr", "body": {"kind": "painting", "title": "C", "canvas": "linen", "year": null}}),
            one.clone(),
        ),
        ("add_exhibit", json!({"body": {"kind": "sculpture", "title": "C", "weight_kg": 0.5}}), one.clone()),
        ("change_exhibit", json!({"exhibitId": "e3", "body": {"title": null, "labels": {"a b": "c"}}}), one),
        ("remove_exhibit", json!({"exhibitId": "e3", "reason": "lent"}), Value::Null),
        (
            "buy_tickets",
            json!({"body": {"day": "2026-05-01", "count": 2, "names": ["Ada & Co", "B"], "reduced": false}}),
            ticket.clone(),
        ),
        ("get_ticket", json!({"day": "2026-05-01", "number": 2, "X-Desk": 4}), ticket),
        ("get_guides", json!({"offset": 0, "languages": ["de", "fr"]}), json!({"guides": [], "total": 0})),
        ("post_guides_search", json!({"body": {"exhibit": "e3"}}), json!({"guide": 4})),
        ("get_photo", json!({"exhibitId": "e3"}), Value::Null),
    ] {
        assert_eq!(run(&stage, action, input).await, Ok(output), "{action}");
    }
    let input = json!({"rooms": [1, 2], "kinds": ["painting", "sculpture"], "limit": 10, "cursor": "x"});
    let page = run(&stage, "list_exhibits", input).await.unwrap();
    assert_eq!(page["exhibits"].as_array().map(Vec::len), Some(2));
    assert_eq!(polled(&stage, "list_exhibits").await, (vec!["e1".to_owned(), "e2".to_owned()], false));
    assert_eq!(polled(&stage, "list_tickets").await, (vec!["1".to_owned()], false));
    assert_eq!(polled(&stage, "get_guides").await, (Vec::new(), false));
    for (action, input) in [
        ("list_exhibits", json!({"rooms": ["one", "two"]})),
        ("get_exhibit", json!({"exhibitId": "e3", "X-Language": "it"})),
        ("remove_exhibit", json!({"exhibitId": "e3"})),
        ("buy_tickets", json!({"body": {"day": "2026-05-01"}})),
        ("post_guides_search", json!({"body": {"name": "Ada", "exhibit": "e3"}})),
    ] {
        let said = refused(&stage.tenant, &stage.profile, action, &input).await;
        assert!(said.contains("422"), "{action} {said}");
    }
    stage.passes_its_own_tests().await;
}
