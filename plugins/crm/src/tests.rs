//! The connector against a remote that checks what it is asked.

use std::cell::RefCell;
use std::rc::Rc;

use lockgate_sdk::http::{Failure, FailureKind, Response, SendError, Sent, with_transport};
use lockgate_sdk::pages::Since;
use lockgate_sdk::{json, profile};

use super::*;
use crate::api::Results;

type Journal = Rc<RefCell<Vec<Sent>>>;

/// Runs `body` against `remote` and gives its result with all that was sent.
fn with_remote<R>(remote: impl Fn(&Sent) -> Response + 'static, body: impl FnOnce() -> R) -> (R, Vec<Sent>) {
    let journal = Journal::default();
    let written = Rc::clone(&journal);
    let transport = move |sent: &Sent| {
        written.borrow_mut().push(sent.clone());
        Ok(remote(sent))
    };
    let config = json!({"api_base": "https://crm.test/"});
    let result = profile::with_config(config, || with_transport(transport, body));
    (result, journal.take())
}

fn answer(body: Value) -> Response {
    Response::new(200).with_body(body.to_string())
}

fn deal(id: u32, changed: &str) -> Value {
    json!({"id": id.to_string(), "properties": {
        "dealname": format!("Order {id}"), "amount": "440.0000", "deal_currency_code": "EUR",
        "dealstage": "closedwon", "closedate": "1996-07-16T00:00:00.000Z", "hs_lastmodifieddate": changed,
    }})
}

/// Answers the two lookups behind a page of deals: deal 10 has no contact, all others have contact 7.
fn lookups(sent: &Sent) -> Response {
    let ids: Vec<String> = sent.json()["inputs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|input| input["id"].as_str().map(str::to_owned))
        .collect();
    match sent.path() {
        "/crm/v3/associations/deals/contacts/batch/read" => {
            let results: Vec<Value> = ids
                .iter()
                .filter(|id| *id != "10")
                .map(|id| json!({"from": {"id": id}, "to": [{"id": "7", "type": "deal_to_contact"}, {"id": "8"}]}))
                .collect();
            answer(json!({"status": "COMPLETE", "results": results}))
        }
        "/crm/v3/objects/contacts/batch/read" => {
            assert_eq!(ids, ["7"], "each contact is asked for once");
            answer(
                json!({"results": [{"id": "7", "properties": {"email": "a@example.com", "company": null}}]}),
            )
        }
        other => panic!("an unexpected request to {other}"),
    }
}

fn keys(page: &Page) -> Vec<&str> {
    page.records.iter().map(|record| &*record.key).collect()
}

#[test]
fn a_page_of_deals_takes_three_requests_and_carries_the_contacts() {
    let remote = |sent: &Sent| match sent.path() {
        "/crm/v3/objects/deals/search" => {
            let changed = |id| deal(id, "1996-07-16T00:00:00.123Z");
            answer(json!({"total": 3, "results": [changed(9), changed(10), changed(11)]}))
        }
        _ => lookups(sent),
    };
    let (page, sent) = with_remote(remote, || Crm::poll("closed_won_deals", None));
    let page = page.expect("the page is read");
    assert_eq!(keys(&page), ["deal/9", "deal/10", "deal/11"]);
    assert_eq!(
        page.records.first().map(|record| record.body.clone()),
        Some(json!({
            "deal_id": "9", "name": "Order 9", "amount": "440.0000", "currency": "EUR", "stage": "closedwon",
            "closed_at": "1996-07-16T00:00:00.000Z",
            "contact": {
                "id": "7", "email": "a@example.com", "company": null, "first_name": null, "last_name": null,
                "city": null, "country": null
            }
        }))
    );
    assert_eq!(page.records.get(1).map(|record| record.body["contact"].clone()), Some(Value::Null));
    assert!(!page.more);
    assert_eq!(page.next, Some(json!({"since_ms": 837_475_200_123_i64, "seen": ["9", "10", "11"]})));

    assert_eq!(sent.len(), 3);
    let search = sent.first().map(Sent::json).unwrap_or_default();
    assert_eq!(
        search,
        json!({
            "filterGroups": [{"filters": [
                {"propertyName": "dealstage", "operator": "EQ", "value": "closedwon"},
                {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"}
            ]}],
            "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
            "properties": [
                "dealname", "amount", "deal_currency_code", "dealstage", "closedate", "hs_lastmodifieddate"
            ],
            "limit": 100
        })
    );
    assert!(sent.iter().all(|sent| sent.url.starts_with("https://crm.test/crm/")));
}

#[test]
fn the_next_page_begins_at_the_last_time_seen_and_reads_nothing_twice() {
    let remote = |sent: &Sent| match sent.path() {
        "/crm/v3/objects/deals/search" => {
            let since = sent.json()["filterGroups"][0]["filters"][1]["value"].clone();
            assert_eq!(sent.json().get("after"), None, "times differ, so no position is needed");
            if since == "0" {
                answer(
                    json!({"results": [deal(1, "1000"), deal(2, "2000")], "paging": {"next": {"after": "2"}}}),
                )
            } else {
                assert_eq!(since, "2000");
                answer(json!({"results": [deal(2, "2000"), deal(3, "2000"), deal(4, "3000")]}))
            }
        }
        _ => lookups(sent),
    };
    let ((first, second), _) = with_remote(remote, || {
        let first = Crm::poll("closed_won_deals", None).expect("the first page is read");
        let second = Crm::poll("closed_won_deals", first.next.clone()).expect("the second page is read");
        (first, second)
    });
    assert_eq!((keys(&first), first.more), (vec!["deal/1", "deal/2"], true));
    assert_eq!((keys(&second), second.more), (vec!["deal/3", "deal/4"], false));
    assert_eq!(second.next, Some(json!({"since_ms": 3000, "seen": ["4"]})));
}

#[test]
fn a_poll_that_finds_nothing_new_makes_one_request() {
    let remote = |_: &Sent| answer(json!({"results": [deal(4, "3000")]}));
    let cursor = json!({"since_ms": 3000, "seen": ["4"]});
    let (page, sent) = with_remote(remote, || Crm::poll("closed_won_deals", Some(cursor.clone())));
    assert_eq!(page, Ok(Page { records: Vec::new(), next: Some(cursor), more: false }));
    assert_eq!(sent.len(), 1);
}

#[test]
fn a_page_with_one_single_time_goes_on_by_position_until_the_search_ends() {
    let remote = |sent: &Sent| match sent.path() {
        "/crm/v3/objects/deals/search" => {
            let after = sent.json()["after"].as_str().map_or(0, |after| after.parse().expect("a number"));
            let page: Vec<Value> = (after..after + 100).map(|id| deal(100 + id, "5000")).collect();
            answer(json!({"results": page, "paging": {"next": {"after": (after + 100).to_string()}}}))
        }
        _ => lookups(sent),
    };
    let (outcome, sent) = with_remote(remote, || {
        let mut cursor = Some(json!({"since_ms": 5000}));
        for page in 1.. {
            match Crm::poll("closed_won_deals", cursor.take()) {
                Ok(read) => {
                    assert_eq!(read.records.len(), 100, "page {page}");
                    cursor = read.next;
                }
                Err(error) => return (page, error),
            }
        }
        unreachable!("the loop has no end of its own")
    });
    let (pages, error) = outcome;
    assert!(matches!(error, Error::Permanent(message) if message.contains("10000")));
    let positions: Vec<Value> =
        sent.iter().map(|sent| sent.json()["after"].clone()).filter(|after| !after.is_null()).collect();
    assert_eq!(positions.last(), Some(&json!("9900")), "no search reaches behind 10 000");
    assert_eq!(pages, 100);
}

#[test]
fn a_cursor_stays_small_however_many_deals_share_a_time() {
    let page: Results<api::Object> = Response::new(200)
        .with_body(json!({"results": (0..100).map(|id| deal(id, "1")).collect::<Vec<_>>()}).to_string())
        .json()
        .expect("objects");
    let seen = (1000..1100).map(|id: u32| id.to_string()).collect();
    let next = deals::behind(&page, &Since { since_ms: 1, seen, after: None }).expect("a cursor");
    assert_eq!(next.seen.len(), 100);
}

#[test]
fn contacts_are_walked_page_by_page_and_then_from_the_start() {
    let remote = |sent: &Sent| {
        assert_eq!((sent.path(), sent.query("limit").as_deref()), ("/crm/v3/objects/contacts", Some("100")));
        match sent.query("after").as_deref() {
            None => answer(json!({
                "results": [{"id": "1", "properties": {"email": "a@example.com"}}],
                "paging": {"next": {"after": "NTI1Cg%3D%3D", "link": "?after=NTI1Cg%3D%3D"}}
            })),
            Some(after) => {
                assert_eq!(after, "NTI1Cg%3D%3D");
                answer(json!({"results": [{"id": "2", "properties": {}}]}))
            }
        }
    };
    let ((first, last), _) = with_remote(remote, || {
        let first = Crm::poll("contacts", None).expect("the first page is read");
        let last = Crm::poll("contacts", first.next.clone()).expect("the last page is read");
        (first, last)
    });
    assert_eq!((keys(&first), first.more), (vec!["contact/1"], true));
    assert_eq!((keys(&last), last.more, &last.next), (vec!["contact/2"], false, &Some(json!({}))));
}

fn input(body: Value) -> Input {
    Input { key: "k".to_owned(), body }
}

#[test]
fn every_input_of_a_batch_has_its_own_result() {
    let remote = |sent: &Sent| match sent.path() {
        "/crm/v3/objects/contacts/1" => answer(json!({"id": "1", "properties": {"city": "Graz"}})),
        "/crm/v3/objects/contacts/a%2Fb" => Response::new(404).with_body("{}"),
        other => panic!("an unexpected request to {other}"),
    };
    let inputs = [json!({"id": ".."}), json!({"id": "a/b"}), json!({"id": 1}), json!({"id": "1"})];
    let (results, sent) =
        with_remote(remote, || Crm::run("get_contact", inputs.map(input).into_iter().collect()));
    assert!(
        matches!(
            &*results,
            [Err(Error::Invalid(_)), Err(Error::NotFound(_)), Err(Error::Invalid(_)), Ok(contact)]
                if contact["city"] == "Graz"
        ),
        "{results:?}"
    );
    assert_eq!(sent.len(), 2);
}

#[test]
fn a_deal_is_read_with_its_contact() {
    let remote = |sent: &Sent| match sent.path() {
        "/crm/v3/objects/deals/9" => answer(deal(9, "1000")),
        _ => lookups(sent),
    };
    let (results, _) = with_remote(remote, || Crm::run("get_deal", vec![input(json!({"id": "9"}))]));
    let Some(Ok(deal)) = results.first() else { panic!("{results:?}") };
    assert_eq!((&deal["deal_id"], &deal["contact"]["id"]), (&json!("9"), &json!("7")));
}

#[test]
fn a_limit_says_how_long_it_lasts() {
    let refused = |policy: &str, header: Option<&str>| {
        let mut refusal = Response::new(429).with_body(json!({"policyName": policy}).to_string());
        if let Some(seconds) = header {
            refusal = refusal.with_header("Retry-After", seconds);
        }
        with_remote(move |_| refusal.clone(), Crm::check).0
    };
    assert_eq!(refused("TEN_SECONDLY_ROLLING", None), Err(Error::RateLimited(Some(10_000))));
    assert_eq!(refused("TEN_SECONDLY_ROLLING", Some("1")), Err(Error::RateLimited(Some(1_000))));
    assert_eq!(refused("DAILY", None), Err(Error::RateLimited(Some(3_600_000))));
    assert_eq!(refused("NEW", None), Err(Error::RateLimited(None)));
}

#[test]
fn a_refusal_has_its_class() {
    let class = |status: u16| with_remote(move |_| Response::new(status), Crm::check).0;
    assert_eq!(class(200), Ok(()));
    assert!(matches!(class(401), Err(Error::AuthRequired(_))));
    assert!(matches!(class(403), Err(Error::Permanent(_))));
    assert!(matches!(class(423), Err(Error::Transient(_))));
    assert!(matches!(class(502), Err(Error::Transient(_))));
}

#[test]
fn a_search_that_gets_no_answer_may_be_repeated() {
    let lost = |_: &Sent| Err(SendError::Failed(Failure::new(FailureKind::Timeout, true, "10 s")));
    let read =
        profile::with_config(json!({}), || with_transport(lost, || Crm::poll("closed_won_deals", None)));
    assert!(matches!(read, Err(Error::Transient(_))));
}

#[test]
fn the_manifest_asks_for_what_its_actions_and_triggers_need() {
    let manifest = Crm::describe();
    let scopes: Vec<_> = manifest.scopes.iter().map(|scope| &scope.name).collect();
    let needed = manifest.actions.iter().flat_map(|action| &action.scopes);
    for scope in needed.chain(manifest.triggers.iter().flat_map(|trigger| &trigger.scopes)) {
        assert!(scopes.contains(&scope), "{scope} is not asked for");
    }
    let schemas = manifest.actions.iter().flat_map(|action| [&action.input, &action.output]);
    for schema in schemas.chain(manifest.triggers.iter().map(|trigger| &trigger.record)) {
        assert_eq!(schema["type"], "object");
    }
    assert_eq!(manifest.hosts, ["{api_base}"]);
}

#[test]
fn a_contact_is_asked_for_by_its_encoded_id_and_a_fault_on_the_way_may_be_tried_again() {
    use lockgate_testing::{Exchange, Fault, rust};

    let contact = || {
        Exchange::get("https://crm.test/crm/v3/objects/contacts/7%2F8")
            .query("properties", "*")
            .replies(200)
            .json(r#"{"id": "7/8", "properties": {"email": "ada@example.com"}}"#)
    };
    let read = |exchanges| {
        let input = Input { key: "run-1/1".to_owned(), body: json!({"id": "7/8"}) };
        let config = json!({"api_base": "https://crm.test/"});
        let (mut results, problems) =
            rust::on(exchanges, || profile::with_config(config, || Crm::run("get_contact", vec![input])));
        assert!(problems.is_empty(), "{problems:?}");
        results.remove(0)
    };
    assert_eq!(read(vec![contact()]).unwrap()["email"], "ada@example.com");
    for fault in [Fault::Refused, Fault::SlowHead, Fault::Truncated] {
        let error = read(vec![contact().fails(fault.clone())]).unwrap_err();
        assert!(matches!(error, Error::Transient(_)), "{fault:?}: {error}");
    }
}
