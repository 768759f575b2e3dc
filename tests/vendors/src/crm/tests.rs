//! Holds the CRM to HubSpot's shapes and to Northwind's numbers.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::probe::{Reply, request, send};

const TOKEN: &str = "pat-na1-demo-northwind";

fn front() -> Arc<Front<Portal>> {
    Front::new(Portal::new(TOKEN.to_owned()), Faults::none())
}

async fn get(front: &Arc<Front<Portal>>, target: &str) -> Reply {
    send(front, request("GET", target, TOKEN), "").await
}

async fn post(front: &Arc<Front<Portal>>, target: &str, body: Value) -> Reply {
    let request = request("POST", target, TOKEN).header("content-type", "application/json; charset=utf-8");
    send(front, request, body.to_string()).await
}

const SEARCH: &str = "/crm/v3/objects/deals/search";
const ASSOCIATIONS: &str = "/crm/v3/associations/deals/contacts/batch/read";
const CONTACTS: &str = "/crm/v3/objects/contacts/batch/read";

/// Follows `after` to the last page, sending the cursor back as it came or encoded once more.
async fn all_pages(front: &Arc<Front<Portal>>, path: &str, encode_again: bool) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut target = format!("{path}?limit=40");
    loop {
        let reply = get(front, &target).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        pages.push(reply.ids());
        let Some(after) = reply.body["paging"]["next"]["after"].as_str() else { return pages };
        let after = if encode_again { after.replace('%', "%25") } else { after.to_owned() };
        target = format!("{path}?limit=40&after={after}");
        assert!(pages.len() < 100, "paging does not end");
    }
}

#[tokio::test]
async fn contacts_are_the_customers_with_only_what_was_asked_for() {
    let front = front();
    let reply =
        get(&front, "/crm/v3/objects/contacts?limit=1&properties=email,phone&properties=nonsense").await;
    let properties = &reply.body["results"][0]["properties"];
    assert_eq!(reply.body["results"][0]["id"], "1001");
    assert_eq!(properties["email"], "alfki@northwind.example");
    assert_eq!(properties["phone"], "030-0074321");
    let names = properties.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(names, ["createdate", "email", "hs_object_id", "lastmodifieddate", "phone"]);

    let one =
        get(&front, "/crm/v3/objects/contacts/1001?properties=firstname,lastname,city,company,country").await;
    assert_eq!(one.body["properties"]["firstname"], "Maria");
    assert_eq!(one.body["properties"]["lastname"], "Anders");
    assert_eq!(one.body["properties"]["company"], "Alfreds Futterkiste");
    assert_eq!(one.header("x-hubspot-ratelimit-max"), Some("190"));
}

#[tokio::test]
async fn ten_contacts_make_a_page_unless_told_otherwise_and_the_last_page_has_no_paging() {
    let front = front();
    assert_eq!(get(&front, "/crm/v3/objects/contacts").await.ids().len(), 10);
    for encode_again in [false, true] {
        let pages = all_pages(&front, "/crm/v3/objects/contacts", encode_again).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [40, 40, 11]);
    }
    let full = get(&front, "/crm/v3/objects/contacts?limit=91").await;
    assert!(full.body.get("paging").is_none() && full.ids().len() == 91);
}

#[tokio::test]
async fn a_contact_created_between_two_pages_makes_no_gap_and_no_repeat() {
    let front = front();
    let first = get(&front, "/crm/v3/objects/contacts?limit=80").await;
    let email = "new@northwind.example".to_owned();
    let id = front.vendor.book().add_contact(&NewContact { email, company: "New".to_owned(), now_ms: 1 });
    let after = first.body["paging"]["next"]["after"].as_str().unwrap();
    let second = get(&front, &format!("/crm/v3/objects/contacts?limit=80&after={after}")).await;
    let ids = [first.ids(), second.ids()].concat();
    assert_eq!(ids, (1001..=id).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn deals_are_the_orders_with_exact_amounts_and_strictly_ordered_times() {
    let front = front();
    let first =
        get(&front, "/crm/v3/objects/deals/10248?properties=amount,dealstage,deal_currency_code").await;
    let properties = &first.body["properties"];
    assert_eq!(
        (properties["amount"].as_str(), properties["dealstage"].as_str()),
        (Some("440.0000"), Some("closedwon"))
    );
    assert_eq!(properties["deal_currency_code"], "EUR");
    assert_eq!(properties["hs_lastmodifieddate"], "1996-07-16T00:00:10.248Z");

    let pages = all_pages(&front, "/crm/v3/objects/deals", false).await;
    assert_eq!(pages.concat().len(), 830);
    assert_eq!(front.vendor.book().closed_won(), ClosedWon { deals: 809, total_cents: 123_985_578 });

    let sorted = json!({
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
        "properties": ["hs_lastmodifieddate"], "limit": 200,
    });
    let reply = post(&front, SEARCH, sorted).await;
    let results = reply.body["results"].as_array().unwrap();
    let times = results.iter().map(|deal| deal["properties"]["hs_lastmodifieddate"].as_str().unwrap());
    assert!(times.is_sorted_by(|a, b| a < b));
}

#[tokio::test]
async fn a_deal_lists_its_contact_when_associations_are_asked_for() {
    let reply = get(&front(), "/crm/v3/objects/deals?limit=1&associations=contacts").await;
    let contact = &reply.body["results"][0]["associations"]["contacts"]["results"][0];
    assert_eq!(contact, &json!({"id": "1085", "type": "deal_to_contact"}));
}

fn won_since(since_ms: i64, after: usize) -> Value {
    json!({
        "filterGroups": [{"filters": [
            {"propertyName": "dealstage", "operator": "EQ", "value": "closedwon"},
            {"propertyName": "hs_lastmodifieddate", "operator": "GT", "value": since_ms.to_string()},
        ]}],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
        "properties": ["amount"], "limit": 200, "after": after.to_string(),
    })
}

#[tokio::test]
async fn a_search_pages_through_every_deal_that_was_won() {
    let front = front();
    let mut ids = Vec::new();
    let mut after = Some(0);
    while let Some(offset) = after {
        let reply = post(&front, SEARCH, won_since(0, offset)).await;
        assert_eq!((reply.status, reply.body["total"].as_u64()), (200, Some(809)));
        assert_eq!(reply.header("x-hubspot-ratelimit-max"), None);
        ids.extend(reply.ids());
        after = reply.body["paging"]["next"]["after"].as_str().map(|after| after.parse().unwrap());
    }
    let distinct = ids.iter().collect::<std::collections::HashSet<_>>();
    assert_eq!((ids.len(), distinct.len()), (809, 809));
}

#[tokio::test]
async fn a_deal_closed_later_is_found_by_its_time_of_change() {
    let front = front();
    let last_ms = 900_000_000_000;
    assert_eq!(post(&front, SEARCH, won_since(last_ms, 0)).await.body["total"], 0);
    assert!(front.vendor.book().close_deal(11077, last_ms + 1));
    assert!(!front.vendor.book().close_deal(1, last_ms + 1));
    let deal = NewDeal {
        customer_id: "ALFKI".into(),
        amount_ten_thousandths: 15_050,
        won: true,
        now_ms: last_ms + 2,
    };
    assert_eq!(front.vendor.book().add_deal(&deal), Some(11078));
    assert_eq!(post(&front, SEARCH, won_since(last_ms, 0)).await.ids(), ["11077", "11078"]);
    assert_eq!(front.vendor.book().closed_won().deals, 811);
}

#[tokio::test]
async fn filters_of_a_group_must_all_hold_and_one_group_is_enough() {
    let filter =
        |id: &str| json!({"filters": [{"propertyName": "hs_object_id", "operator": "EQ", "value": id}]});
    let reply = post(&front(), SEARCH, json!({"filterGroups": [filter("10250"), filter("10249")]})).await;
    assert_eq!(reply.ids(), ["10249", "10250"]);
    let amount = |operator: &str| json!({"propertyName": "amount", "operator": operator, "value": "440"});
    let both = json!({"filterGroups": [{"filters": [amount("GTE"), amount("LTE")]}]});
    assert_eq!(post(&front(), SEARCH, both).await.ids()[0], "10248");
}

#[tokio::test]
async fn a_malformed_search_is_a_validation_error() {
    let front = front();
    let filter = |name: &str, operator: &str, value: Value| json!({"filterGroups": [{"filters": [{"propertyName": name, "operator": operator, "value": value}]}]});
    let wrong = [
        json!({"limit": 201}),
        json!({"limit": 0}),
        json!({"limit": "ten"}),
        json!({"after": "page two"}),
        json!({"after": "9999", "limit": 2}),
        json!({"filter": []}),
        json!({"filterGroups": [{"filters": []}]}),
        json!({"sorts": [{"propertyName": "amount", "direction": "UP"}]}),
        json!({"sorts": [{"propertyName": "shoe_size"}]}),
        filter("dealstage", "LIKE", json!("won")),
        filter("dealstage", "GT", json!("won")),
        filter("shoe_size", "EQ", json!("44")),
        filter("hs_lastmodifieddate", "GT", json!("yesterday")),
        filter("hs_lastmodifieddate", "GT", json!(5)),
        json!([]),
    ];
    for body in wrong {
        let reply = post(&front, SEARCH, body.clone()).await;
        assert_eq!(
            (reply.status, reply.body["category"].as_str()),
            (400, Some("VALIDATION_ERROR")),
            "{body}"
        );
        assert_eq!(reply.body["status"], "error");
        assert!(reply.body["correlationId"].is_string() && reply.body["message"].is_string());
    }
}

#[tokio::test]
async fn associations_and_contacts_are_read_in_batches() {
    let front = front();
    let reply = post(&front, ASSOCIATIONS, json!({"inputs": [{"id": "10248"}, {"id": "10249"}]})).await;
    assert_eq!((reply.status, reply.body["status"].as_str()), (200, Some("COMPLETE")));
    let first = json!({"from": {"id": "10248"}, "to": [{"id": "1085", "type": "deal_to_contact"}]});
    assert_eq!(reply.body["results"][0], first);

    let reply = post(&front, CONTACTS, json!({"properties": ["email"], "inputs": [{"id": "1085"}]})).await;
    assert_eq!(reply.body["results"][0]["properties"]["email"], "vinet@northwind.example");

    let part = post(&front, CONTACTS, json!({"inputs": [{"id": "1001"}, {"id": "7"}]})).await;
    assert_eq!((part.status, part.body["numErrors"].as_u64(), part.ids().len()), (207, Some(1), 1));
    let many = (0..101).map(|id| json!({"id": id.to_string()})).collect::<Vec<_>>();
    assert_eq!(post(&front, CONTACTS, json!({"inputs": many})).await.status, 400);
    assert_eq!(post(&front, CONTACTS, json!({"inputs": []})).await.status, 400);
}

#[tokio::test]
async fn a_request_without_the_token_is_refused_and_the_journal_keeps_no_secret() {
    let front = front();
    let wrong = send(&front, request("GET", "/crm/v3/objects/contacts", "pat-wrong"), "").await;
    let none =
        axum::http::Request::builder().uri("/crm/v3/objects/contacts").header("x-correlation-id", "c-1");
    let none = send(&front, none, "").await;
    for reply in [wrong, none] {
        assert_eq!((reply.status, reply.body["category"].as_str()), (401, Some("INVALID_AUTHENTICATION")));
    }
    get(&front, "/crm/v3/objects/contacts?limit=3").await;

    let entries = front.journal.entries();
    let schemes = entries.iter().map(|entry| entry.authorization.as_deref()).collect::<Vec<_>>();
    assert_eq!(schemes, [Some("bearer"), None, Some("bearer")]);
    assert_eq!((entries[1].correlation_id(), entries[2].query.as_str()), (Some("c-1"), "limit=3"));
    assert!(!format!("{entries:?}").contains("pat-"));
    assert_eq!(front.journal.counters().by_status, [(200, 1), (401, 2)].into());
}

#[tokio::test]
async fn what_is_not_there_or_not_json_is_refused_in_the_same_shape() {
    let front = front();
    let bare = send(&front, request("POST", SEARCH, TOKEN), "{}").await;
    let large = request("POST", SEARCH, TOKEN).header("content-type", "application/json");
    let large = send(&front, large, vec![b' '; crate::call::BODY_LIMIT + 1]).await;
    let replies = [
        (415, bare),
        (413, large),
        (404, get(&front, "/crm/v3/objects/contacts/5").await),
        (404, get(&front, "/crm/v3/objects/tickets").await),
        (404, get(&front, "/").await),
        (405, send(&front, request("DELETE", "/crm/v3/objects/contacts/1001", TOKEN), "").await),
        (400, get(&front, "/crm/v3/objects/contacts?limit=101").await),
        (400, get(&front, "/crm/v3/objects/contacts?limit=0").await),
        (400, get(&front, "/crm/v3/objects/contacts?after=1002").await),
        (400, get(&front, "/crm/v3/objects/contacts?porperties=email").await),
    ];
    for (status, reply) in replies {
        assert_eq!((reply.status, reply.body["status"].as_str()), (status, Some("error")), "{}", reply.body);
    }
}
