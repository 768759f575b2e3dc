//! A guest that knows nothing of the host's own `http`: it sends what it is told to through `wasi:http`, well and badly.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "an index into JSON gives null where there is nothing, and a guest that is surprised may end"
)]

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Input, Value, json, profile};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    OutgoingResponse, RequestOptions, Scheme,
};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::StreamError;

struct StandardClient;

impl Connector for StandardClient {
    fn describe() -> Manifest {
        guests::manifest("standard-client", &["fetch", "together", "misbehave"])
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs
            .into_iter()
            .map(|input| match action {
                "fetch" => Ok(fetch(&input.body)),
                "together" => Ok(together(&input.body)),
                "misbehave" => misbehave(&input.body),
                _ => Err(Error::unknown("action", action)),
            })
            .collect()
    }
}

/// Sends one request and waits for its answer.
fn fetch(asked: &Value) -> Value {
    match begin(asked) {
        Ok(to_come) => {
            to_come.subscribe().block();
            outcome(&to_come)
        }
        Err(refused) => refused,
    }
}

/// Begins all, then takes each answer as it comes. Says in which order they were asked for.
fn together(asked: &Value) -> Value {
    let asked = asked["requests"].as_array().cloned().unwrap_or_default();
    let begun: Vec<FutureIncomingResponse> = asked.iter().map(|asked| begin(asked).unwrap()).collect();
    let mut outcomes = vec![Value::Null; begun.len()];
    loop {
        let waiting: Vec<usize> = (0..begun.len()).filter(|n| outcomes[*n].is_null()).collect();
        if waiting.is_empty() {
            return json!(outcomes);
        }
        let pollables: Vec<Pollable> = waiting.iter().map(|n| begun[*n].subscribe()).collect();
        for ready in poll(&pollables.iter().collect::<Vec<_>>()) {
            let number = waiting[ready as usize];
            outcomes[number] = outcome(&begun[number]);
        }
    }
}

/// `{"method", "scheme", "authority", "path", "headers": [[name, value]], "body", "first_byte_ns", "connect_ns"}`
fn begin(asked: &Value) -> Result<FutureIncomingResponse, Value> {
    let text = |name: &str| asked[name].as_str().map(str::to_owned);
    let headers = asked["headers"].as_array().cloned().unwrap_or_default();
    let headers: Vec<(String, Vec<u8>)> = headers
        .iter()
        .map(|header| {
            (header[0].as_str().unwrap_or_default().to_owned(), header[1].as_str().unwrap_or_default().into())
        })
        .collect();
    let headers =
        Fields::from_list(&headers).map_err(|error| json!({ "header_error": format!("{error:?}") }))?;
    let request = OutgoingRequest::new(headers);
    let method = match asked["method"].as_str() {
        None | Some("GET") => Method::Get,
        Some("POST") => Method::Post,
        Some(other) => Method::Other(other.to_owned()),
    };
    let scheme = match asked["scheme"].as_str() {
        None | Some("http") => Scheme::Http,
        Some("https") => Scheme::Https,
        Some(other) => Scheme::Other(other.to_owned()),
    };
    let authority = text("authority").unwrap_or_else(authority);
    let set = request
        .set_method(&method)
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(Some(&authority)))
        .and_then(|()| request.set_path_with_query(Some(&text("path").unwrap_or("/things".to_owned()))));
    set.map_err(|()| json!({ "refused": "the host takes no such request" }))?;
    let options = RequestOptions::new();
    options.set_first_byte_timeout(asked["first_byte_ns"].as_u64()).unwrap();
    options.set_connect_timeout(asked["connect_ns"].as_u64()).unwrap();
    let body = asked["body"].as_str().map(|text| (request.body().unwrap(), text.to_owned()));
    let to_come = handle(request, Some(options)).map_err(|code| json!({ "error": format!("{code:?}") }))?;
    if let Some((body, text)) = body {
        write(&body, text.as_bytes()).map_err(|error| json!({ "error": format!("{error:?}") }))?;
        OutgoingBody::finish(body, None).map_err(|code| json!({ "error": format!("{code:?}") }))?;
    }
    Ok(to_come)
}

fn write(body: &OutgoingBody, bytes: &[u8]) -> Result<(), StreamError> {
    let stream = body.write().unwrap();
    bytes.chunks(4096).try_for_each(|chunk| stream.blocking_write_and_flush(chunk))
}

fn outcome(to_come: &FutureIncomingResponse) -> Value {
    match to_come.get() {
        Some(Ok(Ok(response))) => whole(&response),
        Some(Ok(Err(code))) => json!({ "error": format!("{code:?}") }),
        other => json!({ "odd": format!("{other:?}") }),
    }
}

fn whole(response: &IncomingResponse) -> Value {
    let headers: Vec<_> = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect();
    let body = response.consume().unwrap();
    let stream = body.stream().unwrap();
    let mut bytes = Vec::new();
    while let Ok(more) = stream.blocking_read(8192) {
        bytes.extend(more);
    }
    drop(stream);
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    let trailers = matches!(trailers.get(), Some(Ok(Ok(None))));
    json!({
        "status": response.status(),
        "headers": headers,
        "body": String::from_utf8_lossy(&bytes),
        "no_trailers": trailers,
    })
}

fn authority() -> String {
    let config: Value = profile::config().unwrap();
    config["api_base"].as_str().unwrap_or_default().split("//").nth(1).unwrap_or_default().to_owned()
}

fn request() -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(&authority())).unwrap();
    request.set_path_with_query(Some("/things")).unwrap();
    request
}

fn code(to_come: &FutureIncomingResponse) -> Value {
    to_come.subscribe().block();
    outcome(to_come)
}

fn misbehave(body: &Value) -> Result<Value, Error> {
    Ok(match body["how"].as_str().unwrap_or_default() {
        "waits for what it never finishes" => {
            let request = request();
            let _body = request.body().unwrap();
            code(&handle(request, None).unwrap())
        }
        "lets go of its body" => {
            let request = request();
            let body = request.body().unwrap();
            let to_come = handle(request, None).unwrap();
            write(&body, b"half of").unwrap();
            drop(body);
            code(&to_come)
        }
        "writes for ever" => {
            let request = request();
            request.set_method(&Method::Post).unwrap();
            let body = request.body().unwrap();
            let to_come = handle(request, None).unwrap();
            let stream = body.write().unwrap();
            let mut written = 0_u64;
            while let Ok(room @ 1..) = stream.check_write() {
                stream.write(&vec![b'a'; usize::try_from(room).unwrap()]).unwrap();
                written += room;
            }
            drop(stream);
            let finished = format!("{:?}", OutgoingBody::finish(body, None));
            json!({ "written": written, "finished": finished, "answer": code(&to_come) })
        }
        "writes without asking" => {
            let request = request();
            let body = request.body().unwrap();
            let stream = body.write().unwrap();
            json!(format!("{:?}", stream.write_zeroes(1 << 31)))
        }
        "opens bodies for ever" => {
            let mut kept = Vec::new();
            let chunk = vec![b'a'; 4096];
            loop {
                let request = request();
                let body = request.body().unwrap();
                let stream = body.write().unwrap();
                let mut refused = None;
                for _ in 0..15 {
                    refused = stream.blocking_write_and_flush(&chunk).err();
                    if refused.is_some() {
                        break;
                    }
                }
                if let Some(refused) = refused {
                    return Ok(json!({ "kept": kept.len(), "refused": format!("{refused:?}") }));
                }
                kept.push((stream, body, request));
            }
        }
        "makes fields for ever" => {
            let fields = Fields::new();
            for n in 0..40_000 {
                fields.append(&format!("x-{n}"), b"").unwrap();
            }
            json!("it could")
        }
        "makes a giant field" => json!(format!("{:?}", Fields::new().append("x", &vec![b'a'; 500_000]))),
        "sends thousands" => {
            let begun: Vec<_> =
                (0..body["times"].as_u64().unwrap_or(0)).map(|_| handle(request(), None)).collect();
            json!(begun.iter().filter(|begun| begun.is_ok()).count())
        }
        "waits for many" => {
            let begun: Vec<_> =
                (0..body["times"].as_u64().unwrap_or(0)).map(|_| handle(request(), None).unwrap()).collect();
            begun.iter().for_each(|to_come| to_come.subscribe().block());
            json!("all came")
        }
        "sends and forgets" => {
            for _ in 0..body["times"].as_u64().unwrap_or(0) {
                drop(handle(request(), None).unwrap());
            }
            json!("forgotten")
        }
        "keeps every answer" => {
            let mut kept = Vec::new();
            loop {
                let to_come = handle(request(), None).unwrap();
                to_come.subscribe().block();
                match to_come.get() {
                    Some(Ok(Ok(response))) => kept.push(response),
                    Some(Ok(Err(code))) => {
                        break json!({ "kept": kept.len(), "error": format!("{code:?}") });
                    }
                    other => break json!({ "odd": format!("{other:?}") }),
                }
            }
        }
        "asks without waiting" => {
            let to_come = handle(request(), None).unwrap();
            while to_come.get().is_none() {}
            json!("it came")
        }
        "asks twice" => {
            let to_come = handle(request(), None).unwrap();
            code(&to_come);
            json!(format!("{:?}", to_come.get().map(|again| again.map(|_| ()))))
        }
        "lets go of what it waits for" => {
            let to_come = handle(request(), None).unwrap();
            let pollable = to_come.subscribe();
            drop(to_come);
            pollable.block();
            json!("it waited")
        }
        "lets go in an odd order" => {
            let request = request();
            let headers = request.headers();
            let to_come = handle(request, None).unwrap();
            to_come.subscribe().block();
            let response = to_come.get().unwrap().unwrap().unwrap();
            drop(to_come);
            let body = response.consume().unwrap();
            let twice = response.consume().is_err();
            drop(response);
            let stream = body.stream().unwrap();
            let trailers = IncomingBody::finish(body);
            let read = stream.blocking_read(10).map(|bytes| bytes.len());
            drop(trailers);
            drop(headers);
            json!({ "twice": twice, "read": read.unwrap_or(0) })
        }
        "changes what is fixed" => {
            let request = request();
            json!(format!("{:?}", request.headers().append("x", b"y")))
        }
        "adds trailers" => {
            let request = request();
            let body = request.body().unwrap();
            let to_come = handle(request, None).unwrap();
            let trailers = Fields::from_list(&[("x-late".to_owned(), b"1".to_vec())]).unwrap();
            let finished = format!("{:?}", OutgoingBody::finish(body, Some(trailers)));
            json!({ "finished": finished, "answer": code(&to_come) })
        }
        "finishes first" => {
            let request = request();
            let body = request.body().unwrap();
            OutgoingBody::finish(body, None).unwrap();
            code(&handle(request, None).unwrap())
        }
        "serves" => {
            drop(OutgoingResponse::new(Fields::new()));
            json!("it served")
        }
        "names no host" => {
            let request = OutgoingRequest::new(Fields::new());
            json!(format!("{:?}", handle(request, None).err()))
        }
        _ => return Err(Error::unknown("way", "it")),
    })
}

lockgate_sdk::export!(StandardClient);
