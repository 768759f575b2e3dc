//! Tables of rows whose ids are their positions, and Stripe's way of paging through them, newest first.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::params::Params;
use super::refusal::Refusal;

const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: i64 = 100;

pub(super) trait Row {
    const PREFIX: &'static str;
    const NOUN: &'static str;

    fn id(&self) -> &str;
}

/// Rows are only ever added, so that the number in an id finds its row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Table<T> {
    rows: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<T: Row> Table<T> {
    pub(super) fn next_id(&self) -> String {
        id_at::<T>(self.rows.len())
    }

    pub(super) fn push(&mut self, row: T) {
        self.rows.push(row);
    }

    pub(super) fn rows(&self) -> &[T] {
        &self.rows
    }

    pub(super) fn rows_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(position(id)?).filter(|row| row.id() == id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.rows.get_mut(position(id)?).filter(|row| row.id() == id)
    }

    /// The row a path names.
    pub(super) fn at(&self, id: &str) -> Result<&T, Refusal> {
        self.get(id).ok_or_else(|| Refusal::no_such(T::NOUN, id))
    }

    /// The row a parameter names.
    pub(super) fn named_by(&self, param: &str, id: &str) -> Result<&T, Refusal> {
        self.get(id).ok_or_else(|| Refusal::no_such_in(param, T::NOUN, id))
    }

    pub(super) fn page(&self, query: &PageQuery, keep: impl Fn(&T) -> bool) -> Result<Page<'_, T>, Refusal> {
        let place = |param: &str, id: &str| {
            self.named_by(param, id)?;
            Ok(position(id).unwrap_or(self.rows.len()))
        };
        let mut rows = match &query.edge {
            Edge::Newest => take(self.rows.iter().rev(), query.limit, keep),
            Edge::After(id) => {
                let older = self.rows.get(..place("starting_after", id)?).unwrap_or_default();
                take(older.iter().rev(), query.limit, keep)
            }
            Edge::Before(id) => {
                let newer = self.rows.get(place("ending_before", id)? + 1..).unwrap_or_default();
                take(newer.iter(), query.limit, keep)
            }
        };
        let has_more = rows.len() > query.limit;
        rows.truncate(query.limit);
        if matches!(query.edge, Edge::Before(_)) {
            rows.reverse();
        }
        Ok(Page { rows, has_more })
    }
}

/// One row more than the limit, if there is one, to know whether there is more.
fn take<'a, T: 'a>(rows: impl Iterator<Item = &'a T>, limit: usize, keep: impl Fn(&T) -> bool) -> Vec<&'a T> {
    rows.filter(|row| keep(row)).take(limit + 1).collect()
}

fn id_at<T: Row>(index: usize) -> String {
    format!("{}_{:014}", T::PREFIX, index + 1)
}

fn position(id: &str) -> Option<usize> {
    let (_, number) = id.split_once('_')?;
    number.parse::<usize>().ok()?.checked_sub(1)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageQuery {
    limit: usize,
    edge: Edge,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Edge {
    Newest,
    After(String),
    Before(String),
}

impl PageQuery {
    pub(super) fn read(params: &Params) -> Result<Self, Refusal> {
        let limit = match params.integer("limit")? {
            None => LIMIT_DEFAULT,
            Some(limit) => {
                usize::try_from(limit).ok().filter(|_| (1..=LIMIT_MAX).contains(&limit)).ok_or_else(|| {
                    Refusal::invalid("parameter_invalid_integer", "must be from 1 to 100").about("limit")
                })?
            }
        };
        let edge = match (params.text("starting_after"), params.text("ending_before")) {
            (None, None) => Edge::Newest,
            (Some(id), None) => Edge::After(id),
            (None, Some(id)) => Edge::Before(id),
            (Some(_), Some(_)) => {
                let message = "give one of starting_after and ending_before";
                return Err(Refusal::invalid("parameter_invalid", message).about("starting_after"));
            }
        };
        Ok(Self { limit, edge })
    }
}

#[derive(Debug)]
pub(super) struct Page<'a, T> {
    rows: Vec<&'a T>,
    has_more: bool,
}

impl<T> Page<'_, T> {
    pub(super) fn wire(&self, url: &str, wire: impl Fn(&T) -> Value) -> Value {
        json!({
            "object": "list",
            "url": url,
            "has_more": self.has_more,
            "data": self.rows.iter().map(|row| wire(row)).collect::<Vec<_>>(),
        })
    }
}
