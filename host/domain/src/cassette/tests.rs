//! Tests of recording, redaction, reading and playing, on recordings made by hand.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

const SECRET: &str = "tok_live_4242424242";

fn request(method: &str, url: &str, body: &str) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: vec![("content-type".to_owned(), Bytes::from("application/json"))],
        body: Bytes::from(body),
        timeout_ms: None,
    }
}

fn response(body: &str) -> Answer {
    Answer::Http(vec![HttpAnswer::Response { status: 200, headers: Vec::new(), body: Bytes::from(body) }])
}

fn about() -> tape::About {
    tape::About {
        recorded_at: Timestamp::from_ms(1_000),
        connector: ConnectorRef { name: "shop".parse().unwrap(), version: "1.0.0".parse().unwrap() },
        digest: Digest::of(b"component"),
        config: "{}".to_owned(),
        scopes: vec!["orders:read".to_owned()],
        limits: Limits::default(),
    }
}

fn recorded(host_calls: Vec<(Asked, Answer)>, output: &str) -> Cassette {
    let mut tape = Tape::new(Bounds::default());
    for (asked, answer) in host_calls {
        let place = tape.ask(asked);
        tape.answer(place, answer);
    }
    let call =
        Call::Run { action: "orders".to_owned(), inputs: vec![Given { key: "k".into(), body: "{}".into() }] };
    tape.finish(about(), call, Outcome::Results(vec![OneResult::Output(output.to_owned())]))
}

fn text(cassette: &Cassette) -> String {
    String::from_utf8(cassette.write()).unwrap()
}

#[test]
fn a_token_that_a_remote_gave_is_replaced_wherever_it_went() {
    let first = request("GET", "https://shop.example/login", "");
    let page = format!("https://shop.example/orders/{SECRET}/1?page_token={SECRET}");
    let cassette = recorded(
        vec![
            (Asked::Send(first), response(&format!(r#"{{ "access_token" : "{SECRET}", "next": null }}"#))),
            (Asked::Send(request("GET", &page, &format!(r#"{{"cursor":"{SECRET}"}}"#))), response("[]")),
            (
                Asked::Log {
                    level: crate::call::Level::Info,
                    message: format!("at {SECRET}"),
                    fields: Vec::new(),
                },
                Answer::Done,
            ),
        ],
        &format!(r#"{{"last":"{SECRET}"}}"#),
    );
    let file = text(&cassette);
    assert!(!file.contains(SECRET), "{file}");
    let stand_in = "masked000001xxxxxxx";
    assert!(file.contains(&format!(r#"{{ \"access_token\" : \"{stand_in}\", \"next\": null }}"#)), "{file}");
    assert!(file.contains(&format!("/orders/{stand_in}/1?page_token=***")), "{file}");
    // Whoever plays it hands the stand-in on, where the guest handed on the token.
    let mut player = Player::new(Arc::new(cassette), Mode::Exact);
    player.answer(&Asked::Send(request("GET", "https://shop.example/login", ""))).unwrap();
    let page = format!("https://shop.example/orders/{stand_in}/1?page_token={stand_in}");
    let body = format!(r#"{{"cursor":"{stand_in}"}}"#);
    assert_eq!(player.answer(&Asked::Send(request("GET", &page, &body))), Ok(response("[]")));
}

#[test]
fn an_authentication_code_is_kept_in_no_form() {
    use base64::Engine as _;
    let code: Vec<u8> = (0..32_u8).map(|byte| byte.wrapping_mul(7).wrapping_add(130)).collect();
    let hexadecimal: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&code);
    let asked =
        Asked::Hmac { secret: "signing".into(), algorithm: Mac::HmacSha256, data: Bytes::from("body") };
    let mut sent = request(
        "POST",
        &format!("https://shop.example/?h={hexadecimal}"),
        &format!("{{\"mac\":\"{base64}\"}}"),
    );
    sent.headers.push(("x-check".to_owned(), Bytes::from(hexadecimal.to_uppercase().as_str())));
    let cassette = recorded(
        vec![(asked.clone(), Answer::Bytes(Bytes(code.clone()))), (Asked::Send(sent), response("{}"))],
        "{}",
    );
    let file = text(&cassette);
    for form in [hexadecimal.as_str(), &hexadecimal.to_uppercase(), &base64] {
        assert!(!file.contains(form), "{form} in {file}");
    }
    let stand_in = hmac_stand_in("signing", Mac::HmacSha256, b"body");
    let mut player = Player::new(Arc::new(cassette), Mode::Exact);
    assert_eq!(player.answer(&asked), Ok(Answer::Bytes(Bytes(stand_in.clone()))));
    let hexadecimal: String = stand_in.iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&stand_in);
    let mut sent = request(
        "POST",
        &format!("https://shop.example/?h={hexadecimal}"),
        &format!("{{\"mac\":\"{base64}\"}}"),
    );
    sent.headers.push(("x-check".to_owned(), Bytes::from(hexadecimal.to_uppercase().as_str())));
    assert_eq!(player.answer(&Asked::Send(sent)), Ok(response("{}")));
}

#[test]
fn what_the_guest_made_under_a_sensitive_name_is_blanked_on_both_sides() {
    let sent =
        |password: &str| request("POST", "https://shop.example/", &format!(r#"{{"password":"{password}"}}"#));
    let cassette = recorded(vec![(Asked::Send(sent("hunter2222")), response("{}"))], "{}");
    assert!(!text(&cassette).contains("hunter2222"));
    let mut player = Player::new(Arc::new(cassette), Mode::Exact);
    assert!(player.answer(&Asked::Send(sent("hunter2222"))).is_ok());
}

#[test]
fn the_shape_of_what_is_masked_stays() {
    let body =
        r#"{"token":null,"secret":true,"next_page_token":"","password":{"n":[12,123456789],"a":"bcdefgh"}}"#;
    let cassette =
        recorded(vec![(Asked::Send(request("GET", "https://a.example/", "")), response(body))], "{}");
    let Some(HttpAnswer::Response { body, .. }) = cassette.exchanges().next().unwrap().1 else { panic!() };
    let body: Value = serde_json::from_slice(&body.0).unwrap();
    assert_eq!(body["token"], json!(null));
    assert_eq!(body["secret"], json!(true));
    assert_eq!(body["next_page_token"], json!(""));
    assert_eq!(body["password"]["n"][0], json!(12));
    assert!(body["password"]["n"][1].is_u64() && body["password"]["n"][1] != json!(123_456_789));
    assert!(body["password"]["a"].as_str().unwrap().starts_with("masked"));
}

#[test]
fn the_first_divergence_is_pointed_at() {
    let asked = |amount: u32| {
        Asked::Send(request(
            "POST",
            "https://shop.example/orders",
            &format!(r#"{{"lines":[{{"amount":{amount}}}]}}"#),
        ))
    };
    let cassette =
        Arc::new(recorded(vec![(Asked::WallClock, Answer::Time(5)), (asked(1), response("{}"))], "{}"));
    let mut player = Player::new(Arc::clone(&cassette), Mode::Exact);
    assert_eq!(player.answer(&Asked::WallClock), Ok(Answer::Time(5)));
    assert_eq!(player.answer(&asked(2)), Err(Stopped::Diverged));
    assert_eq!(player.answer(&asked(1)), Err(Stopped::Diverged), "it does not go on");
    let divergence = player.end(&cassette.outcome).unwrap();
    assert_eq!(divergence.host_call, Some(1));
    assert_eq!(divergence.place, "/send/body/lines/0/amount");
    assert_eq!((divergence.expected.as_str(), divergence.got.as_str()), ("1", "2"));

    let left_out = Player::new(Arc::clone(&cassette), Mode::Exact).end(&cassette.outcome).unwrap();
    assert_eq!((left_out.host_call, left_out.expected.as_str()), (Some(0), "the wall clock"));

    let mut player = Player::new(Arc::clone(&cassette), Mode::Exact);
    for asked in [Asked::WallClock, asked(1)] {
        player.answer(&asked).unwrap();
    }
    assert_eq!(player.answer(&Asked::Config), Err(Stopped::Diverged));
    assert_eq!(player.end(&cassette.outcome).unwrap().got, "profile config");

    let mut player = Player::new(Arc::clone(&cassette), Mode::Exact);
    for asked in [Asked::WallClock, asked(1)] {
        player.answer(&asked).unwrap();
    }
    let other = Outcome::Results(vec![OneResult::Output(r#"{"n":1}"#.to_owned())]);
    let divergence = player.end(&other).unwrap();
    assert_eq!((divergence.host_call, divergence.place.as_str()), (None, "/results/0/output/n"));
}

#[test]
fn a_recording_is_bounded_and_says_so() {
    let mut tape = Tape::new(Bounds { host_calls: 2, bytes: 1_000 });
    for _ in 0..3 {
        let place = tape.ask(Asked::WallClock);
        tape.answer(place, Answer::Time(1));
    }
    let cassette = tape.finish(about(), Call::Check, Outcome::Checked);
    assert_eq!((cassette.host_calls.len(), cassette.truncated), (2, true));
    assert!(cassette.unplayable().unwrap().contains("truncated"));

    let mut tape = Tape::new(Bounds { host_calls: 9, bytes: 1_000 });
    let place = tape.ask(Asked::Send(request("GET", "https://a.example/", "")));
    tape.answer(place, response(&"x".repeat(1_000)));
    assert!(tape.ask(Asked::WallClock).is_none(), "nothing is taken down after a hole");
    let cassette = tape.finish(about(), Call::Check, Outcome::Checked);
    assert_eq!(cassette.host_calls.len(), 1);
    assert_eq!(cassette.host_calls[0].answer, Answer::Ended);
}

#[test]
fn a_file_is_read_back_as_it_was_written() {
    let mut cassette = recorded(
        vec![
            (Asked::Random { bytes: 3 }, Answer::Bytes(Bytes(vec![0xff, 0, 1]))),
            (Asked::OpenSecret { name: "signing".into() }, Answer::Done),
            (
                Asked::SendAll(vec![request("GET", "https://a.example/?q=1#f", "\u{0}\n")]),
                response("\"\u{1}\""),
            ),
        ],
        "[1]",
    );
    assert_eq!(Cassette::read(&cassette.write()), Ok(cassette.clone()));
    assert!(text(&cassette).contains(r#""base64": "/wAB""#));
    cassette.outcome = Outcome::Failed(CallFailure::new(Fault::Trap, "the guest trapped"));
    assert_eq!(Cassette::read(&cassette.write()), Ok(cassette));
}

#[test]
fn hostile_files_are_refused_with_a_reason() {
    let good: Value =
        serde_json::from_slice(&recorded(vec![(Asked::Config, Answer::Done)], "{}").write()).unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        Cassette::read(value.to_string().as_bytes()).unwrap_err().to_string()
    };
    assert!(refused(&|v| v["cassette"] = json!(2)).contains("has version 2; this host reads version 1"));
    assert!(refused(&|v| v["cassette"] = json!("1")).contains("has version \"1\""));
    assert!(refused(&|v| *v = json!([])).contains("this is no cassette"));
    assert!(refused(&|v| v["secrets"] = json!(1)).contains("unknown field"));
    assert!(refused(&|v| v["host_calls"][0]["also"] = json!(1)).contains("unknown field"));
    assert!(refused(&|v| v["host_calls"][0]["asked"] = json!({"eval": 1})).contains("unknown variant"));
    let failed = json!({"failed": {"fault": "trap", "blame": "guest", "message": "m", "more": 1}});
    assert!(refused(&|v| v["outcome"] = failed.clone()).contains("/outcome/failed/more is not expected"));
    assert!(refused(&|v| v["digest"] = json!("00")).contains("digest"));
    assert!(refused(&|v| v["outcome"] = json!("checked")).contains("not that of"));
    assert!(
        refused(&|v| v["host_calls"] = json!(vec![good["host_calls"][0].clone(); 10_001]))
            .contains("more than")
    );
    let nested = format!("{{\"cassette\":1,\"call\":{}1{}}}", "[".repeat(100), "]".repeat(100));
    assert!(Cassette::read(nested.as_bytes()).unwrap_err().to_string().contains("too deeply"));
    let huge = vec![b' '; FILE_BYTES_MAX + 1];
    assert!(matches!(Cassette::read(&huge), Err(InvalidCassette::Json(_))));
    let twice = String::from_utf8(serde_json::to_vec(&good).unwrap()).unwrap();
    let twice = twice.replacen("\"cassette\":1", "\"cassette\":1,\"cassette\":1", 1);
    assert!(Cassette::read(twice.as_bytes()).unwrap_err().to_string().contains("given twice"));
}

fn judged(cassette: &Arc<Cassette>, asked: &[Asked], output: Result<&str, GuestError>) -> Judged {
    let mut player = Player::new(Arc::clone(cassette), Mode::Judge);
    for asked in asked {
        let _ = player.answer(asked);
    }
    let result = output.map_or_else(OneResult::Error, |text| OneResult::Output(text.to_owned()));
    player.judge(&Outcome::Results(vec![result]))
}

#[test]
fn another_version_is_judged_by_what_it_sends_and_returns() {
    let page = |n: u32| Asked::Send(request("GET", &format!("https://shop.example/orders?page={n}"), ""));
    let cassette = Arc::new(recorded(
        vec![(Asked::WallClock, Answer::Time(7)), (page(1), response("[1]")), (page(2), response("[2]"))],
        r#"{"n":2}"#,
    ));
    let same = judged(&cassette, &[page(2), Asked::Random { bytes: 8 }, page(1)], Ok(r#"{"n":2}"#));
    assert_eq!((same.judgement, same.differences.len()), (Judgement::Same, 0));
    let outputs = judged(&cassette, &[page(1), page(2)], Ok(r#"{"n":3}"#));
    assert_eq!(outputs.judgement, Judgement::OutputsDiffer);
    assert_eq!(outputs.differences[0].place, "/results/0/output/n");
    let other = Asked::Send(request("GET", "https://shop.example/orders?page=2&size=9", ""));
    let requests = judged(&cassette, &[page(1), other], Ok(r#"{"n":2}"#));
    assert_eq!((requests.judgement, requests.differences[0].host_call), (Judgement::RequestsDiffer, Some(2)));
    assert_eq!(requests.differences[0].place, "/url");
    let fewer = judged(&cassette, &[page(1)], Ok(r#"{"n":2}"#));
    assert_eq!((fewer.judgement, fewer.differences[0].got.as_str()), (Judgement::RequestsDiffer, "none"));
    let unknown = Asked::Send(request("DELETE", "https://shop.example/orders", ""));
    let unknown = judged(&cassette, &[unknown], Err(GuestError::Permanent("no".into())));
    assert_eq!(unknown.judgement, Judgement::Unrecorded, "nobody knows what the remote would have said");
    let fails = judged(&cassette, &[page(1), page(2)], Err(GuestError::Permanent("no".into())));
    assert_eq!(fails.judgement, Judgement::Fails);
}

#[test]
fn another_version_gets_the_recorded_clocks_and_chance_and_then_always_the_same() {
    let random = |byte: u8| (Asked::Random { bytes: 2 }, Answer::Bytes(Bytes(vec![byte; 2])));
    let time = |time| (Asked::WallClock, Answer::Time(time));
    let cassette = Arc::new(recorded(vec![random(1), time(5), random(2), time(6)], "{}"));
    let answers = || {
        let mut player = Player::new(Arc::clone(&cassette), Mode::Judge);
        let wanted = [
            Asked::WallClock,
            Asked::Random { bytes: 2 },
            Asked::WallClock,
            Asked::WallClock,
            Asked::Random { bytes: 2 },
            Asked::Random { bytes: 2 },
        ];
        wanted.map(|asked| player.answer(&asked).unwrap())
    };
    let first = answers();
    assert_eq!([&first[0], &first[2], &first[3]], [&Answer::Time(5), &Answer::Time(6), &Answer::Time(6)]);
    assert_eq!([&first[1], &first[4]], [&random(1).1, &random(2).1]);
    assert!(first[5] != first[1] && first[5] != first[4]);
    assert_eq!(answers(), first);
}

#[test]
fn a_version_that_works_where_the_recorded_one_failed_mends() {
    let asked = Asked::Send(request("GET", "https://shop.example/orders", ""));
    let mut cassette = recorded(vec![(asked.clone(), response("{}"))], "{}");
    cassette.outcome = Outcome::Failed(CallFailure::new(Fault::Trap, "the guest trapped"));
    let judged = judged(&Arc::new(cassette), &[asked], Ok("{}"));
    assert_eq!(judged.judgement, Judgement::Mends);
}

#[test]
fn a_timer_of_a_played_call_passes_at_once_and_a_clock_that_is_read_later_shows_it() {
    let time = |time| (Asked::MonotonicClock, Answer::Time(time));
    let cassette = Arc::new(recorded(vec![time(3_000_000)], "{}"));
    let mut player = Player::new(Arc::clone(&cassette), Mode::Judge);
    let read = |player: &mut Player| match player.answer(&Asked::MonotonicClock).unwrap() {
        Answer::Time(time) => time,
        other => panic!("{other:?}"),
    };
    assert_eq!(read(&mut player), 3_000_000);
    let due = player.due_ns(50_500_000);
    assert_eq!(due, 53_500_000, "from when the clock was read");
    let wait = player.wait(due);
    assert_eq!(player.passes(wait), Passed::Yes);
    player.leave(wait);
    assert!(player.has_passed(due));
    assert_eq!(
        read(&mut player),
        53_000_000,
        "a version that waits for a time gets there, in whole milliseconds"
    );
    let Answer::Time(wall) = player.answer(&Asked::WallClock).unwrap() else { panic!() };
    assert_eq!(wall, u64::try_from(cassette.recorded_at.as_ms()).unwrap() + 53);
}

#[test]
fn a_timer_that_the_recorded_call_had_no_time_for_ends_the_played_one() {
    let mut cassette = recorded(vec![(Asked::Config, Answer::Done)], "{}");
    cassette.limits.wall_ms = 30_000;
    let over = |cassette: &Cassette, mode, asked: &[Asked]| {
        let mut player = Player::new(Arc::new(cassette.clone()), mode);
        asked.iter().for_each(|asked| drop(player.answer(asked)));
        let wait = player.wait(player.due_ns(40_000_000_000));
        (player.passes(wait), player.is_ended())
    };
    assert_eq!(over(&cassette, Mode::Exact, &[Asked::Config]), (Passed::CallIsOver, false));
    cassette.outcome = Outcome::Failed(CallFailure::new(Fault::WallLimit, "it took too long"));
    assert_eq!(over(&cassette, Mode::Judge, &[]), (Passed::CallIsOver, true), "as it was recorded");
    // Where it was recorded to wait until its time was over, the first timer after its last host call is where it waited.
    let mut player = Player::new(Arc::new(cassette), Mode::Exact);
    let wait = player.wait(player.due_ns(1));
    assert_eq!(player.passes(wait), Passed::Yes, "there is a host call to come");
    player.answer(&Asked::Config).unwrap();
    let wait = player.wait(player.due_ns(1));
    assert_eq!((player.passes(wait), player.is_ended()), (Passed::CallIsOver, true));
}
