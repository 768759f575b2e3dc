//! The connector against a small biller that keeps books and saves answers under keys.

mod biller;

use lockgate_sdk::http::{Failure, FailureKind, Response, SendError, Sent, with_transport};
use lockgate_sdk::{json, profile};

use self::biller::{Biller, refusal};
use super::*;

fn with_transport_and_profile<R>(
    transport: impl FnMut(&Sent) -> Result<Response, SendError> + 'static,
    body: impl FnOnce() -> R,
) -> R {
    profile::with_config(json!({"api_base": "https://stripe.test"}), || with_transport(transport, body))
}

/// Runs an action whose every request gets this answer.
fn answered(answer: Response, action: &str, body: Value) -> Result<Value, Error> {
    let input = Input { key: "k".to_owned(), body };
    let mut results =
        with_transport_and_profile(move |_| Ok(answer.clone()), || Stripe::run(action, vec![input]));
    assert_eq!(results.len(), 1);
    results.remove(0)
}

fn balance(answer: Response) -> Result<Value, Error> {
    answered(answer, "get_balance", json!({}))
}

fn input(key: &str, body: Value) -> Input {
    Input { key: key.to_owned(), body }
}

fn order(key: &str, email: &str, cents: i64) -> Input {
    let body = json!({
        "customer": {"email": email, "name": "Example Ltd", "external_id": "1001"},
        "currency": "EUR",
        "lines": [{"amount_cents": cents, "description": "Order"}],
        "metadata": {"deal_id": key, "nothing": null}
    });
    input(key, body)
}

#[test]
fn an_order_becomes_a_customer_a_draft_and_its_lines() {
    let biller = Biller::default();
    let results = biller.run("create_invoice", vec![order("run/1", "ada@example.com", 44_000)]);
    assert_eq!(results, [Ok(json!({"invoice_id": "in_1", "customer_id": "cus_1", "amount_cents": 44_000}))]);
    let sent = biller.sent();
    let line: Vec<String> = sent
        .iter()
        .map(|sent| {
            let body = String::from_utf8_lossy(&sent.body).into_owned();
            format!("{} {} {body}", sent.method, sent.url.trim_start_matches("https://stripe.test"))
        })
        .collect();
    assert_eq!(
        line,
        [
            "GET /v1/customers?email=ada%40example.com&limit=1 ",
            "POST /v1/customers email=ada%40example.com&name=Example+Ltd&metadata%5Bexternal_id%5D=1001",
            "POST /v1/invoices customer=cus_1&currency=eur&auto_advance=false\
             &pending_invoice_items_behavior=exclude&metadata%5Bdeal_id%5D=run%2F1",
            "POST /v1/invoiceitems customer=cus_1&invoice=in_1&amount=44000&currency=eur&description=Order",
        ]
    );
    let keys: Vec<_> = sent.iter().filter_map(|sent| sent.header("idempotency-key")).collect();
    assert_eq!(keys.get(1..), Some(&["run/1/invoice", "run/1/line/0"][..]));
    assert!(sent.iter().all(|sent| sent.header("stripe-version") == Some("2026-06-24.dahlia")));
    assert!(sent.iter().all(|sent| sent.header("authorization").is_none()), "the host adds credentials");
}

#[test]
fn a_batch_takes_four_rounds_and_creates_a_shared_customer_once() {
    let biller = Biller::default();
    let batch =
        (0..25).map(|n| order(&format!("run/{n}"), &format!("c{}@example.com", n % 5), 100 + n)).collect();
    let results = biller.run("create_invoice", batch);
    for (n, result) in (0_i64..).zip(&results) {
        let Ok(invoice) = result else { panic!("input {n}: {result:?}") };
        assert_eq!(invoice["amount_cents"], 100 + n, "results are in the order of inputs");
    }
    let sent = biller.sent();
    let count = |method: &str, path: &str| {
        sent.iter().filter(|sent| sent.method == method && sent.path() == path).count()
    };
    assert_eq!(count("GET", "/v1/customers"), 5);
    assert_eq!(count("POST", "/v1/customers"), 5);
    assert_eq!(count("POST", "/v1/invoices"), 25);
    assert_eq!(count("POST", "/v1/invoiceitems"), 25);
    // Stages do not mix: nothing of one is sent before all of the stage before.
    let stages: Vec<String> = sent.iter().map(|sent| format!("{} {}", sent.method, sent.path())).collect();
    assert_eq!(stages.chunk_by(|a, b| a == b).count(), 4);
}

#[test]
fn a_second_attempt_creates_nothing_twice_wherever_the_first_one_stopped() {
    for lost in 1..=4 {
        let biller = Biller::default();
        biller.lose_answer(lost);
        let batch = || vec![order("run/1", "ada@example.com", 44_000)];
        let first = biller.run("create_invoice", batch());
        // A lost answer to the creation of a customer is made good at once; all others wait for the next attempt.
        if lost != 2 {
            assert!(matches!(&*first, [Err(Error::Transient(_))]), "answer {lost} was lost: {first:?}");
        }
        let second = biller.run("create_invoice", batch());
        assert_eq!(
            second,
            [Ok(json!({"invoice_id": "in_1", "customer_id": "cus_1", "amount_cents": 44_000}))]
        );
        assert_eq!(biller.books(), (1, 1, 1), "answer {lost} was lost");
    }
}

#[test]
fn a_customer_whom_another_created_meanwhile_is_taken() {
    let biller = Biller::default();
    biller.create_behind_our_back("ada@example.com");
    let results = biller.run("create_invoice", vec![order("run/1", "ada@example.com", 1)]);
    assert!(matches!(&*results, [Ok(invoice)] if invoice["customer_id"] == "cus_1"), "{results:?}");
    assert_eq!(biller.books(), (1, 1, 1));
}

#[test]
fn inputs_fail_one_by_one() {
    let biller = Biller::default();
    let batch = vec![
        order("a", "ada@example.com", 1),
        input("b", json!({"currency": "eur", "lines": [{"amount_cents": 1}]})),
        input("c", json!({"customer_id": "cus_1", "currency": "eur"})),
        input("d", json!({"customer_id": "cus_1", "currency": "eur", "lines": [{"amount_cents": 1.5}]})),
        input("e", json!({"customer": {"email": null}, "currency": "eur", "lines": [{"amount_cents": 1}]})),
        input("f", json!({"customer_id": "cus_1", "currency": "eur", "lines": [], "surprise": 1})),
        order("g", "ada@example.com", 2),
    ];
    let results = biller.run("create_invoice", batch);
    let good: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, false, false, false, false, true], "{results:?}");
    assert!(
        results
            .iter()
            .flat_map(|result| result.as_ref().err())
            .all(|error| matches!(error, Error::Invalid(_)))
    );
}

#[test]
fn pending_items_alone_are_invoiced_without_what_they_decide() {
    let biller = Biller::default();
    biller.run("create_customer", vec![input("a", json!({"email": "ada@example.com"}))]);
    let item = json!({"customer_id": "cus_1", "amount_cents": 250, "currency": "eur"});
    let added = biller.run("create_invoice_item", vec![input("b", item)]);
    assert_eq!(added, [Ok(json!({"invoice_item_id": "ii_1"}))]);
    let invoice = json!({"customer_id": "cus_1", "currency": "eur", "pending_items": "include"});
    let results = biller.run("create_invoice", vec![input("c", invoice)]);
    assert_eq!(results, [Ok(json!({"invoice_id": "in_1", "customer_id": "cus_1", "amount_cents": 250}))]);
    let last = biller.sent().pop().map(|sent| String::from_utf8_lossy(&sent.body).into_owned());
    assert_eq!(last.as_deref(), Some("customer=cus_1&pending_invoice_items_behavior=include"));
}

#[test]
fn an_invoice_is_voided_by_a_path_that_its_id_cannot_change() {
    let biller = Biller::default();
    let batch = vec![
        input("a", json!({"invoice_id": "in_1/../../customers"})),
        input("b", json!({"invoice_id": ".."})),
    ];
    let results = biller.run("void_invoice", batch);
    assert!(matches!(&*results, [Err(Error::NotFound(_)), Err(Error::Invalid(_))]), "{results:?}");
    let paths: Vec<String> = biller.sent().iter().map(|sent| sent.path().to_owned()).collect();
    assert_eq!(paths, ["/v1/invoices/in_1%2F..%2F..%2Fcustomers/void"]);
}

#[test]
fn a_refusal_has_the_class_that_the_api_gives_it() {
    let plain = |status: u16| balance(Response::new(status));
    assert!(matches!(plain(401), Err(Error::AuthRequired(_))));
    assert!(matches!(plain(402), Err(Error::Permanent(_))));
    assert!(matches!(plain(403), Err(Error::Permanent(_))));
    assert!(matches!(plain(404), Err(Error::NotFound(_))));
    assert!(matches!(plain(409), Err(Error::Transient(_))));
    assert!(matches!(plain(500), Err(Error::Transient(_))));
    assert_eq!(plain(429), Err(Error::RateLimited(None)));
    assert_eq!(
        balance(Response::new(429).with_header("retry-after", "1")),
        Err(Error::RateLimited(Some(1_000)))
    );
    assert_eq!(balance(refusal(400, "invalid_request_error", "rate_limit")), Err(Error::RateLimited(None)));
    assert!(matches!(balance(refusal(400, "idempotency_error", "")), Err(Error::Permanent(_))));
    let wrong = balance(refusal(400, "invalid_request_error", "parameter_unknown"));
    assert!(
        matches!(wrong, Err(Error::Invalid(message)) if message.contains("(parameter_unknown): it is wrong"))
    );
}

#[test]
fn the_apis_own_word_on_repeating_wins() {
    let word =
        |status: u16, word: &str| balance(Response::new(status).with_header("Stripe-Should-Retry", word));
    assert!(matches!(word(400, "true"), Err(Error::Transient(_))));
    assert!(matches!(word(500, "false"), Err(Error::Permanent(_))));
    assert!(matches!(word(409, "false"), Err(Error::Conflict(_))));
    assert!(matches!(word(401, "true"), Err(Error::AuthRequired(_))));
    assert!(matches!(word(429, "false"), Err(Error::RateLimited(None))));
}

#[test]
fn a_saved_failure_is_not_repeated_for_a_day() {
    let saved = Response::new(500).with_header("Idempotent-Replayed", "true");
    assert!(matches!(balance(saved), Err(Error::Ambiguous(_))));
}

#[test]
fn a_lost_answer_to_a_write_is_transient_because_of_its_key() {
    let lost = |_: &Sent| Err(SendError::Failed(Failure::new(FailureKind::Timeout, true, "10 s")));
    let item = input("k", json!({"customer_id": "cus_1", "amount_cents": 1, "currency": "eur"}));
    let results = with_transport_and_profile(lost, || Stripe::run("create_invoice_item", vec![item]));
    assert!(matches!(&*results, [Err(Error::Transient(_))]));
}

fn page(ids: &[(&str, i64)], has_more: bool) -> Response {
    let data: Vec<Value> = ids.iter().map(|(id, created)| json!({"id": id, "created": created})).collect();
    Response::new(200).with_body(json!({"object": "list", "has_more": has_more, "data": data}).to_string())
}

fn poll(cursor: Option<Value>, answer: impl Fn(&Sent) -> Response + 'static) -> Page {
    with_transport_and_profile(move |sent| Ok(answer(sent)), || Stripe::poll("customers", cursor))
        .expect("the page is read")
}

fn keys(page: &Page) -> Vec<&str> {
    page.records.iter().map(|record| &*record.key).collect()
}

#[test]
fn a_walk_goes_from_the_newest_down_to_where_the_last_one_began() {
    let first = poll(None, |sent| {
        assert_eq!(sent.query("starting_after"), None);
        page(&[("cus_4", 40), ("cus_3", 30)], true)
    });
    assert_eq!((keys(&first), first.more), (vec!["customer/cus_4", "customer/cus_3"], true));
    let second = poll(first.next.clone(), |sent| {
        assert_eq!(sent.query("starting_after").as_deref(), Some("cus_3"));
        page(&[("cus_2", 20), ("cus_1", 10)], false)
    });
    assert_eq!((keys(&second), second.more), (vec!["customer/cus_2", "customer/cus_1"], false));

    // Two were created since; a third in the very second of the last head is not lost.
    let third = poll(second.next.clone(), |sent| {
        assert_eq!(sent.query("starting_after"), None);
        page(&[("cus_7", 50), ("cus_6", 50), ("cus_5", 40), ("cus_4", 40), ("cus_3", 30)], true)
    });
    assert_eq!(keys(&third), ["customer/cus_7", "customer/cus_6", "customer/cus_5"]);
    assert!(!third.more, "the rest is known");
    assert_eq!(third.next, Some(json!({"until": {"id": "cus_7", "created": 50}})));
}

#[test]
fn a_walk_ends_although_its_end_has_been_deleted() {
    let cursor = json!({"until": {"id": "cus_gone", "created": 25}});
    let read = poll(Some(cursor), |_| page(&[("cus_3", 30), ("cus_2", 20)], true));
    assert_eq!((keys(&read), read.more), (vec!["customer/cus_3"], false));
}

#[test]
fn a_walk_starts_over_when_its_place_has_been_deleted() {
    let cursor = json!({"head": {"id": "cus_9", "created": 90}, "after": "cus_gone"});
    let read = poll(Some(cursor), |_| {
        let body = json!({"error": {"type": "invalid_request_error", "code": "resource_missing",
                                    "param": "starting_after", "message": "no such customer"}});
        Response::new(400).with_body(body.to_string())
    });
    assert_eq!(read, Page { records: Vec::new(), next: Some(json!({})), more: true });
}

#[test]
fn an_empty_account_has_an_empty_page() {
    let read = poll(None, |_| page(&[], false));
    assert_eq!(read, Page { records: Vec::new(), next: Some(json!({})), more: false });
}

#[test]
fn the_manifest_asks_for_what_its_actions_and_triggers_need() {
    let manifest = Stripe::describe();
    let scopes: Vec<_> = manifest.scopes.iter().map(|scope| &scope.name).collect();
    let needed = manifest.actions.iter().flat_map(|action| &action.scopes);
    for scope in needed.chain(manifest.triggers.iter().flat_map(|trigger| &trigger.scopes)) {
        assert!(scopes.contains(&scope), "{scope} is not asked for");
    }
    let schemas = manifest.actions.iter().flat_map(|action| [&action.input, &action.output]);
    for schema in schemas.chain(manifest.triggers.iter().map(|trigger| &trigger.record)) {
        assert_eq!(schema["type"], "object");
    }
    for action in &manifest.actions {
        let writes = action.effect == lockgate_sdk::manifest::Effect::Write;
        assert_eq!(action.idempotency.is_some(), writes, "{}", action.name);
    }
}
