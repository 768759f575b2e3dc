//! Types, values and bounds: the keywords that hold no other schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Fit, Kind, Reader, Walk, is_store, is_words};

const TYPES: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];
/// Raising one of these leaves fewer values, lowering one leaves more.
const FLOORS: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
/// And these the other way round.
const CEILINGS: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
/// What stands there is either there or not; two that differ cannot be compared.
const TEXTS: [&str; 2] = ["pattern", "format"];
/// Compared elsewhere in this folder.
const KNOWN: [&str; 16] = [
    "type",
    "enum",
    "const",
    "multipleOf",
    "uniqueItems",
    "default",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "anyOf",
    "oneOf",
    "allOf",
    "pattern",
    "format",
];

impl<'a> Walk<'a> {
    /// Whether the two have a type in common.
    pub(super) fn types(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, place: &str) -> bool {
        let (before, after) = (types(old), types(new));
        let gone: Vec<&str> = before.iter().copied().filter(|kind| !has(&after, kind)).collect();
        let came: Vec<&str> = after.iter().copied().filter(|kind| !has(&before, kind)).collect();
        if !came.is_empty() {
            self.fits(Fit::Wider, place, format_args!("may be {} now", came.join(" or ")));
        }
        if !gone.is_empty() {
            // Where no number may come any more except whole ones, numbers became whole ones.
            self.fits(Fit::Narrower, place, format_args!("may not be {} any more", gone.join(" or ")));
        }
        gone.len() < before.len() || came.len() < after.len()
    }

    pub(super) fn values(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, place: &str) {
        match (values(old), values(new)) {
            (None, None) => {}
            (None, Some(_)) => self.fits(Fit::Narrower, place, "only listed values fit now"),
            (Some(_), None) => self.fits(Fit::Wider, place, "not only listed values fit now"),
            (Some(before), Some(after)) => {
                for value in after.iter().filter(|value| !before.contains(value)) {
                    self.fits(Fit::Wider, place, format_args!("the value {value} came"));
                }
                for value in before.iter().filter(|value| !after.contains(value)) {
                    self.fits(Fit::Narrower, place, format_args!("the value {value} is gone"));
                }
            }
        }
        let (before, after) = (old.get("default"), new.get("default"));
        if self.reader == Reader::Receives && before != after {
            match before {
                Some(_) => {
                    self.add(Kind::Breaking, place, "another default: what is left out means something else")
                }
                None => self.add(Kind::Neutral, place, "it has a default now"),
            }
        }
    }

    pub(super) fn bounds(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, place: &str) {
        for (names, rising) in [(FLOORS, Fit::Narrower), (CEILINGS, Fit::Wider)] {
            for name in names {
                let (before, after) = (bound(old, name), bound(new, name));
                let fit = match (before, after) {
                    (None, None) => continue,
                    (None, Some(_)) => Fit::Narrower,
                    (Some(_), None) => Fit::Wider,
                    (Some(before), Some(after)) if before == after => continue,
                    (Some(before), Some(after)) if after > before => rising,
                    (Some(_), Some(_)) if rising == Fit::Wider => Fit::Narrower,
                    (Some(_), Some(_)) => Fit::Wider,
                };
                self.fits(fit, place, format_args!("`{name}` {}", moved(old.get(name), new.get(name))));
            }
        }
        for name in TEXTS {
            let fit = match (old.get(name), new.get(name)) {
                (before, after) if before == after => continue,
                (None, Some(_)) => Fit::Narrower,
                (Some(_), None) => Fit::Wider,
                _ => Fit::Unknown,
            };
            self.fits(fit, place, format_args!("`{name}` {}", moved(old.get(name), new.get(name))));
        }
        let unique =
            |of: &Map<String, Value>| of.get("uniqueItems").and_then(Value::as_bool).unwrap_or(false);
        match (unique(old), unique(new)) {
            (false, true) => self.fits(Fit::Narrower, place, "no item may come twice now"),
            (true, false) => self.fits(Fit::Wider, place, "an item may come twice now"),
            _ => {}
        }
        let multiple = |of: &Map<String, Value>| of.get("multipleOf").and_then(Value::as_f64);
        let fit = match (multiple(old), multiple(new)) {
            (before, after) if before == after => return,
            (None, _) => Fit::Narrower,
            (_, None) => Fit::Wider,
            (Some(before), Some(after)) if before % after == 0.0 => Fit::Wider,
            (Some(before), Some(after)) if after % before == 0.0 => Fit::Narrower,
            _ => Fit::Unknown,
        };
        self.fits(
            fit,
            place,
            format_args!("`multipleOf` {}", moved(old.get("multipleOf"), new.get("multipleOf"))),
        );
    }

    /// Keywords that are not understood here have to stay as they are.
    pub(super) fn others(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, place: &str) {
        let known = |name: &str| {
            KNOWN.contains(&name)
                || FLOORS.contains(&name)
                || CEILINGS.contains(&name)
                || is_words(name)
                || is_store(name)
        };
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).filter(|name| !known(name)).collect();
        for name in names {
            if old.get(name) != new.get(name) {
                self.fits(Fit::Unknown, place, format_args!("`{name}` changed"));
            }
        }
    }
}

/// The types that fit; a whole number is a number as well.
pub(super) fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => TYPES.to_vec(),
    }
}

pub(super) fn has(types: &[&str], kind: &str) -> bool {
    types.contains(&kind) || (kind == "integer" && types.contains(&"number"))
}

/// The values that a schema lists.
pub(super) fn values(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(one), _) => Some(vec![one]),
        (None, Some(Value::Array(many))) => Some(many.iter().collect()),
        _ => None,
    }
}

fn bound(schema: &Map<String, Value>, name: &str) -> Option<f64> {
    // These say nothing.
    let nothing = matches!(name, "minLength" | "minItems" | "minProperties");
    schema.get(name).and_then(Value::as_f64).filter(|bound| !(nothing && *bound == 0.0))
}

fn moved(old: Option<&Value>, new: Option<&Value>) -> String {
    match (old, new) {
        (None, Some(new)) => format!("is {new}, and was not there"),
        (Some(old), None) => format!("was {old}, and is gone"),
        (Some(old), Some(new)) => format!("was {old}, and is {new}"),
        (None, None) => String::new(),
    }
}
