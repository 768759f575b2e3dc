//! Whose requests are whose, and what they tell.

use super::*;
use crate::exchange::SendFailure;
use crate::injected::Timestamp;

fn exchange(method: &str, key: Option<&str>, outcome: ExchangeOutcome) -> Exchange {
    let class = Class::of(&outcome, is_idempotent(method) || key.is_some());
    Exchange {
        at: Timestamp::from_ms(0),
        method: method.to_owned(),
        url: "https://api.example.com/".to_owned(),
        request_headers: Vec::new(),
        request_bytes: 0,
        scope: None,
        outcome,
        duration_ms: 0,
        class,
        asked_ms: None,
        key: key.map(str::to_owned),
        request_excerpt: None,
        response_excerpt: None,
        remote_request_id: None,
    }
}

fn answered(method: &str, key: Option<&str>, status: u16) -> Exchange {
    exchange(method, key, ExchangeOutcome::Answered { status, headers: Vec::new(), response_bytes: 0 })
}

fn lost(method: &str, key: Option<&str>) -> Exchange {
    let failure = SendFailure::new(FailureCode::ConnectionLost, true);
    exchange(method, key, ExchangeOutcome::Failed { failure })
}

fn saw<'a>(exchanges: &'a [Exchange], keys: &'a [&'a str]) -> Saw<'a> {
    Saw { exchanges, reads: false, keys, ambiguous: 0 }
}

fn of(saw: Saw<'_>, key: &str) -> Seen {
    let at = saw.keys.iter().position(|of| *of == key).unwrap();
    saw.each()[at]
}

#[test]
fn a_write_without_key_that_was_lost_is_doubtful_and_one_with_key_is_not() {
    for (exchange, doubtful, is_lost) in [
        (lost("POST", None), true, true),
        (lost("PATCH", None), true, true),
        (answered("POST", None, 503), true, false),
        (lost("POST", Some("lg_1")), false, false),
        (lost("PUT", None), false, false),
        (lost("GET", None), false, false),
        (answered("POST", None, 422), false, false),
        (answered("POST", None, 200), false, false),
    ] {
        let exchanges = [exchange];
        let seen = of(saw(&exchanges, &["lg_1"]), "lg_1");
        assert_eq!((seen.doubtful, seen.lost), (doubtful, is_lost), "{exchanges:?}");
        let reads = Saw { reads: true, ..saw(&exchanges, &["lg_1"]) };
        assert!(!of(reads, "lg_1").doubtful, "a search by POST may be sent again");
    }
}

#[test]
fn a_request_with_a_key_is_told_from_its_neighbours() {
    let exchanges = [
        answered("POST", Some("lg_1/a"), 422),
        answered("POST", Some("lg_2/a"), 429),
        answered("GET", None, 200),
    ];
    let keys = ["lg_1", "lg_2"];
    let one = of(saw(&exchanges, &keys), "lg_1");
    assert_eq!((one.last, one.limited), (Some(Class::Data), false));
    let two = of(saw(&exchanges, &keys), "lg_2");
    assert_eq!((two.last, two.limited), (None, true));
}

#[test]
fn a_doubt_in_a_batch_is_everybodys_until_the_connector_says_whose() {
    let exchanges = [answered("POST", None, 200), lost("POST", None)];
    let keys = ["lg_1", "lg_2"];
    assert!(of(saw(&exchanges, &keys), "lg_1").doubtful && of(saw(&exchanges, &keys), "lg_2").doubtful);
    let told = Saw { ambiguous: 1, ..saw(&exchanges, &keys) };
    let seen = of(told, "lg_1");
    assert_eq!((seen.unknown, seen.doubtful, seen.lost), (true, false, false));
    let alone = Saw { ambiguous: 1, ..saw(&exchanges, &["lg_1"]) };
    assert!(of(alone, "lg_1").doubtful);
}

#[test]
fn the_last_word_counts_only_where_nothing_speaks_for_another_attempt() {
    let exchanges = [answered("GET", None, 503), answered("GET", None, 404)];
    assert_eq!(of(saw(&exchanges, &["lg_1"]), "lg_1").last, None);
    let exchanges = [answered("GET", None, 200), answered("GET", None, 404)];
    assert_eq!(of(saw(&exchanges, &["lg_1"]), "lg_1").last, Some(Class::Data));
    assert_eq!(of(saw(&exchanges, &["lg_1", "lg_2"]), "lg_1").last, None, "whose is it?");
}

#[test]
fn what_was_sent_unrecognisably_is_known_whatever_became_of_it() {
    for (exchange, acted) in [
        (answered("POST", None, 200), true),
        (lost("POST", None), true),
        (answered("POST", Some("k"), 200), false),
        (answered("DELETE", None, 200), false),
        (
            exchange(
                "POST",
                None,
                ExchangeOutcome::Failed { failure: SendFailure::new(FailureCode::ConnectFailed, false) },
            ),
            false,
        ),
    ] {
        assert_eq!(saw(&[exchange], &[]).acted_unrecognisably(), acted);
    }
}

#[test]
fn a_refusal_is_the_answer_of_a_remote_that_works() {
    let exchanges = [
        answered("GET", None, 200),
        answered("GET", None, 422),
        answered("GET", None, 429),
        answered("GET", None, 503),
        lost("POST", None),
    ];
    assert_eq!(health(&exchanges), (3, 2));
}
