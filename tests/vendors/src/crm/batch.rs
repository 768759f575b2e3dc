//! Reading many objects, or the associations of many objects, with one request.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::object::{Object, iso};
use super::refusal::{Refusal, missing_ids};
use crate::answer::Answer;

const CONTACTS_MAX: usize = 100;
const ASSOCIATIONS_MAX: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadContacts {
    #[serde(default)]
    properties: Vec<String>,
    inputs: Vec<Input>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadAssociations {
    inputs: Vec<Input>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: String,
}

pub(super) fn contacts(contacts: &BTreeMap<u64, Object>, read: &ReadContacts) -> Result<Answer, Refusal> {
    let found = look_up(contacts, &read.inputs, CONTACTS_MAX)?;
    Ok(found.answer(|contact| Some(contact.wire(&read.properties))))
}

/// A deal without a contact is left out of the results, as HubSpot does.
pub(super) fn associations(
    deals: &BTreeMap<u64, Object>,
    read: &ReadAssociations,
) -> Result<Answer, Refusal> {
    let found = look_up(deals, &read.inputs, ASSOCIATIONS_MAX)?;
    Ok(found.answer(|deal| {
        let contact = deal.contact?.to_string();
        Some(json!({
            "from": { "id": deal.id.to_string() },
            "to": [{ "id": contact, "type": "deal_to_contact" }],
        }))
    }))
}

struct Found<'a> {
    objects: Vec<&'a Object>,
    missing: Vec<String>,
}

fn look_up<'a>(
    objects: &'a BTreeMap<u64, Object>,
    inputs: &[Input],
    most: usize,
) -> Result<Found<'a>, Refusal> {
    if inputs.is_empty() || inputs.len() > most {
        return Err(Refusal::validation(format!("`inputs` must hold from 1 to {most} ids")));
    }
    let mut found = Found { objects: Vec::new(), missing: Vec::new() };
    for input in inputs {
        match input.id.parse().ok().and_then(|id: u64| objects.get(&id)) {
            Some(object) => found.objects.push(object),
            None => found.missing.push(input.id.clone()),
        }
    }
    Ok(found)
}

impl Found<'_> {
    fn answer(&self, wire: impl Fn(&Object) -> Option<Value>) -> Answer {
        let results = self.objects.iter().filter_map(|object| wire(object)).collect::<Vec<_>>();
        let mut body = json!({
            "status": "COMPLETE",
            "results": results,
            "startedAt": iso(0),
            "completedAt": iso(0),
        });
        if self.missing.is_empty() {
            return Answer::json(200, &body);
        }
        if let Some(body) = body.as_object_mut() {
            body.insert("numErrors".to_owned(), json!(1));
            body.insert("errors".to_owned(), missing_ids(&self.missing));
        }
        Answer::json(207, &body)
    }
}
