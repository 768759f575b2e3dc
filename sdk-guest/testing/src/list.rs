//! A list that is served page by page, in the ways in which vendors do it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::received::Received;

/// Items, of which each answer holds one page.
///
/// ```
/// use lockgate_testing::{Exchange, Received, Vendor};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let list = serde_json::from_str(
///     r#"{"items": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "size": 2, "into": "/results",
///         "paging": {"query": "after", "next": "/paging/next/after"}}"#,
/// )?;
/// let mut vendor = Vendor::new(vec![Exchange::get("https://api.example.com/v1/orders").lists(list).any_times()]);
/// let first = vendor.answer(&Received::new("GET", "https://api.example.com/v1/orders"));
/// assert_eq!(first.body, br#"{"paging":{"next":{"after":"2"}},"results":[{"id":"a"},{"id":"b"}]}"#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// All of them, in order.
    pub items: Vec<Value>,
    /// The most that one page has, whatever is asked for.
    #[serde(default = "two")]
    pub size: usize,
    /// The place of the page in the body, as a JSON pointer; empty: the body is the list.
    #[serde(default)]
    pub into: String,
    /// What else is in the body.
    #[serde(default)]
    pub beside: Map<String, Value>,
    /// How the next page is named and asked for.
    #[serde(default)]
    pub paging: Paging,
}

fn two() -> usize {
    2
}

/// How the next page is named and asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// The query parameter that asks for a page.
    #[serde(default)]
    pub query: Option<String>,
    /// The place in a JSON body that asks for a page, as a JSON pointer.
    #[serde(default)]
    pub json: Option<String>,
    /// What stands there.
    #[serde(default)]
    pub by: By,
    /// The place of an item's id, for `by: id`.
    #[serde(default = "id")]
    pub id: String,
    /// The place in the body that says what to ask for next; absent on the last page.
    #[serde(default)]
    pub next: Option<String>,
    /// The place in the body that says whether there is more.
    #[serde(default)]
    pub more: Option<String>,
    /// The place in the body that says how many items there are.
    #[serde(default)]
    pub total: Option<String>,
    /// Whether a `Link` header with `rel="next"` says where the next page is.
    #[serde(default)]
    pub link: bool,
}

fn id() -> String {
    "/id".to_owned()
}

/// What asks for a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A text that the page before gave.
    #[default]
    Token,
    /// The id of the last item of the page before.
    Id,
    /// The number of the page, from 1.
    Page,
    /// How many items lie before it.
    Offset,
}

pub(crate) struct PageBody {
    pub(crate) body: Value,
    pub(crate) link: Option<String>,
}

impl List {
    /// The page that a request asks for.
    pub(crate) fn page(&self, request: &Received) -> PageBody {
        let size = self.size.max(1);
        let begin = self.begin(request, size).min(self.items.len());
        let end = (begin + size).min(self.items.len());
        let items = self.items.get(begin..end).unwrap_or_default().to_vec();
        let more = end < self.items.len();
        let next = more.then(|| self.token(end, size));
        let mut body = Value::Object(self.beside.clone());
        if self.into.is_empty() {
            body = Value::Array(items);
        } else {
            put(&mut body, &self.into, Value::Array(items));
            let Paging { next: at_next, more: at_more, total, .. } = &self.paging;
            if let (Some(place), Some(next)) = (at_next, &next) {
                let number = matches!(self.paging.by, By::Page | By::Offset);
                let number = next.parse::<u64>().ok().filter(|_| number);
                put(&mut body, place, number.map_or_else(|| json!(next), |number| json!(number)));
            }
            if let Some(place) = at_more {
                put(&mut body, place, json!(more));
            }
            if let Some(place) = total {
                put(&mut body, place, json!(self.items.len()));
            }
        }
        PageBody { body, link: next.filter(|_| self.paging.link).map(|next| self.link(request, &next)) }
    }

    fn begin(&self, request: &Received, size: usize) -> usize {
        let by_query = self.paging.query.as_ref().and_then(|name| request.query(name));
        let by_json = || {
            let body = request.json()?;
            match body.pointer(self.paging.json.as_ref()?)? {
                Value::String(text) => Some(text.clone()),
                Value::Null => None,
                other => Some(other.to_string()),
            }
        };
        let Some(asked) = by_query.or_else(by_json).filter(|asked| !asked.is_empty()) else { return 0 };
        match self.paging.by {
            By::Token | By::Offset => asked.parse().unwrap_or(usize::MAX),
            By::Page => asked.parse::<usize>().map_or(usize::MAX, |page| page.saturating_sub(1) * size),
            By::Id => {
                let is_asked = |item: &Value| self.id_of(item).as_deref() == Some(&*asked);
                self.items.iter().position(is_asked).map_or(usize::MAX, |at| at + 1)
            }
        }
    }

    fn token(&self, end: usize, size: usize) -> String {
        match self.paging.by {
            By::Token | By::Offset => end.to_string(),
            By::Page => (end / size + 1).to_string(),
            By::Id => {
                let last = end.checked_sub(1).and_then(|last| self.items.get(last));
                last.and_then(|last| self.id_of(last)).unwrap_or_default()
            }
        }
    }

    fn id_of(&self, item: &Value) -> Option<String> {
        match item.pointer(&self.paging.id)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    fn link(&self, request: &Received, next: &str) -> String {
        let name = self.paging.query.as_deref().unwrap_or("page");
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(request.queries().iter().filter(|(key, _)| key != name));
        let query = query.append_pair(name, next).finish();
        format!("<{}{}?{query}>; rel=\"next\"", request.origin(), request.path())
    }

    pub(crate) fn problem(&self) -> Option<&'static str> {
        let paging = &self.paging;
        let places = [Some(&self.into), paging.json.as_ref(), paging.next.as_ref(), paging.more.as_ref()];
        let pointer = |place: &&String| !place.is_empty() && !place.starts_with('/');
        if places.into_iter().flatten().any(|place| pointer(&place)) {
            return Some("a place in a body is a JSON pointer: it begins with a slash, as in /paging/next");
        }
        if self.items.len() > self.size && paging.query.is_none() && paging.json.is_none() {
            return Some(
                "a list of several pages needs `paging.query` or `paging.json`: what asks for a page",
            );
        }
        None
    }
}

/// Makes the objects on the way.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let mut place = body;
    for name in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(members) = place else { return };
        place = members.entry(name.replace("~1", "/").replace("~0", "~")).or_insert(Value::Null);
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: Value) -> List {
        serde_json::from_value(value).unwrap()
    }

    fn page(list: &List, url: &str) -> Value {
        list.page(&Received::new("GET", url)).body
    }

    #[test]
    fn stripe_shaped_pages_follow_the_id_of_the_last_item() {
        let list = list(json!({
            "items": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "into": "/data", "beside": {"object": "list"},
            "paging": {"query": "starting_after", "by": "id", "more": "/has_more"},
        }));
        let first = page(&list, "https://a.example/v1/x?limit=100");
        assert_eq!(first, json!({"object": "list", "data": [{"id": "a"}, {"id": "b"}], "has_more": true}));
        let last = page(&list, "https://a.example/v1/x?starting_after=b");
        assert_eq!(last, json!({"object": "list", "data": [{"id": "c"}], "has_more": false}));
    }

    #[test]
    fn numbered_pages_and_links() {
        let list = list(json!({
            "items": [1, 2, 3], "paging": {"query": "page", "by": "page", "link": true},
        }));
        let first = list.page(&Received::new("GET", "https://a.example/x?q=1"));
        assert_eq!(first.body, json!([1, 2]));
        assert_eq!(first.link.as_deref(), Some("<https://a.example/x?q=1&page=2>; rel=\"next\""));
        let last = list.page(&Received::new("GET", "https://a.example/x?q=1&page=2"));
        assert_eq!((last.body, last.link), (json!([3]), None));
    }

    #[test]
    fn a_search_asks_for_its_page_in_the_body() {
        let list = list(json!({
            "items": [1, 2, 3], "into": "/results", "paging": {"json": "/after", "next": "/paging/next/after"},
        }));
        let request = Received::new("POST", "https://a.example/search").body(r#"{"after": "2"}"#);
        assert_eq!(list.page(&request).body, json!({"results": [3]}));
    }
}
