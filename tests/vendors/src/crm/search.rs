//! Searching deals: groups of filters, of which one group must hold, sorted and paged by offset.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::object::{Kind, Object, Property, parse_decimal};
use super::refusal::Refusal;

const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 200;
/// HubSpot pages no further than this into a search; a client must narrow its filter instead.
const REACH_MAX: usize = 10_000;
const GROUPS_MAX: usize = 5;
const FILTERS_MAX: usize = 6;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Search {
    #[serde(default)]
    filter_groups: Vec<FilterGroup>,
    #[serde(default)]
    sorts: Vec<Sort>,
    #[serde(default)]
    properties: Vec<String>,
    limit: Option<usize>,
    after: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterGroup {
    filters: Vec<Filter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    property_name: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Operator {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sort {
    property_name: String,
    #[serde(default)]
    direction: Direction,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Direction {
    #[default]
    Ascending,
    Descending,
}

pub(super) fn search(deals: &BTreeMap<u64, Object>, search: &Search) -> Result<Value, Refusal> {
    let limit = search.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Refusal::validation(format!("`limit` must be a number from 1 to {LIMIT_MAX}")));
    }
    let offset = search.offset()?;
    if offset.saturating_add(limit) > REACH_MAX {
        return Err(Refusal::validation(format!("a search reaches no further than {REACH_MAX} results")));
    }
    let groups = search.tests()?;
    let sort = search.sort()?;

    let holds = |deal: &Object| {
        groups.is_empty() || groups.iter().any(|group| group.iter().all(|test| test.holds(deal)))
    };
    // The map is in the order of ids, and the sort is stable: equal deals stay in that order.
    let mut found = deals.values().filter(|deal| holds(deal)).collect::<Vec<_>>();
    if let Some(sort) = sort {
        found.sort_by(|a, b| {
            let order = compare(a.property(&sort.property_name), b.property(&sort.property_name));
            if sort.direction == Direction::Descending { order.reverse() } else { order }
        });
    }

    let results = found.iter().skip(offset).take(limit).map(|deal| deal.wire(&search.properties));
    let mut body = json!({ "total": found.len(), "results": results.collect::<Vec<_>>() });
    let next = offset + limit;
    if let (true, Some(body)) = (next < found.len(), body.as_object_mut()) {
        body.insert("paging".to_owned(), json!({ "next": { "after": next.to_string() } }));
    }
    Ok(body)
}

/// A filter whose value has been read as the type of its property.
struct Test {
    name: String,
    operator: Operator,
    value: Property,
}

impl Test {
    fn holds(&self, deal: &Object) -> bool {
        let Some(actual) = deal.property(&self.name) else { return self.operator == Operator::Neq };
        let order = compare(Some(actual), Some(self.value.clone()));
        match self.operator {
            Operator::Eq => order.is_eq(),
            Operator::Neq => order.is_ne(),
            Operator::Gt => order.is_gt(),
            Operator::Gte => order.is_ge(),
            Operator::Lt => order.is_lt(),
            Operator::Lte => order.is_le(),
        }
    }
}

impl Search {
    fn offset(&self) -> Result<usize, Refusal> {
        let offset = match &self.after {
            None | Some(Value::Null) => Some(0),
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            Some(_) => None,
        };
        offset.ok_or_else(|| Refusal::validation("`after` of a search must be a number of results to skip"))
    }

    fn tests(&self) -> Result<Vec<Vec<Test>>, Refusal> {
        if self.filter_groups.len() > GROUPS_MAX {
            return Err(Refusal::validation(format!("a search has at most {GROUPS_MAX} filter groups")));
        }
        self.filter_groups.iter().map(FilterGroup::tests).collect()
    }

    fn sort(&self) -> Result<Option<&Sort>, Refusal> {
        match self.sorts.as_slice() {
            [] => Ok(None),
            [sort] => known(&sort.property_name).map(|()| Some(sort)),
            _ => Err(Refusal::validation("a search has at most one sort")),
        }
    }
}

impl FilterGroup {
    fn tests(&self) -> Result<Vec<Test>, Refusal> {
        if self.filters.is_empty() || self.filters.len() > FILTERS_MAX {
            return Err(Refusal::validation(format!("a filter group has from 1 to {FILTERS_MAX} filters")));
        }
        self.filters.iter().map(Filter::test).collect()
    }
}

impl Filter {
    fn test(&self) -> Result<Test, Refusal> {
        known(&self.property_name)?;
        let value = match self.property_name.as_str() {
            "amount" => parse_decimal(&self.value).map(Property::Decimal),
            "closedate" | "createdate" | "hs_lastmodifieddate" => {
                self.value.parse().ok().map(Property::Moment)
            }
            "hs_object_id" => self.value.parse().ok().map(Property::Number),
            _ if matches!(self.operator, Operator::Eq | Operator::Neq) => {
                Some(Property::Text(self.value.clone()))
            }
            _ => None,
        };
        let value = value.ok_or_else(|| {
            let name = &self.property_name;
            Refusal::validation(format!(
                "`{name}` cannot be compared so: dates take epoch milliseconds, texts only EQ and NEQ"
            ))
        })?;
        Ok(Test { name: self.property_name.clone(), operator: self.operator, value })
    }
}

fn known(name: &str) -> Result<(), Refusal> {
    if Kind::Deal.properties().contains(&name) {
        return Ok(());
    }
    Err(Refusal::validation("a filter or sort names a property that deals do not have"))
}

/// Orders two values of the same property; a missing one comes first.
fn compare(a: Option<Property>, b: Option<Property>) -> Ordering {
    match (a, b) {
        (Some(Property::Text(a)), Some(Property::Text(b))) => a.cmp(&b),
        (Some(Property::Number(a)), Some(Property::Number(b))) => a.cmp(&b),
        (
            Some(Property::Decimal(a) | Property::Moment(a)),
            Some(Property::Decimal(b) | Property::Moment(b)),
        ) => a.cmp(&b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
