//! A guest that sends what it is told to one remote: without a key, or with one in the query.

use lockgate_sdk::http::Request;
use lockgate_sdk::manifest::{self, Action, AnswerRule, BodyIs, Effect, Idempotency, Manifest, Meaning};
use lockgate_sdk::{Connector, Error, Inbound, Input, Page, Record, Value, json, profile};

struct Mailer;

impl Connector for Mailer {
    fn describe() -> Manifest {
        let mut of = guests::manifest("mailer", &["mail", "invoice"]);
        of.scopes = vec![manifest::scope(
            "things:write",
            "Write things",
            &[("POST", "/things/{id}"), ("GET", "/things")],
        )];
        let idempotency = [None, Some(Idempotency::in_query("requestid"))];
        let actions = of.actions.into_iter().zip(idempotency);
        of.actions = actions
            .map(|(action, idempotency)| Action { effect: Effect::Write, idempotency, ..action })
            .collect();
        let says =
            |pointer: &str, text: &str| vec![BodyIs { pointer: pointer.to_owned(), equals: json!(text) }];
        of.answers = vec![
            AnswerRule {
                body: says("/errors/*/extensions/code", "THROTTLED"),
                wait_ms: Some(50),
                ..manifest::answer(Meaning::RateLimited, &[200])
            },
            AnswerRule { body: says("/error", "exists"), ..manifest::answer(Meaning::Done, &[409]) },
        ];
        of
    }

    fn check() -> Result<(), Error> {
        Request::get(format!("{}/things", api_base()?)).send()?.error_for_status().map(|_| ())
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.into_iter().map(|input| send(action, &input)).collect()
    }

    fn poll(_: &str, _: Option<Value>) -> Result<Page, Error> {
        Err(Error::permanent("it brings nothing"))
    }

    fn receive(_: &str, _: Inbound) -> Result<Vec<Record>, Error> {
        Err(Error::permanent("it takes no hooks"))
    }
}

/// `to` is the last part of the path. What the outcome means is the SDK's and the host's to say.
fn send(action: &str, input: &Input) -> Result<Value, Error> {
    let to = input.body.get("to").and_then(Value::as_str).unwrap_or_default();
    let request = Request::post(format!("{}/things/{to}", api_base()?));
    let request =
        if action == "invoice" { request.idempotency_query("requestid", &input.key) } else { request };
    request.send()?.error_for_status().map(|answer| json!({ "status": answer.status }))
}

fn api_base() -> Result<String, Error> {
    let config: Value = profile::config()?;
    Ok(config.get("api_base").and_then(Value::as_str).unwrap_or_default().to_owned())
}

lockgate_sdk::export!(Mailer);
