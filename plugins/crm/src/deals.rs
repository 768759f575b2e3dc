//! Deals, each with the contact that it belongs to: one by one, and those won page by page.

use std::collections::BTreeMap;

use lockgate_sdk::{Error, Page, Record, Value, http, json};
use serde::{Deserialize, Serialize};

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

/// Where the walk along the time of change is.
///
/// A deal that changes moves to the end of the search, and all behind it move up by one: paging by position would step
/// over one. So each page begins a new search at the last time seen; only where a whole page has one and the same time
/// does it go on by position.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Deals that changed at this time or later, in milliseconds.
    pub(crate) since_ms: i64,
    /// Those of them that changed at this very time and have been read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) seen: Vec<String>,
    /// How many results to pass over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

pub(crate) fn poll(api: &Api, cursor: Option<Value>) -> Result<Page, Error> {
    let cursor: Cursor = api::cursor(cursor)?;
    let page = search(api, &cursor)?;
    let fresh: Vec<&Object> = page.results.iter().filter(|deal| !cursor.seen.contains(&deal.id)).collect();
    let contacts = contacts_of(api, fresh.iter().copied())?;
    let records = fresh
        .iter()
        .map(|deal| Record { key: format!("deal/{}", deal.id), body: body(deal, contacts.get(&deal.id)) });
    Ok(Page {
        records: records.collect(),
        next: Some(json!(behind(&page, &cursor)?)),
        more: page.after().is_some(),
    })
}

fn search(api: &Api, cursor: &Cursor) -> Result<Results<Object>, Error> {
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
pub(crate) fn behind(page: &Results<Object>, cursor: &Cursor) -> Result<Cursor, Error> {
    let mut latest_ms = cursor.since_ms;
    let mut seen = cursor.seen.clone();
    for deal in &page.results {
        let changed_ms = changed_ms(deal)?;
        if changed_ms > latest_ms {
            latest_ms = changed_ms;
            seen.clear();
        }
        if changed_ms == latest_ms && !seen.contains(&deal.id) {
            seen.push(deal.id.clone());
        }
    }
    // The cursor stays small; a deal that it forgets is read again and dropped by the host, which knows its key.
    seen.drain(..seen.len().saturating_sub(BATCH));

    let after = page.after().filter(|_| latest_ms == cursor.since_ms).map(str::to_owned);
    if let Some(passed) = &after {
        let reachable = passed.parse::<usize>().is_ok_and(|passed| passed + BATCH <= REACH);
        if !reachable {
            return Err(Error::permanent(format!(
                "more than {REACH} deals changed in the same millisecond ({latest_ms}): the search cannot reach them"
            )));
        }
    }
    Ok(Cursor { since_ms: latest_ms, seen, after })
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
