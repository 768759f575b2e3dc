//! The API of `manifest.json` as a connector: one action for each operation, one trigger for each list that has pages.
//!
//! `operations.rs` says what differs from one operation to the next; the other files do it. All of it was written once and
//! is yours: change what you like. `README.md` lists what the API's description says and this connector does not do.

mod answer;
mod operation;
mod operations;
mod pages;
mod request;

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Input, Page, Value, http, json, profile};
use serde::Deserialize as _;

use crate::operation::Operation;

struct Api;

impl Connector for Api {
    fn describe() -> Manifest {
        // A test reads it too: a mistake in it is found before there is a component.
        let described: Value = include_str!("manifest.json").parse().expect("manifest.json is JSON");
        let manifest = Manifest::deserialize(&described).expect("manifest.json is a manifest");
        Manifest { version: env!("CARGO_PKG_VERSION").to_owned(), ..manifest }
    }

    fn check() -> Result<(), Error> {
        let granted = profile::scopes();
        let may = |scopes: &[&str]| scopes.iter().all(|scope| granted.iter().any(|other| other == scope));
        // Any answer that needs the credential will do; nothing is asked for that was not granted.
        let mut checks = operations::CHECKS.iter().filter(|(_, scopes)| may(scopes));
        match checks.find_map(|(action, _)| operation(action)) {
            Some(operation) => {
                let request = request::build(operation, &profile::config::<Value>()?, &json!({}), "")?;
                answer::read(operation, request.send()?).map(|_| ())
            }
            None => Ok(()),
        }
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        let known = operation(action).ok_or_else(|| Error::unknown("action", action));
        let (operation, config) = match known.and_then(|known| Ok((known, profile::config::<Value>()?))) {
            Ok(both) => both,
            Err(error) => return inputs.iter().map(|_| Err(error.clone())).collect(),
        };
        let build = |input: &Input| request::build(operation, &config, &input.body, &input.key);
        let answers = http::send_each(inputs.iter().map(build).collect());
        answers.into_iter().map(|answer| answer::read(operation, answer?)).collect()
    }

    fn poll(trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        let known = operations::PAGES.iter().find(|pages| pages.trigger == trigger);
        let pages = known.ok_or_else(|| Error::unknown("trigger", trigger))?;
        let operation = operation(pages.action).ok_or_else(|| Error::unknown("action", pages.action))?;
        pages::poll(pages, operation, &profile::config::<Value>()?, cursor)
    }
}

fn operation(action: &str) -> Option<&'static Operation> {
    operations::OPERATIONS.iter().find(|operation| operation.action == action)
}

lockgate_sdk::export!(Api);

#[cfg(test)]
mod tests;
