//! What objects and lists hold.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Fit, Kind, Reader, Walk};
use crate::compat::part;

impl<'a> Walk<'a> {
    pub(super) fn members(
        &mut self,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
        place: &str,
        depth: usize,
    ) {
        let (before, after) = (properties(old), properties(new));
        for (name, was) in before.into_iter().flatten() {
            let place = format!("{place}/properties/{}", part(name));
            match (after.and_then(|after| after.get(name)), self.reader) {
                (Some(is), _) => self.pair(was, is, &place, depth),
                (None, Reader::Gives) => self.add(Kind::Breaking, &place, "the property is gone"),
                (None, Reader::Receives) => {
                    self.add(
                        Kind::Breaking,
                        &place,
                        "the property is gone: what is sent there is refused or ignored",
                    );
                }
            }
        }
        let (needed_before, needed_after) = (required(old), required(new));
        for (name, _) in after.into_iter().flatten() {
            if before.is_none_or(|before| !before.contains_key(name)) {
                let place = format!("{place}/properties/{}", part(name));
                // One that is required is told of below.
                if self.reader == Reader::Gives || !needed_after.contains(name.as_str()) {
                    self.add(Kind::Additive, &place, "a new property");
                }
            }
        }
        for name in needed_after.difference(&needed_before) {
            let place = format!("{place}/properties/{}", part(name));
            self.fits(Fit::Narrower, &place, "it is required now");
        }
        for name in needed_before.difference(&needed_after) {
            let place = format!("{place}/properties/{}", part(name));
            self.fits(Fit::Wider, &place, "it is not required any more");
        }
        let rest = format!("{place}/additionalProperties");
        self.pair(
            or_anything(old, "additionalProperties"),
            or_anything(new, "additionalProperties"),
            &rest,
            depth,
        );
    }

    pub(super) fn items(
        &mut self,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
        place: &str,
        depth: usize,
    ) {
        let (before, after) = (or_anything(old, "items"), or_anything(new, "items"));
        if before.is_array() || after.is_array() {
            if before != after {
                self.fits(Fit::Unknown, &format!("{place}/items"), "`items` is a list");
            }
        } else {
            self.pair(before, after, &format!("{place}/items"), depth);
        }
        match (old.get("prefixItems"), new.get("prefixItems")) {
            (Some(Value::Array(before)), Some(Value::Array(after))) if before.len() == after.len() => {
                for (i, (was, is)) in before.iter().zip(after).enumerate() {
                    self.pair(was, is, &format!("{place}/prefixItems/{i}"), depth);
                }
            }
            (before, after) if before == after => {}
            _ => self.fits(Fit::Unknown, place, "`prefixItems` changed"),
        }
    }
}

fn properties(schema: &Map<String, Value>) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

pub(super) fn required(schema: &Map<String, Value>) -> BTreeSet<&str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn or_anything<'a>(schema: &'a Map<String, Value>, name: &str) -> &'a Value {
    static ANYTHING: Value = Value::Bool(true);
    schema.get(name).unwrap_or(&ANYTHING)
}
