//! The Stripe API: customers and invoices.
//!
//! Every request that writes carries an idempotency key that comes from the input's key alone, so that an attempt may be
//! repeated after any failure. A batch takes as many rounds as one input does: each stage is sent all at once.

mod api;
mod customers;
mod description;
mod events;
mod invoices;
mod key;

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Inbound, Input, Page, Record, Value, http};
use serde::de::DeserializeOwned;

use crate::api::Api;

/// The connector.
pub struct Stripe;

impl Connector for Stripe {
    fn describe() -> Manifest {
        description::manifest()
    }

    fn check() -> Result<(), Error> {
        let answer = Api::of_profile()?.get(customers::PATH).query("limit", "1").send()?;
        api::check(&answer)
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        let api = match Api::of_profile() {
            Ok(api) => api,
            Err(error) => return inputs.iter().map(|_| Err(error.clone())).collect(),
        };
        match action {
            "create_customer" => customers::create(&api, &inputs),
            "create_invoice" => invoices::create(&api, &inputs),
            "create_invoice_item" => invoices::create_items(&api, &inputs),
            "void_invoice" => invoices::void(&api, &inputs),
            "get_balance" => balance(&api, &inputs),
            _ => inputs.iter().map(|_| Err(Error::unknown("action", action))).collect(),
        }
    }

    fn poll(trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        match trigger {
            "customers" => customers::poll(&Api::of_profile()?, cursor),
            _ => Err(Error::unknown("trigger", trigger)),
        }
    }

    fn receive(hook: &str, event: Inbound) -> Result<Vec<Record>, Error> {
        match hook {
            "paid_invoices" => events::paid_invoices(&event),
            "events" => events::all(&event),
            _ => Err(Error::unknown("hook", hook)),
        }
    }
}

fn balance(api: &Api, inputs: &[Input]) -> Vec<Result<Value, Error>> {
    let requests = inputs.iter().map(|_| Ok(api.get("/v1/balance"))).collect();
    http::send_each(requests).into_iter().map(|answer| api::settle(&answer?)).collect()
}

/// An input's body as the action reads it.
fn read<T: DeserializeOwned>(input: &Input) -> Result<T, Error> {
    T::deserialize(&input.body)
        .map_err(|error| Error::invalid(format!("the input is not what was expected: {error}")))
}

lockgate_sdk::export!(Stripe);

#[cfg(test)]
mod tests;
