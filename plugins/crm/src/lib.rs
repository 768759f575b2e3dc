//! A HubSpot-shaped CRM: contacts and deals.
//!
//! Reads only. Two triggers bring records: `contacts`, a walk through all of them, and `closed_won_deals`, those that
//! changed since the last poll, each with the contact that it belongs to.

mod api;
mod contacts;
mod deals;
mod description;
mod moment;

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Input, Page, Value};
use serde::Deserialize;

use crate::api::Api;

/// The connector.
pub struct Crm;

impl Connector for Crm {
    fn describe() -> Manifest {
        description::manifest()
    }

    fn check() -> Result<(), Error> {
        let request = Api::of_profile()?.get(contacts::PATH).query("limit", "1");
        api::settle(request.send()?).map(|_| ())
    }

    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        let api = match Api::of_profile() {
            Ok(api) => api,
            Err(error) => return inputs.iter().map(|_| Err(error.clone())).collect(),
        };
        let ids: Vec<_> = inputs.iter().map(id).collect();
        match action {
            "get_contact" => contacts::get(&api, ids),
            "get_deal" => deals::get(&api, ids),
            _ => inputs.iter().map(|_| Err(Error::unknown("action", action))).collect(),
        }
    }

    fn poll(trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        let api = Api::of_profile()?;
        match trigger {
            "contacts" => contacts::poll(&api, cursor),
            "closed_won_deals" => deals::poll(&api, cursor),
            _ => Err(Error::unknown("trigger", trigger)),
        }
    }
}

fn id(input: &Input) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Wanted {
        id: String,
    }
    Wanted::deserialize(&input.body)
        .map(|wanted| wanted.id)
        .map_err(|error| Error::invalid(error.to_string()))
}

lockgate_sdk::export!(Crm);

#[cfg(test)]
mod tests;
