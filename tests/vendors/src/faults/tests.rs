//! Holds the counting of the rules, and each fault on a real connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::*;
use crate::{Crm, CrmOptions, Stripe, StripeOptions};

#[test]
fn a_rule_counts_only_what_it_matches() {
    let mut armed = Faults::none().on(When::nth("POST", "/v1/invoices", 2), Fault::status(500)).arm();
    assert_eq!(armed.plan("POST", "/v1/invoices"), Plan::default());
    assert_eq!(armed.plan("GET", "/v1/invoices"), Plan::default());
    assert_eq!(armed.plan("POST", "/v1/customers"), Plan::default());
    assert_eq!(armed.plan("POST", "/v1/invoices").fault, Some(Fault::status(500)));
    assert_eq!(armed.plan("POST", "/v1/invoices"), Plan::default());
}

#[test]
fn a_burst_lasts_as_long_as_it_was_told() {
    let mut armed = Faults::none().rate_limit_burst(When::request(2), 3).arm();
    let hits = (0..6).map(|_| armed.plan("GET", "/").fault.is_some()).collect::<Vec<_>>();
    assert_eq!(hits, [false, true, true, true, false, false]);
}

#[test]
fn a_delay_joins_another_fault_and_the_first_of_two_faults_wins() {
    let mut armed = Faults::none()
        .on(When::request(1), Fault::delay_ms(5))
        .on(When::request(1), Fault::CloseBeforeResponse)
        .on(When::request(1), Fault::status(500))
        .arm();
    assert_eq!(armed.plan("GET", "/"), Plan { delay_ms: 5, fault: Some(Fault::CloseBeforeResponse) });
}

#[test]
fn every_fault_of_the_demo_happens_once_within_a_small_run() {
    let (mut stripe, mut crm) = (Faults::demo().arm(), Faults::demo_crm().arm());
    let mut names = Vec::new();
    for _ in 0..60 {
        for path in ["/v1/customers", "/v1/invoices", "/v1/invoiceitems"] {
            names.extend(stripe.plan("POST", path).name());
        }
        names.extend(crm.plan("GET", "/crm/v3/objects/deals").name());
        names.extend(crm.plan("POST", "/crm/v3/objects/deals/search").name());
    }
    names.sort_unstable();
    assert_eq!(names, ["close_after_processing", "status", "status", "status", "status", "status"]);
}

/// Sends one request on a connection of its own and returns every byte that came back before it closed.
async fn exchange(url: &str, request: String) -> String {
    let address = url.trim_start_matches("http://").to_owned();
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut received = Vec::new();
        // A reset is one of the ways in which a cut connection ends.
        let _ = stream.read_to_end(&mut received);
        String::from_utf8(received).unwrap()
    })
    .await
    .unwrap()
}

fn new_customer(key: &str) -> String {
    let body = "email=ann%40northwind.example";
    let default = StripeOptions::default();
    format!(
        "POST /v1/customers HTTP/1.1\r\nHost: vendor\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
        default.key,
        body.len()
    )
}

async fn stripe_with(fault: Fault) -> Stripe {
    let faults = Faults::none().on(When::request(1), fault);
    Stripe::start(StripeOptions { faults, ..StripeOptions::default() }).await.unwrap()
}

#[tokio::test]
async fn a_connection_closed_before_the_response_leaves_no_byte_and_no_effect() {
    let stripe = stripe_with(Fault::CloseBeforeResponse).await;
    assert_eq!(exchange(&stripe.url(), new_customer("a")).await, "");
    assert!(stripe.customers().is_empty());
    assert_eq!(stripe.journal().entries()[0].status, None);

    assert!(exchange(&stripe.url(), new_customer("a")).await.starts_with("HTTP/1.1 200"));
    assert_eq!(stripe.customers().len(), 1);
}

#[tokio::test]
async fn a_connection_closed_after_processing_leaves_no_byte_but_the_effect_and_its_replay() {
    let stripe = stripe_with(Fault::CloseAfterProcessing).await;
    assert_eq!(exchange(&stripe.url(), new_customer("a")).await, "");
    assert_eq!(stripe.customers().len(), 1);

    let retry = exchange(&stripe.url(), new_customer("a")).await.to_lowercase();
    assert!(retry.starts_with("http/1.1 200") && retry.contains("idempotent-replayed: true"), "{retry}");
    assert_eq!(stripe.customers().len(), 1);
    assert_eq!(stripe.journal().counters().replayed, 1);
}

#[tokio::test]
async fn a_truncated_body_promises_more_than_it_delivers() {
    let stripe = stripe_with(Fault::TruncateBody).await;
    let received = exchange(&stripe.url(), new_customer("a")).await;
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    let promised = head.to_lowercase();
    let promised = promised.split("content-length: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(body.len(), promised.parse::<usize>().unwrap() / 2);
    assert_eq!(stripe.customers().len(), 1);
}

#[tokio::test]
async fn an_injected_status_has_the_shape_of_the_vendor_and_says_when_to_return() {
    let stripe = stripe_with(Fault::rate_limited(7)).await;
    let received = exchange(&stripe.url(), new_customer("a")).await;
    assert!(
        received.starts_with("HTTP/1.1 429") && received.to_lowercase().contains("retry-after: 7"),
        "{received}"
    );
    assert!(received.contains(r#""code":"rate_limit""#), "{received}");

    let faults = Faults::none().on(When::request(1), Fault::rate_limited(3));
    let crm = Crm::start(CrmOptions { faults, ..CrmOptions::default() }).await.unwrap();
    let get = "GET /crm/v3/objects/deals HTTP/1.1\r\nHost: vendor\r\nConnection: close\r\n\r\n";
    let received = exchange(&crm.url(), get.to_owned()).await;
    assert!(
        received.starts_with("HTTP/1.1 429") && received.to_lowercase().contains("retry-after: 3"),
        "{received}"
    );
    assert!(received.contains("TEN_SECONDLY_ROLLING"), "{received}");
}

#[tokio::test]
async fn a_delay_holds_the_request_and_then_serves_it() {
    let stripe = stripe_with(Fault::delay_ms(60)).await;
    let begun = tokio::time::Instant::now();
    assert!(exchange(&stripe.url(), new_customer("a")).await.starts_with("HTTP/1.1 200"));
    assert!(begun.elapsed() >= Duration::from_millis(60));
    assert_eq!(stripe.journal().entries()[0].fault, Some("delay"));
}

#[tokio::test]
async fn a_server_that_was_shut_down_gives_its_port_back() {
    let first = Stripe::start(StripeOptions::default()).await.unwrap();
    let port = first.url().rsplit(':').next().unwrap().parse().unwrap();
    first.shutdown().await;
    let second = Stripe::start(StripeOptions { port, ..StripeOptions::default() }).await.unwrap();
    assert!(exchange(&second.url(), new_customer("a")).await.starts_with("HTTP/1.1 200"));
}
