//! Alternatives and combinations: `anyOf`, `oneOf`, `allOf`.

use serde_json::{Map, Value};

use super::keywords::{has, types, values};
use super::members::required;
use super::{Fit, Walk, follow, is_store, is_words};

impl<'a> Walk<'a> {
    /// Where one side is nothing but alternatives and the other a plain schema, the plain one is an alternative of its own.
    /// Says whether that was so.
    pub(super) fn as_branches(
        &mut self,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
        place: &str,
        depth: usize,
    ) -> bool {
        for name in ["anyOf", "oneOf"] {
            let single = |branches: &[&'a Value], schema: &'a Map<String, Value>, root: &'a Value| {
                branches.iter().copied().find(|branch| {
                    follow(root, branch)
                        .and_then(Value::as_object)
                        .is_some_and(|branch| types(branch).iter().any(|kind| has(&types(schema), kind)))
                })
            };
            match (only(old, name), only(new, name)) {
                (None, Some(after)) if !old.contains_key(name) => {
                    let Some(successor) = single(&after, old, self.new) else { return false };
                    let rest: Vec<&Value> =
                        after.iter().copied().filter(|branch| !std::ptr::eq(*branch, successor)).collect();
                    if name == "oneOf" && !rest.iter().all(|other| self.are_apart(self.new, successor, other))
                    {
                        return false;
                    }
                    self.keywords_of(old, successor, place, depth);
                    if !rest.is_empty() {
                        self.fits(Fit::Wider, place, "there are more alternatives");
                    }
                    return true;
                }
                (Some(before), None) if !new.contains_key(name) => {
                    let Some(predecessor) = single(&before, new, self.old) else { return false };
                    let Some(Value::Object(was)) = follow(self.old, predecessor) else { return false };
                    self.keywords(was, new, place, depth);
                    if before.len() > 1 {
                        self.fits(Fit::Narrower, place, "there are fewer alternatives");
                    }
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    fn keywords_of(&mut self, old: &'a Map<String, Value>, new: &'a Value, place: &str, depth: usize) {
        match follow(self.new, new) {
            Some(Value::Object(new)) => self.keywords(old, new, place, depth),
            _ => self.fits(Fit::Unknown, place, "an alternative cannot be followed"),
        }
    }

    pub(super) fn branches(
        &mut self,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
        place: &str,
        depth: usize,
    ) {
        for name in ["anyOf", "oneOf", "allOf"] {
            let (before, after) = (listed(old, name), listed(new, name));
            if before.is_empty() && after.is_empty() {
                continue;
            }
            let place = format!("{place}/{name}");
            // A list that was not there limits; one that is gone does not.
            match (before.is_empty(), after.is_empty(), name) {
                (true, _, _) => {
                    self.fits(Fit::Narrower, &place, "came");
                    continue;
                }
                (_, true, _) => {
                    self.fits(Fit::Wider, &place, "is gone");
                    continue;
                }
                _ => {}
            }
            self.listed(name, before, after, &place, depth);
        }
    }

    fn listed(
        &mut self,
        name: &str,
        before: Vec<&'a Value>,
        after: Vec<&'a Value>,
        place: &str,
        depth: usize,
    ) {
        let (old_root, new_root) = (self.old, self.new);
        let same = |was: &Value, is: &Value| {
            follow(old_root, was)
                .zip(follow(new_root, is))
                .is_some_and(|(was, is)| was == is && !mentions_ref(was))
        };
        let gone: Vec<&Value> =
            before.iter().copied().filter(|was| !after.iter().any(|is| same(was, is))).collect();
        let came: Vec<&Value> =
            after.iter().copied().filter(|is| !before.iter().any(|was| same(was, is))).collect();
        let (more, fewer) =
            if name == "allOf" { (Fit::Narrower, Fit::Wider) } else { (Fit::Wider, Fit::Narrower) };
        if gone.len() == came.len() {
            // In the order in which they stand; where they were also put in another order, more is found than changed.
            for (i, (was, is)) in gone.into_iter().zip(came).enumerate() {
                self.pair(was, is, &format!("{place}/{i}"), depth);
            }
        } else if gone.is_empty() {
            let overlaps = name == "oneOf"
                && came.iter().enumerate().any(|(i, is)| {
                    let others = before.iter().map(|was| (old_root, *was));
                    let earlier = came.iter().take(i).map(|other| (new_root, *other));
                    others.chain(earlier).any(|(root, other)| !apart(root, other, new_root, is))
                });
            if overlaps {
                self.fits(
                    Fit::Unknown,
                    place,
                    "an alternative came that may fit together with another, of which only one may",
                );
            } else {
                self.fits(more, place, format_args!("{} more", came.len()));
            }
        } else if came.is_empty() {
            self.fits(fewer, place, format_args!("{} fewer", gone.len()));
        } else {
            self.fits(Fit::Unknown, place, "alternatives came and went");
        }
    }

    fn are_apart(&self, root: &Value, one: &Value, other: &Value) -> bool {
        apart(root, one, root, other)
    }
}

/// Whether no value fits both, as far as can be seen at once: by type, or by a property that both require.
fn apart(one_root: &Value, one: &Value, other_root: &Value, other: &Value) -> bool {
    let schemas = follow(one_root, one).and_then(Value::as_object);
    let Some((one, other)) = schemas.zip(follow(other_root, other).and_then(Value::as_object)) else {
        return false;
    };
    let types_apart = !types(one).iter().any(|kind| has(&types(other), kind))
        && !types(other).iter().any(|kind| has(&types(one), kind));
    if types_apart || values_apart(one, other) {
        return true;
    }
    let property = |schema: &Map<String, Value>, name: &str| -> Option<Map<String, Value>> {
        schema.get("properties")?.get(name)?.as_object().cloned()
    };
    let both = required(one).intersection(&required(other)).copied().collect::<Vec<_>>();
    both.iter().any(|name| {
        property(one, name).zip(property(other, name)).is_some_and(|(one, other)| values_apart(&one, &other))
    })
}

fn values_apart(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    values(one).zip(values(other)).is_some_and(|(one, other)| !one.iter().any(|value| other.contains(value)))
}

fn listed<'a>(schema: &'a Map<String, Value>, name: &str) -> Vec<&'a Value> {
    schema.get(name).and_then(Value::as_array).into_iter().flatten().collect()
}

/// The alternatives of a schema that says nothing else.
fn only<'a>(schema: &'a Map<String, Value>, name: &str) -> Option<Vec<&'a Value>> {
    let alone = schema.keys().all(|other| other == name || is_words(other) || is_store(other));
    (alone && schema.contains_key(name)).then(|| listed(schema, name))
}

/// What it refers to may differ although it reads the same.
fn mentions_ref(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.contains_key("$ref") || members.values().any(mentions_ref),
        Value::Array(items) => items.iter().any(mentions_ref),
        _ => false,
    }
}
