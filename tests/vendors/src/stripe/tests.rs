//! Holds the biller to Stripe's shapes, to its arithmetic, and to one effect for each idempotency key.
#![allow(clippy::disallowed_methods, reason = "the tests look into the vendor's own file")]

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::faults::{Fault, When};
use crate::probe::{Reply, request, send};

const KEY: &str = "sk_test_lockgate_demo";
const FORM: &str = "application/x-www-form-urlencoded";

fn front_with(options: StripeOptions) -> Arc<Front<Account>> {
    Front::new(Account::new(&options).unwrap(), options.faults)
}

fn front() -> Arc<Front<Account>> {
    front_with(StripeOptions::default())
}

async fn get(front: &Arc<Front<Account>>, target: &str) -> Reply {
    send(front, request("GET", target, KEY), "").await
}

async fn post_as(front: &Arc<Front<Account>>, key: &str, target: &str, form: &str) -> Reply {
    let request = request("POST", target, KEY).header("content-type", FORM).header("idempotency-key", key);
    send(front, request, form.to_owned()).await
}

/// A POST under a key of its own.
async fn post(front: &Arc<Front<Account>>, target: &str, form: &str) -> Reply {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    post_as(front, &format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed)), target, form).await
}

fn id(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["id"].as_str().unwrap().to_owned()
}

async fn customer(front: &Arc<Front<Account>>, email: &str) -> String {
    id(&post(front, "/v1/customers", &format!("email={email}&name=Ann")).await)
}

#[track_caller]
fn refused(reply: &Reply, status: u16, kind: &str, code: Option<&str>) {
    let error = &reply.body["error"];
    assert_eq!((reply.status, error["type"].as_str()), (status, Some(kind)), "{}", reply.body);
    assert_eq!(error["code"].as_str(), code, "{}", reply.body);
    assert!(error["message"].is_string() && error["request_log_url"].is_string());
    assert!(reply.header("request-id").is_some_and(|id| id.starts_with("req_")));
}

#[tokio::test]
async fn an_invoice_is_the_sum_of_its_items() {
    let front = front();
    let ann = customer(&front, "ann@northwind.example").await;
    let form = format!(
        "customer={ann}&currency=EUR&metadata[deal_id]=10248&metadata%5Bsource%5D=crm&auto_advance=false\
         &description=Order&pending_invoice_items_behavior=exclude"
    );
    let draft = post(&front, "/v1/invoices", &form).await;
    assert_eq!(
        (draft.body["currency"].as_str(), draft.body["status"].as_str()),
        (Some("eur"), Some("draft"))
    );
    assert_eq!(draft.body["metadata"], json!({"deal_id": "10248", "source": "crm"}));
    let draft = id(&draft);
    for amount in [44_000, 1_050] {
        let form = format!("customer={ann}&invoice={draft}&amount={amount}&currency=eur&description=Line");
        let item = post(&front, "/v1/invoiceitems", &form).await;
        assert_eq!(
            (item.body["object"].as_str(), item.body["amount"].as_i64()),
            (Some("invoiceitem"), Some(amount))
        );
    }
    let read = get(&front, &format!("/v1/invoices/{draft}")).await;
    assert_eq!(
        (read.body["total"].as_i64(), read.body["lines"]["total_count"].as_u64()),
        (Some(45_050), Some(2))
    );
    assert_eq!(read.body["customer_email"], "ann@northwind.example");

    let seen = front.vendor.invoices().remove(0);
    assert_eq!((seen.total_cents, seen.currency.as_str(), seen.status), (45_050, "eur", "draft"));
    assert_eq!(seen.metadata["deal_id"], "10248");
    assert!(seen.idempotency_key.unwrap().starts_with("key-"));
    assert_eq!(get(&front, &format!("/v1/invoiceitems?invoice={draft}")).await.ids().len(), 2);
}

#[tokio::test]
async fn pending_items_join_an_invoice_only_when_it_includes_them() {
    let front = front();
    let ann = customer(&front, "ann@northwind.example").await;
    for currency in ["eur", "usd"] {
        let form = format!("customer={ann}&amount=500&currency={currency}");
        assert_eq!(post(&front, "/v1/invoiceitems", &form).await.body["invoice"], Value::Null);
    }
    let excluding = post(&front, "/v1/invoices", &format!("customer={ann}&currency=eur")).await;
    assert_eq!(excluding.body["total"], 0);
    let form = format!("customer={ann}&currency=eur&pending_invoice_items_behavior=include");
    assert_eq!(post(&front, "/v1/invoices", &form).await.body["total"], 500);
    assert_eq!(get(&front, "/v1/invoiceitems?pending=true").await.ids().len(), 1);
}

#[tokio::test]
async fn an_invoice_is_voided_only_when_it_is_open_and_takes_items_only_as_a_draft() {
    let front = front();
    let ann = customer(&front, "ann@northwind.example").await;
    let invoice = id(&post(&front, "/v1/invoices", &format!("customer={ann}&currency=eur")).await);
    let item = format!("customer={ann}&invoice={invoice}&amount=700&currency=eur");
    post(&front, "/v1/invoiceitems", &item).await;
    let void = format!("/v1/invoices/{invoice}/void");
    refused(&post(&front, &void, "").await, 400, "invalid_request_error", Some("invoice_not_editable"));
    let open = post(&front, &format!("/v1/invoices/{invoice}/finalize"), "").await;
    assert_eq!((open.body["status"].as_str(), open.body["amount_due"].as_i64()), (Some("open"), Some(700)));
    let late = post(&front, "/v1/invoiceitems", &item).await;
    refused(&late, 400, "invalid_request_error", Some("invoice_not_editable"));
    assert_eq!(post(&front, &void, "").await.body["status"], "void");
    assert_eq!(get(&front, "/v1/invoices?status=void").await.ids(), [invoice]);
}

#[tokio::test]
async fn an_item_must_fit_its_invoice() {
    let front = front();
    let ann = customer(&front, "ann@northwind.example").await;
    let bob = customer(&front, "bob@northwind.example").await;
    let invoice = id(&post(&front, "/v1/invoices", &format!("customer={ann}&currency=eur")).await);
    let wrong = [
        (format!("customer={ann}&invoice={invoice}&amount=1&currency=usd"), "currency", "parameter_invalid"),
        (format!("customer={bob}&invoice={invoice}&amount=1&currency=eur"), "invoice", "parameter_invalid"),
        (format!("customer={ann}&invoice=in_9&amount=1&currency=eur"), "invoice", "resource_missing"),
        (
            format!("customer={ann}&invoice={invoice}&amount=1.5&currency=eur"),
            "amount",
            "parameter_invalid_integer",
        ),
        (
            format!("customer={ann}&invoice={invoice}&amount=100000000&currency=eur"),
            "amount",
            "amount_too_large",
        ),
        (format!("customer={ann}&invoice={invoice}&currency=eur"), "amount", "parameter_missing"),
        (format!("customer={ann}&invoice={invoice}&amount=1"), "currency", "parameter_missing"),
        (format!("invoice={invoice}&amount=1&currency=eur"), "customer", "parameter_missing"),
    ];
    for (form, param, code) in wrong {
        let reply = post(&front, "/v1/invoiceitems", &form).await;
        refused(&reply, 400, "invalid_request_error", Some(code));
        assert_eq!(reply.body["error"]["param"], param, "{form}");
    }
    assert_eq!(front.vendor.invoices()[0].total_cents, 0);
}

#[tokio::test]
async fn paging_has_no_gap_and_no_repeat_while_a_customer_is_created() {
    let front = front();
    for number in 0..25 {
        customer(&front, &format!("c{number}@northwind.example")).await;
    }
    let mut seen = Vec::new();
    let mut target = "/v1/customers?limit=10".to_owned();
    loop {
        let reply = get(&front, &target).await;
        assert_eq!(
            (reply.body["object"].as_str(), reply.body["url"].as_str()),
            (Some("list"), Some("/v1/customers"))
        );
        seen.extend(reply.ids());
        customer(&front, "late@northwind.example").await;
        if reply.body["has_more"] == false {
            break;
        }
        target = format!("/v1/customers?limit=10&starting_after={}", seen.last().unwrap());
    }
    let expected = (1..=25).rev().map(|number| format!("cus_{number:014}")).collect::<Vec<_>>();
    assert_eq!(seen, expected);
    assert_eq!(get(&front, "/v1/customers").await.ids().len(), 10);

    let newer = get(&front, &format!("/v1/customers?limit=2&ending_before={}", expected[3])).await;
    assert_eq!(newer.ids(), expected[1..3]);
    assert_eq!(newer.body["has_more"], true);
}

#[tokio::test]
async fn customers_are_found_by_their_exact_email() {
    let front = front();
    let ann = customer(&front, "ann%40northwind.example").await;
    customer(&front, "bob@northwind.example").await;
    assert_eq!(
        get(&front, "/v1/customers?email=ann%40northwind.example").await.ids(),
        std::slice::from_ref(&ann)
    );
    assert!(get(&front, "/v1/customers?email=ANN%40northwind.example").await.ids().is_empty());
    assert_eq!(get(&front, &format!("/v1/customers/{ann}")).await.body["name"], "Ann");
}

#[tokio::test]
async fn a_key_is_taken_as_bearer_or_as_basic_with_an_empty_password() {
    use base64::Engine;
    let front = front();
    let basic = |text: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text));
    let attempts = [
        (basic(&format!("{KEY}:")), 200),
        (basic(&format!("{KEY}:password")), 401),
        (format!("bearer {KEY}"), 200),
        ("Bearer sk_test_other".to_owned(), 401),
        (KEY.to_owned(), 401),
    ];
    for (authorization, status) in attempts {
        let request =
            axum::http::Request::builder().uri("/v1/balance").header("authorization", &authorization);
        let reply = send(&front, request, "").await;
        assert_eq!(reply.status, status, "{authorization}");
        if status == 401 {
            refused(&reply, 401, "invalid_request_error", None);
        }
    }
    assert!(!format!("{:?}", front.journal.entries()).contains("sk_test"));
}

#[tokio::test]
async fn the_same_key_with_the_same_parameters_replays_the_answer() {
    let front = front();
    let first = post_as(&front, "k", "/v1/customers", "email=a@b.example&name=Ann").await;
    let again = post_as(&front, "k", "/v1/customers", "name=Ann&email=a%40b.example").await;
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!(again.header("original-request"), first.header("request-id"));
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(front.vendor.customers().len(), 1);
}

#[tokio::test]
async fn the_same_key_with_other_parameters_or_another_endpoint_is_an_idempotency_error() {
    let front = front();
    let ann = id(&post_as(&front, "k", "/v1/customers", "email=a@b.example").await);
    let other = post_as(&front, "k", "/v1/customers", "email=b@b.example").await;
    refused(&other, 400, "idempotency_error", None);
    let elsewhere = post_as(&front, "k", "/v1/invoices", &format!("customer={ann}")).await;
    refused(&elsewhere, 400, "idempotency_error", None);
    assert_eq!((front.vendor.customers().len(), front.vendor.invoices().len()), (1, 0));
}

#[tokio::test]
async fn the_same_key_while_the_first_is_in_progress_is_a_conflict() {
    let faults = Faults::none().on(When::request(1), Fault::delay_ms(50));
    let front = front_with(StripeOptions { faults, ..StripeOptions::default() });
    let second = async {
        // The first has claimed its key once the other tasks have had their turns.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        post_as(&front, "k", "/v1/customers", "email=a@b.example").await
    };
    let first = post_as(&front, "k", "/v1/customers", "email=a@b.example");
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.status, 200);
    refused(&second, 409, "idempotency_error", Some("idempotency_key_in_use"));
    assert_eq!(front.vendor.customers().len(), 1);
}

#[tokio::test]
async fn a_request_whose_client_gave_up_takes_effect_all_the_same() {
    let faults = Faults::none().on(When::request(1), Fault::delay_ms(200));
    let front = front_with(StripeOptions { faults, ..StripeOptions::default() });
    let client_gives_up = async {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        reply = post_as(&front, "k", "/v1/customers", "email=a@b.example") => panic!("not held: {reply:?}"),
        () = client_gives_up => {}
    }
    assert!(front.vendor.customers().is_empty());
    while front.journal.counters().requests == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(front.vendor.customers().len(), 1);
}

#[tokio::test]
async fn a_failure_before_processing_is_not_saved_and_one_after_it_is() {
    let faults = Faults::none()
        .on(When::request(1), Fault::status(500))
        .on(When::request(3), Fault::StatusAfterProcessing { status: 503 });
    let front = front_with(StripeOptions { faults, ..StripeOptions::default() });
    let before = post_as(&front, "a", "/v1/customers", "email=a@b.example").await;
    refused(&before, 500, "api_error", None);
    assert_eq!(post_as(&front, "a", "/v1/customers", "email=a@b.example").await.status, 200);

    refused(&post_as(&front, "b", "/v1/customers", "email=b@b.example").await, 503, "api_error", None);
    let replay = post_as(&front, "b", "/v1/customers", "email=b@b.example").await;
    assert_eq!((replay.status, replay.header("idempotent-replayed")), (503, Some("true")));
    assert_eq!(front.vendor.customers().len(), 2);
}

#[tokio::test]
async fn a_malformed_request_does_not_use_up_its_key() {
    let front = front();
    let wrong = post_as(&front, "k", "/v1/customers", "emial=a@b.example").await;
    refused(&wrong, 400, "invalid_request_error", Some("parameter_unknown"));
    assert_eq!(post_as(&front, "k", "/v1/customers", "email=a@b.example").await.status, 200);
}

#[tokio::test]
async fn a_post_needs_a_key_unless_the_account_is_lenient() {
    let bare = || request("POST", "/v1/customers", KEY).header("content-type", FORM);
    refused(&send(&front(), bare(), "email=a@b.example").await, 400, "idempotency_error", None);
    let long = bare().header("idempotency-key", "k".repeat(256));
    refused(&send(&front(), long, "email=a@b.example").await, 400, "idempotency_error", None);

    let lenient = front_with(StripeOptions { require_idempotency_key: false, ..StripeOptions::default() });
    for _ in 0..2 {
        assert_eq!(send(&lenient, bare(), "email=a@b.example").await.status, 200);
    }
    assert_eq!(lenient.vendor.customers().len(), 2);
}

#[tokio::test]
async fn a_body_must_be_a_form_of_known_parameters() {
    let front = front();
    let keyed = |kind: &str| {
        request("POST", "/v1/customers", KEY).header("content-type", kind).header("idempotency-key", "k")
    };
    let json = send(&front, keyed("application/json"), r#"{"email":"a@b.example"}"#).await;
    refused(&json, 400, "invalid_request_error", None);
    let large = send(&front, keyed(FORM), "a".repeat(crate::call::BODY_LIMIT + 1)).await;
    refused(&large, 413, "invalid_request_error", None);
    let wrong = [
        ("nickname=Ann", "parameter_unknown"),
        ("metadata=deal", "parameter_unknown"),
        ("metadata[a][b]=deal", "parameter_invalid_string"),
        ("metadata[]=deal", "parameter_invalid_string"),
        ("address[planet]=Mars", "parameter_unknown"),
        ("items[0][amount]=5", "parameter_unknown"),
        ("name=a&name=b", "parameter_invalid"),
        ("email=nobody", "email_invalid"),
    ];
    for (form, code) in wrong {
        refused(&post(&front, "/v1/customers", form).await, 400, "invalid_request_error", Some(code));
    }
    let long = format!("metadata[note]={}", "x".repeat(501));
    let long = post(&front, "/v1/customers", &long).await;
    refused(&long, 400, "invalid_request_error", Some("parameter_invalid_string"));
    assert!(front.vendor.customers().is_empty());

    let charset =
        send(&front, keyed("application/x-www-form-urlencoded; charset=utf-8"), "address[city]=Oslo").await;
    assert_eq!((charset.status, charset.body["address"]["city"].as_str()), (200, Some("Oslo")));
}

#[tokio::test]
async fn what_is_missing_or_out_of_range_is_refused() {
    let front = front();
    let missing = Some("resource_missing");
    refused(&get(&front, "/v1/customers/cus_9").await, 404, "invalid_request_error", missing);
    refused(&get(&front, "/v1/invoices/cus_00000000000001").await, 404, "invalid_request_error", missing);
    refused(&post(&front, "/v1/invoices", "customer=cus_9").await, 400, "invalid_request_error", missing);
    refused(&get(&front, "/v1/customers?starting_after=cus_9").await, 400, "invalid_request_error", missing);
    refused(&get(&front, "/v1/charges").await, 404, "invalid_request_error", None);
    let delete = send(&front, request("DELETE", "/v1/customers", KEY), "").await;
    refused(&delete, 404, "invalid_request_error", None);
    for limit in ["0", "101", "ten"] {
        let reply = get(&front, &format!("/v1/customers?limit={limit}")).await;
        refused(&reply, 400, "invalid_request_error", Some("parameter_invalid_integer"));
    }
    let both = get(&front, "/v1/customers?starting_after=a&ending_before=b").await;
    refused(&both, 400, "invalid_request_error", Some("parameter_invalid"));
}

#[tokio::test]
async fn a_version_is_optional_echoed_and_checked() {
    let front = front();
    let versioned = |version: &str| request("GET", "/v1/balance", KEY).header("stripe-version", version);
    let reply = send(&front, versioned("2026-06-24.dahlia"), "").await;
    assert_eq!((reply.status, reply.header("stripe-version")), (200, Some("2026-06-24.dahlia")));
    assert_eq!(send(&front, versioned("latest"), "").await.status, 400);
    assert_eq!(front.journal.entries()[0].header("stripe-version"), Some("2026-06-24.dahlia"));
}

#[tokio::test]
async fn a_refund_takes_from_the_one_charge_until_nothing_is_left() {
    let front = front();
    let part = post(&front, "/v1/refunds", &format!("charge={DEMO_CHARGE}&amount=40000")).await;
    assert_eq!((part.body["object"].as_str(), part.body["amount"].as_i64()), (Some("refund"), Some(40_000)));
    assert_eq!(get(&front, "/v1/balance").await.body["available"][0]["amount"], 60_000);
    assert_eq!(post(&front, "/v1/refunds", &format!("charge={DEMO_CHARGE}")).await.status, 200);
    let spent = post(&front, "/v1/refunds", &format!("charge={DEMO_CHARGE}")).await;
    refused(&spent, 400, "invalid_request_error", Some("charge_already_refunded"));
    assert_eq!(front.vendor.refunded_cents(), 100_000);
}

#[tokio::test]
async fn a_daybook_carries_books_and_keys_into_the_next_server_even_when_its_last_line_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let daybook = folder.path().join("stripe.jsonl");
    let options = StripeOptions { daybook: Some(daybook.clone()), ..StripeOptions::default() };
    let first = front_with(options.clone());
    let ann = id(&post_as(&first, "k", "/v1/customers", "email=a@b.example").await);
    let invoice = id(&post_as(&first, "i", "/v1/invoices", &format!("customer={ann}&currency=eur")).await);
    let item = format!("customer={ann}&invoice={invoice}&amount=44000&currency=eur");
    post_as(&first, "ii", "/v1/invoiceitems", &item).await;
    let mut bytes = std::fs::read(&daybook).unwrap();
    bytes.extend_from_slice(b"{\"ordinal\":9,\"pa");
    std::fs::write(&daybook, bytes).unwrap();

    let second = front_with(options);
    assert_eq!(second.vendor.customers(), first.vendor.customers());
    assert_eq!(second.vendor.invoices(), first.vendor.invoices());
    let replay = post_as(&second, "ii", "/v1/invoiceitems", &item).await;
    assert_eq!(replay.header("idempotent-replayed"), Some("true"));
    assert_eq!(second.vendor.invoices()[0].total_cents, 44_000);
    assert_eq!(customer(&second, "next@b.example").await, "cus_00000000000002");
}

#[test]
fn what_is_not_a_daybook_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let daybook = folder.path().join("stripe.jsonl");
    for text in ["[]\n", "{}\n", "not json\n"] {
        std::fs::write(&daybook, text).unwrap();
        let options = StripeOptions { daybook: Some(daybook.clone()), ..StripeOptions::default() };
        let error = Account::new(&options).err().unwrap();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{text}");
    }
}
