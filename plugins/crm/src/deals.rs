//! Deals, each with the contact that it belongs to: one by one, and those won page by page.

use std::collections::BTreeMap;

use lockgate_sdk::pages::{self, Since};
use lockgate_sdk::{Error, Page, Record, Value, http, json};
use serde::Deserialize;

use crate::api::{self, Api, BATCH, Object, Results};
use crate::{contacts, moment};

const PATH: &str = "/crm/v3/objects/deals";
const CONTACTS_OF_DEALS: &str = "/crm/v3/associations/deals/contacts/batch/read";

const CHANGED: &str = "hs_lastmodifieddate";
const PROPERTIES: [&str; 6] = ["dealname", "amount", "deal_currency_code", "dealstage", "closedate", CHANGED];

/// A search shows no result behind this one; what lies there needs another filter.
const REACH: usize = 10_000;

pub(crate) fn get(api: &Api, ids: Vec<Result<String, Error>>) -> Vec<Result<Value, Error>> {
    let requests: Vec<_> = ids.into_iter().map(|id| api.object(PATH, &id?, &PROPERTIES)).collect();
    let deals: Vec<Result<Object, Error>> =
        http::send_each(requests).into_iter().map(|answer| api::settle(answer?)?.json()).collect();
    let contacts = contacts_of(api, deals.iter().flatten());
    deals
        .into_iter()
        .map(|deal| {
            let deal = deal?;
            Ok(body(&deal, contacts.as_ref().map_err(Error::clone)?.get(&deal.id)))
        })
        .collect()
}

pub(crate) fn poll(api: &Api, cursor: Option<Value>) -> Result<Page, Error> {
    let cursor: Since = pages::cursor(cursor)?;
    let page = search(api, &cursor)?;
    let fresh: Vec<&Object> = page.results.iter().filter(|deal| cursor.is_new(&deal.id)).collect();
    let contacts = contacts_of(api, fresh.iter().copied())?;
    let records = fresh
        .iter()
        .map(|deal| Record { key: format!("deal/{}", deal.id), body: body(deal, contacts.get(&deal.id)) });
    pages::page(records.collect(), &behind(&page, &cursor)?, page.after().is_some())
}

fn search(api: &Api, cursor: &Since) -> Result<Results<Object>, Error> {
    let mut query = json!({
        "filterGroups": [{"filters": [
            {"propertyName": "dealstage", "operator": "EQ", "value": "closedwon"},
            {"propertyName": CHANGED, "operator": "GTE", "value": cursor.since_ms.to_string()},
        ]}],
        "sorts": [{"propertyName": CHANGED, "direction": "ASCENDING"}],
        "properties": PROPERTIES,
        "limit": BATCH,
    });
    if let (Some(after), Some(query)) = (&cursor.after, query.as_object_mut()) {
        query.insert("after".to_owned(), json!(after));
    }
    api::settle(api.read_by_post(&format!("{PATH}/search"), &query)?.send()?)?.json()
}

/// The cursor of the page behind this one, or of the next poll if this is the last.
pub(crate) fn behind(page: &Results<Object>, cursor: &Since) -> Result<Since, Error> {
    let deal = |deal| Ok((changed_ms(deal)?, &*deal.id));
    let deals: Vec<(i64, &str)> = page.results.iter().map(deal).collect::<Result<_, Error>>()?;
    let next = cursor.behind(deals, page.after().map(str::to_owned));
    if let Some(passed) = &next.after {
        let reachable = passed.parse::<usize>().is_ok_and(|passed| passed + BATCH <= REACH);
        if !reachable {
            return Err(Error::permanent(format!(
                "more than {REACH} deals changed in the same millisecond ({}): the search cannot reach them",
                next.since_ms
            )));
        }
    }
    Ok(next)
}

fn changed_ms(deal: &Object) -> Result<i64, Error> {
    let text = deal.property(CHANGED).unwrap_or_default();
    moment::parse_ms(text)
        .ok_or_else(|| Error::permanent(format!("deal {} has no time of change: {text:?}", deal.id)))
}

/// The contact of each deal that has one, by the deal's id. Of several the first listed is taken.
fn contacts_of<'a>(
    api: &Api,
    deals: impl Iterator<Item = &'a Object>,
) -> Result<BTreeMap<String, Value>, Error> {
    #[derive(Deserialize)]
    struct Association {
        from: Link,
        to: Vec<Link>,
    }
    #[derive(Deserialize)]
    struct Link {
        id: String,
    }

    let deals: Vec<&str> = deals.map(|deal| &*deal.id).collect();
    let associations: Vec<Association> = api.read_batches(CONTACTS_OF_DEALS, &deals, None)?;
    let pairs = || associations.iter().filter_map(|found| Some((&*found.from.id, &*found.to.first()?.id)));
    let mut wanted: Vec<&str> = pairs().map(|(_, contact)| contact).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let contacts = contacts::read_many(api, &wanted)?;
    Ok(pairs()
        .filter_map(|(deal, contact)| Some((deal.to_owned(), contacts.get(contact)?.clone())))
        .collect())
}

fn body(deal: &Object, contact: Option<&Value>) -> Value {
    json!({
        "deal_id": deal.id,
        "name": deal.property("dealname"),
        "amount": deal.property("amount"),
        "currency": deal.property("deal_currency_code"),
        "stage": deal.property("dealstage"),
        "closed_at": deal.property("closedate"),
        "contact": contact,
    })
}
