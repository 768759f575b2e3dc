//! Reading a list page by page: where a trigger is, from one poll to the next.
//!
//! A trigger keeps its place in the cursor of each [`Page`]: the host stores it with the page's records, so that neither
//! is lost without the other. Which of these fits depends on what the remote offers:
//!
//! | the remote | use |
//! |---|---|
//! | gives what changed since a time | [`Since`] |
//! | names the next page by a token | [`by_token`] |
//! | names it in a `Link` header, or in another whole URL | [`by_link`] |
//! | counts pages | [`by_number`] |
//! | counts items | [`by_offset`] |
//! | goes on behind the last item | a cursor of your own, with [`cursor`] and [`page`] |
//!
//! The host drops records that it has already, by their key: reading one twice does no harm, passing over one does.

mod since;

pub use since::Since;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Error, Page, Record, Value};

/// Where a walk goes on that has come to the end of the list.
///
/// ```
/// use lockgate_sdk::pages::{AtEnd, by_token};
///
/// let last = |_: Option<&str>| Ok((Vec::new(), None));
/// let again = by_token(None, AtEnd::Again, last).unwrap();
/// assert!(!again.more);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// At its beginning, so that what was added or changed anywhere is found; the host drops what it has.
    Again,
    /// At the last page, for a list that only grows at its end.
    Here,
}

/// The cursor of an earlier poll as a type of yours, or where a first poll begins.
///
/// ```
/// use lockgate_sdk::{json, pages};
///
/// #[derive(Default, serde::Deserialize)]
/// struct Cursor {
///     after: Option<String>,
/// }
///
/// assert_eq!(pages::cursor::<Cursor>(None).unwrap().after, None);
/// let cursor: Cursor = pages::cursor(Some(json!({"after": "7"}))).unwrap();
/// assert_eq!(cursor.after.as_deref(), Some("7"));
/// ```
pub fn cursor<T: DeserializeOwned + Default>(cursor: Option<Value>) -> Result<T, Error> {
    match cursor {
        None => Ok(T::default()),
        Some(cursor) => T::deserialize(&cursor)
            .map_err(|error| Error::permanent(format!("the cursor is not one of this trigger: {error}"))),
    }
}

/// A page that goes on at a cursor of your own type.
///
/// ```
/// use lockgate_sdk::{json, pages};
///
/// let page = pages::page(Vec::new(), &json!({"after": "7"}), true).unwrap();
/// assert_eq!(page.next, Some(json!({"after": "7"})));
/// ```
pub fn page<T: Serialize>(records: Vec<Record>, next: &T, more: bool) -> Result<Page, Error> {
    let next = serde_json::to_value(next)
        .map_err(|error| Error::permanent(format!("cannot write the cursor as JSON: {error}")))?;
    Ok(Page { records, next: Some(next), more })
}

/// Walks along tokens. `read` gets the token of the page to read, none for the first, and gives its records with the token
/// of the page behind it, none if it is the last.
///
/// ```
/// use lockgate_sdk::json;
/// use lockgate_sdk::pages::{AtEnd, by_token};
///
/// let read = |token: Option<&str>| match token {
///     None => Ok((Vec::new(), Some("second".to_owned()))),
///     Some(_) => Ok((Vec::new(), None)),
/// };
/// let first = by_token(None, AtEnd::Here, read).unwrap();
/// assert!(first.more);
/// let second = by_token(first.next, AtEnd::Here, read).unwrap();
/// assert_eq!((second.more, second.next), (false, Some(json!({"after": "second"}))));
/// ```
pub fn by_token(
    cursor: Option<Value>,
    at_end: AtEnd,
    read: impl FnOnce(Option<&str>) -> Result<(Vec<Record>, Option<String>), Error>,
) -> Result<Page, Error> {
    #[derive(Default, Deserialize, Serialize)]
    struct At {
        #[serde(default, rename = "after", skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    }
    let At { token } = self::cursor(cursor)?;
    let (records, next) = read(token.as_deref())?;
    if next.is_some() && next == token {
        return Err(going_round());
    }
    let more = next.is_some();
    let token = next.or(token.filter(|_| at_end == AtEnd::Here));
    page(records, &At { token }, more)
}

/// Walks along whole URLs, from `first`. `read` gets the URL to read, and gives its records with the URL of the page
/// behind it: what [`Response::next_link`](crate::http::Response::next_link) found, or what the body said.
///
/// ```
/// use lockgate_sdk::http::{Request, Response, with_transport};
/// use lockgate_sdk::pages::{AtEnd, by_link};
///
/// let page = with_transport(
///     |_| Ok(Response::new(200).with_header("link", "</orders?page=2>; rel=\"next\"")),
///     || by_link(None, "https://api.example.com/orders", AtEnd::Again, |url| {
///         let answer = Request::get(url).send()?.error_for_status()?;
///         Ok((Vec::new(), answer.next_link(url)?))
///     }),
/// );
/// assert_eq!(page.unwrap().next.unwrap()["url"], "https://api.example.com/orders?page=2");
/// ```
pub fn by_link(
    cursor: Option<Value>,
    first: &str,
    at_end: AtEnd,
    read: impl FnOnce(&str) -> Result<(Vec<Record>, Option<String>), Error>,
) -> Result<Page, Error> {
    #[derive(Default, Deserialize, Serialize)]
    struct At {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    }
    let At { url } = self::cursor(cursor)?;
    let here = url.as_deref().unwrap_or(first);
    let (records, next) = read(here)?;
    if next.as_deref() == Some(here) {
        return Err(going_round());
    }
    let more = next.is_some();
    let url = next.or(url.filter(|_| at_end == AtEnd::Here));
    page(records, &At { url }, more)
}

/// Walks along numbered pages, from `first`, which is 0 or 1. `read` gives the records of a page, and whether another one
/// is behind it. What is removed meanwhile moves what is behind it to the page before: use it for lists from which nothing
/// is removed, or with [`AtEnd::Again`].
///
/// ```
/// use lockgate_sdk::json;
/// use lockgate_sdk::pages::{AtEnd, by_number};
///
/// let page = by_number(Some(json!({"page": 3})), 1, AtEnd::Again, |page| Ok((Vec::new(), page < 9))).unwrap();
/// assert_eq!((page.more, page.next), (true, Some(json!({"page": 4}))));
/// ```
pub fn by_number(
    cursor: Option<Value>,
    first: u64,
    at_end: AtEnd,
    read: impl FnOnce(u64) -> Result<(Vec<Record>, bool), Error>,
) -> Result<Page, Error> {
    #[derive(Default, Deserialize, Serialize)]
    struct At {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page: Option<u64>,
    }
    let here = self::cursor::<At>(cursor)?.page.unwrap_or(first);
    let (records, more) = read(here)?;
    let next = match (more, at_end) {
        (true, _) => Some(here.saturating_add(1)),
        (false, AtEnd::Again) => None,
        (false, AtEnd::Here) => Some(here),
    };
    page(records, &At { page: next }, more)
}

/// Walks along positions, from 0. `read` gives the records behind so many items, how many items it has passed, which may be
/// more than it made records of, and whether there are more behind them. The same holds for what is removed meanwhile.
///
/// ```
/// use lockgate_sdk::json;
/// use lockgate_sdk::pages::{AtEnd, by_offset};
///
/// let page = by_offset(None, AtEnd::Here, |offset| Ok((Vec::new(), if offset == 0 { 50 } else { 0 }, false))).unwrap();
/// assert_eq!((page.more, page.next), (false, Some(json!({"offset": 50}))));
/// ```
pub fn by_offset(
    cursor: Option<Value>,
    at_end: AtEnd,
    read: impl FnOnce(u64) -> Result<(Vec<Record>, u64, bool), Error>,
) -> Result<Page, Error> {
    #[derive(Default, Deserialize, Serialize)]
    struct At {
        #[serde(default)]
        offset: u64,
    }
    let here = self::cursor::<At>(cursor)?.offset;
    let (records, passed, more) = read(here)?;
    if more && passed == 0 {
        return Err(going_round());
    }
    let offset = if more || at_end == AtEnd::Here { here.saturating_add(passed) } else { 0 };
    page(records, &At { offset }, more)
}

/// A remote that leads back to the same page would be asked for ever.
fn going_round() -> Error {
    Error::permanent("the remote says that the page behind this one is the same page")
}

#[cfg(test)]
mod tests;
