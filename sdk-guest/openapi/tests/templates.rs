//! The templates of a generated project, compiled and tried here: what goes on the wire for each style, and where each kind
//! of list ends.
#![allow(unused, unreachable_pub, reason = "the connector around them is generated, and is not here")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests end at the first surprise")]

#[path = "../templates/answer.rs"]
mod answer;
#[path = "../templates/operation.rs"]
mod operation;
#[path = "../templates/pages.rs"]
mod pages;
#[path = "../templates/request.rs"]
mod request;

use lockgate_sdk::http::{Response, Sent, with_transport};
use lockgate_sdk::{Error, Value, json};
use operation::{Answer, Body, Operation, Param, Style, header, path, query};
use pages::{By, Pages};

const PARAMS: &[Param] =
    &[path("petId"), query("tags"), query("sort").style(Style::Commas), header("X-Trace").from("trace")];

fn operation() -> Operation {
    Operation {
        action: "a",
        method: "GET",
        server: "https://{shop}.example.com/v1",
        path: "/pets/{petId}",
        params: PARAMS,
        body: Body::Nothing,
        answer: Answer::Json("application/json"),
        idempotency: None,
    }
}

fn sent(operation: &Operation, input: &Value) -> Result<Sent, Error> {
    let request = request::build(operation, &json!({"shop": "acme"}), input, "key-1")?;
    let seen = std::rc::Rc::new(std::cell::RefCell::new(None));
    let keep = std::rc::Rc::clone(&seen);
    let answer = with_transport(
        move |sent| {
            *keep.borrow_mut() = Some(sent.clone());
            Ok(Response::new(204))
        },
        || request.send(),
    );
    answer.map_err(Error::from)?;
    let sent = seen.borrow_mut().take();
    sent.ok_or_else(|| Error::permanent("nothing was sent"))
}

#[test]
fn every_member_of_an_input_goes_where_the_table_says() {
    let input =
        json!({"petId": "a/b {petId}", "tags": ["x", "y z"], "sort": ["n", "m"], "trace": 7, "other": 1});
    let sent = sent(&operation(), &input).unwrap();
    assert_eq!(sent.url, "https://acme.example.com/v1/pets/a%2Fb%20%7BpetId%7D?tags=x&tags=y+z&sort=n%2Cm");
    assert_eq!(sent.header("x-trace"), Some("7"));
    assert_eq!(sent.header("accept"), Some("application/json"));
    assert!(sent.body.is_empty());
}

#[test]
fn what_the_path_needs_and_nobody_gave_is_named() {
    for input in [json!({}), json!({"petId": null}), json!({"petId": ".."}), json!({"petId": ""})] {
        assert!(matches!(sent(&operation(), &input), Err(Error::Invalid(_))), "{input}");
    }
    let elsewhere = request::build(&operation(), &json!({}), &json!({"petId": 1}), "");
    assert!(matches!(elsewhere, Err(Error::Permanent(message)) if message.contains("{shop}")));
}

#[test]
fn each_style_of_a_query_is_written_as_openapi_says() {
    let list = json!(["a", "b"]);
    let object = json!({"k": "v", "l": [1, {"m": true}]});
    for (style, value, query) in [
        (Style::Repeated, &list, "q=a&q=b"),
        (Style::Commas, &list, "q=a%2Cb"),
        (Style::Spaces, &list, "q=a+b"),
        (Style::Pipes, &list, "q=a%7Cb"),
        (Style::Brackets, &object, "q%5Bk%5D=v&q%5Bl%5D%5B0%5D=1&q%5Bl%5D%5B1%5D%5Bm%5D=true"),
        (Style::Json, &list, "q=%5B%22a%22%2C%22b%22%5D"),
        (Style::Repeated, &json!({"k": 1, "l": "x"}), "k=1&l=x"),
        (Style::Repeated, &json!(true), "q=true"),
        (Style::Repeated, &json!(""), "q="),
    ] {
        let params = vec![operation::query("q").style(style)].leak();
        let operation = Operation { path: "/", params, ..operation() };
        let sent = sent(&operation, &json!({ "q": value })).unwrap();
        assert_eq!(sent.url.split_once('?').unwrap().1, query, "{style:?} {value}");
    }
}

#[test]
fn each_kind_of_body_is_written_with_its_media_type() {
    let of = |body: Body| Operation {
        method: "POST",
        path: "/",
        params: &[],
        body,
        idempotency: Some("Idempotency-Key"),
        ..operation()
    };
    let json = sent(&of(Body::Json("application/vnd.a+json")), &json!({"body": {"a": 1}})).unwrap();
    assert_eq!((json.header("content-type"), json.json()), (Some("application/vnd.a+json"), json!({"a": 1})));
    assert_eq!(json.header("idempotency-key"), Some("key-1"));
    let form = of(Body::Form(&[("meta", Style::Brackets)]));
    let form =
        sent(&form, &json!({"body": {"name": "Ada & Co", "tags": [1, 2], "meta": {"a": "b"}, "none": null}}))
            .unwrap();
    assert_eq!(form.body, b"meta%5Ba%5D=b&name=Ada+%26+Co&tags=1&tags=2");
    let text = sent(&of(Body::Text("text/plain")), &json!({"body": "hello"})).unwrap();
    assert_eq!((text.header("content-type"), &*text.body), (Some("text/plain"), &b"hello"[..]));
    let none = sent(&of(Body::Json("application/json")), &json!({})).unwrap();
    assert_eq!((none.header("content-type"), none.body.len()), (None, 0));
}

#[test]
fn an_answer_is_read_as_what_it_was_said_to_be() {
    let read =
        |answer: Answer, response: Response| answer::read(&Operation { answer, ..operation() }, response);
    let json = || Answer::Json("application/json");
    assert_eq!(read(json(), Response::new(200).with_body("{\"a\":1}")), Ok(json!({"a": 1})));
    assert_eq!(read(json(), Response::new(204)), Ok(Value::Null));
    assert!(matches!(read(json(), Response::new(200).with_body("<html>")), Err(Error::Permanent(_))));
    assert!(matches!(read(json(), Response::new(404).with_body("{}")), Err(Error::NotFound(_))));
    assert_eq!(read(Answer::Text("text/csv"), Response::new(200).with_body("a,b")), Ok(json!("a,b")));
    assert_eq!(read(Answer::Nothing, Response::new(200).with_body("ignored")), Ok(Value::Null));
}

/// Reads a list to its end against a remote, and gives the keys of its records in order.
fn read_all(by: By, size: Option<(&'static str, u64)>, remote: fn(&Sent) -> Response) -> Vec<String> {
    let pages = Pages { trigger: "t", action: "a", items: "/data", key: "id", size, by };
    let params = vec![query("cursor"), query("after"), query("offset"), query("page"), query("limit")].leak();
    let operation = Operation { server: "https://a.example", path: "/list", params, ..operation() };
    let (mut keys, mut cursor) = (Vec::new(), None);
    for _ in 0..20 {
        let poll = || pages::poll(&pages, &operation, &json!({}), cursor.clone());
        let page = with_transport(move |sent| Ok(remote(sent)), poll).unwrap();
        keys.extend(page.records.into_iter().map(|record| record.key));
        cursor = page.next;
        if !page.more {
            assert_eq!(cursor, Some(json!({})), "the next poll begins again");
            return keys;
        }
    }
    panic!("it does not end: {keys:?}");
}

/// Five records, two on a page, however they are asked for.
fn remote(sent: &Sent) -> Response {
    let number = |name: &str| sent.query(name).and_then(|text| text.parse::<usize>().ok());
    let by_page = number("page").map(|page| (page - 1) * 2);
    let from = number("cursor").or(number("after")).or(number("offset")).or(by_page).unwrap_or(0);
    let data: Vec<Value> = (from + 1..=5).take(2).map(|id| json!({"id": id})).collect();
    let more = from + 2 < 5;
    let next = more.then_some(from + 2);
    let link = next.map(|next| format!("https://a.example/list?limit=2&offset={next}"));
    let body = json!({"data": data, "meta": {"next": next.map(|next| next.to_string())}, "has_more": more, "next": link});
    let response = Response::new(200).with_body(body.to_string());
    match link {
        Some(link) => response
            .with_header("link", &format!("<https://a.example/list>; rel=\"first\", <{link}>; rel=\"next\"")),
        None => response,
    }
}

#[test]
fn each_kind_of_list_is_read_to_its_end_without_gaps_and_repeats() {
    let expected = ["1", "2", "3", "4", "5"];
    assert_eq!(read_all(By::Cursor { param: "cursor", next: "/meta/next" }, None, remote), expected);
    assert_eq!(read_all(By::LastKey { param: "after", more: "/has_more" }, None, remote), expected);
    assert_eq!(read_all(By::Link { next: "/next" }, None, remote), expected);
    assert_eq!(read_all(By::LinkHeader, None, remote), expected);
    assert_eq!(read_all(By::Offset { param: "offset" }, None, remote), expected);
    assert_eq!(read_all(By::Offset { param: "offset" }, Some(("limit", 2)), remote), expected);
    assert_eq!(read_all(By::Number { param: "page", first: 1 }, None, remote), expected);
    assert_eq!(read_all(By::Number { param: "page", first: 1 }, Some(("limit", 2)), remote), expected);
}

#[test]
fn a_remote_that_points_back_to_the_same_page_does_not_hold_anybody() {
    fn stuck(sent: &Sent) -> Response {
        let body =
            json!({"data": [{"id": 1}], "next": "https://a.example/list?page=1", "meta": {"next": "1"}});
        Response::new(200).with_body(body.to_string())
    }
    assert_eq!(read_all(By::Link { next: "/next" }, None, stuck), ["1", "1"]);
    assert_eq!(read_all(By::Cursor { param: "cursor", next: "/meta/next" }, None, stuck), ["1", "1"]);
}
