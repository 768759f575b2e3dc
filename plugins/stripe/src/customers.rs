//! Customers: created, found by their e-mail address, listed.

use std::collections::BTreeMap;

use lockgate_sdk::http::{self, Request, Response};
use lockgate_sdk::{Error, Input, Page, Record, Value, json, pages};
use serde::{Deserialize, Serialize};

use crate::api::{self, Api, Form, Refusal};
use crate::{key, read};

pub(crate) const PATH: &str = "/v1/customers";

/// A customer to find by its address, or to create.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) email: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
}

pub(crate) fn create(api: &Api, inputs: &[Input]) -> Vec<Result<Value, Error>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct New {
        email: String,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        metadata: BTreeMap<String, Option<String>>,
    }

    let request = |input: &Input| {
        let new: New = read(input)?;
        let mut form = Form::new();
        api::field(&mut form, "email", Some(new.email));
        api::field(&mut form, "name", new.name);
        api::metadata(&mut form, new.metadata.iter());
        Ok(api.post(PATH, &form, &key::of_step(&input.key, "customer")))
    };
    let requests = inputs.iter().map(request).collect();
    http::send_each(requests)
        .into_iter()
        .map(|answer| Ok(json!({"customer_id": api::text(&api::settle(&answer?)?, "id")?})))
        .collect()
}

/// The ids of these customers by address; those that do not exist are created.
///
/// Whoever is wanted twice is created once: within the batch because each address is looked up once, and by others at
/// the same time because the key of the creation comes from the address alone.
pub(crate) fn find_or_create<'a>(
    api: &Api,
    wanted: impl Iterator<Item = &'a Wanted>,
) -> BTreeMap<String, Result<String, Error>> {
    let mut by_email: BTreeMap<&str, &Wanted> = BTreeMap::new();
    for wanted in wanted {
        by_email.entry(&wanted.email).or_insert(wanted);
    }
    let mut known = BTreeMap::new();
    for (email, found) in find(api, by_email.keys().copied().collect()) {
        if let Some(outcome) = found.transpose() {
            by_email.remove(&*email);
            known.insert(email, outcome);
        }
    }

    let requests = by_email.values().map(|wanted| Ok(creation(api, wanted))).collect();
    let created: Vec<_> = http::send_each(requests)
        .into_iter()
        .map(|answer| api::text(&api::settle(&answer?)?, "id"))
        .collect();
    let mut doubtful = Vec::new();
    for (email, outcome) in by_email.into_keys().zip(created) {
        if matches!(outcome, Err(Error::Permanent(_) | Error::Transient(_))) {
            doubtful.push(email);
        }
        known.insert(email.to_owned(), outcome);
    }

    // Somebody may have created it just now under the same key but another name, or we did and the answer was lost.
    for (email, found) in find(api, doubtful) {
        if let Ok(Some(id)) = found {
            known.insert(email, Ok(id));
        }
    }
    known
}

/// The customer with each address, if there is one.
fn find(api: &Api, emails: Vec<&str>) -> Vec<(String, Result<Option<String>, Error>)> {
    let request = |email: &&str| Ok(api.get(PATH).query("email", email).query("limit", "1"));
    let answers = http::send_each(emails.iter().map(request).collect());
    let first = |answer: Result<Response, Error>| {
        let list: List = api::settle(&answer?)?;
        Ok(list.data.into_iter().next().map(|customer| customer.id))
    };
    emails.into_iter().map(str::to_owned).zip(answers.into_iter().map(first)).collect()
}

fn creation(api: &Api, wanted: &Wanted) -> Request {
    let mut form = Form::new();
    api::field(&mut form, "email", Some(&*wanted.email));
    api::field(&mut form, "name", wanted.name.as_deref());
    api::field(&mut form, "metadata[external_id]", wanted.external_id.as_deref());
    api.post(PATH, &form, &key::of_customer(&wanted.email))
}

#[derive(Deserialize)]
struct List {
    data: Vec<Customer>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct Customer {
    id: String,
    created: i64,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

impl Customer {
    fn mark(&self) -> Mark {
        Mark { id: self.id.clone(), created: self.created }
    }

    fn record(&self) -> Record {
        let Self { id, created, email, name, metadata } = self;
        Record {
            key: format!("customer/{id}"),
            body: json!({"id": id, "created": created, "email": email, "name": name, "metadata": metadata}),
        }
    }
}

/// Where the walk through the list is. The list shows the newest first, so that one walk goes from what is new down to
/// the newest of the walk before; what is created meanwhile appears above its start and belongs to the next one.
#[derive(Default, Serialize, Deserialize)]
struct Cursor {
    /// The newest of the last complete walk: this one ends there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Mark>,
    /// The newest of this walk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    head: Option<Mark>,
    /// The last one of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// A customer in the order of the list. The time serves when the customer has been deleted.
#[derive(Clone, Serialize, Deserialize)]
struct Mark {
    id: String,
    created: i64,
}

pub(crate) fn poll(api: &Api, cursor: Option<Value>) -> Result<Page, Error> {
    let Cursor { until, head, after } = pages::cursor(cursor)?;
    let mut request = api.get(PATH).query("limit", "100");
    if let Some(after) = &after {
        request = request.query("starting_after", after);
    }
    let answer = request.send()?;
    if matches!(answer.status, 400 | 404) && Refusal::of(&answer).param.as_deref() == Some("starting_after") {
        // It has been deleted between two pages: walk again from the top; the host drops what it has.
        let next = Cursor { until, ..Cursor::default() };
        return Ok(Page { records: Vec::new(), next: Some(json!(next)), more: true });
    }
    let list: List = api::settle(&answer)?;

    let head = head.or_else(|| list.data.first().map(Customer::mark));
    let is_new = |customer: &&Customer| until.as_ref().is_none_or(|until| customer.created >= until.created);
    let fresh: Vec<&Customer> = list.data.iter().take_while(is_new).collect();
    let last = list.data.last().map(|customer| customer.id.clone());
    let more = list.has_more && fresh.len() == list.data.len() && last.is_some();
    let is_known = |customer: &&&Customer| until.as_ref().is_some_and(|until| until.id == customer.id);
    let records =
        fresh.iter().filter(|customer| !is_known(customer)).map(|customer| customer.record()).collect();
    let next = if more {
        Cursor { until, head, after: last }
    } else {
        Cursor { until: head.or(until), ..Cursor::default() }
    };
    Ok(Page { records, next: Some(json!(next)), more })
}
