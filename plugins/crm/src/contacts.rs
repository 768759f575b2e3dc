//! Contacts: one by one, many by id, and all of them page by page.

use std::collections::BTreeMap;

use lockgate_sdk::pages::{self, AtEnd};
use lockgate_sdk::{Error, Page, Record, Value, http, json};

use crate::api::{self, Api, BATCH, Object, Results};

pub(crate) const PATH: &str = "/crm/v3/objects/contacts";

const PROPERTIES: [&str; 6] = ["email", "company", "firstname", "lastname", "city", "country"];

pub(crate) fn get(api: &Api, ids: Vec<Result<String, Error>>) -> Vec<Result<Value, Error>> {
    let requests: Vec<_> = ids.into_iter().map(|id| api.object(PATH, &id?, &PROPERTIES)).collect();
    http::send_each(requests).into_iter().map(|answer| Ok(body(&api::settle(answer?)?.json()?))).collect()
}

/// The contacts with these ids, by id. One that is gone is not among them.
pub(crate) fn read_many(api: &Api, ids: &[&str]) -> Result<BTreeMap<String, Value>, Error> {
    let found: Vec<Object> = api.read_batches(&format!("{PATH}/batch/read"), ids, Some(&PROPERTIES))?;
    Ok(found.iter().map(|contact| (contact.id.clone(), body(contact))).collect())
}

/// The last page leads back to the first, so that the next poll finds what was added or changed anywhere.
pub(crate) fn poll(api: &Api, cursor: Option<Value>) -> Result<Page, Error> {
    pages::by_token(cursor, AtEnd::Again, |after| {
        let mut request =
            api.get(PATH).query("limit", &BATCH.to_string()).query("properties", &PROPERTIES.join(","));
        if let Some(after) = after {
            request = request.query("after", after);
        }
        let page: Results<Object> = api::settle(request.send()?)?.json()?;
        Ok((page.results.iter().map(record).collect(), page.after().map(str::to_owned)))
    })
}

fn record(contact: &Object) -> Record {
    Record { key: format!("contact/{}", contact.id), body: body(contact) }
}

fn body(contact: &Object) -> Value {
    json!({
        "id": contact.id,
        "email": contact.property("email"),
        "company": contact.property("company"),
        "first_name": contact.property("firstname"),
        "last_name": contact.property("lastname"),
        "city": contact.property("city"),
        "country": contact.property("country"),
    })
}
