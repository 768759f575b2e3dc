//! How a file begins, how long it is, and what never appears in one.

/// Files over the limit, each with a reason and its length, which may only shrink.
const LONG: &[(&str, usize, &str)] = &[];

const LINES_MAX: usize = 500;

#[test]
fn every_file_says_first_what_it_is_for() {
    for (name, text) in super::sources() {
        assert!(text.starts_with("//!"), "{name} does not begin with //!");
    }
}

#[test]
fn no_file_is_longer_than_one_idea() {
    for (name, text) in super::sources() {
        let lines = text.lines().count();
        match LONG.iter().find(|(long, ..)| *long == name) {
            None => assert!(lines <= LINES_MAX, "{name} has {lines} lines; at most {LINES_MAX}"),
            Some((_, was, reason)) => {
                assert!(!reason.is_empty() && lines <= *was, "{name} grew from {was} to {lines} lines");
            }
        }
    }
    for (name, ..) in LONG {
        let lines =
            std::fs::read_to_string(super::top().join(name)).expect("a listed file exists").lines().count();
        assert!(lines > LINES_MAX, "{name} is short enough now: take it off the list");
    }
}

#[test]
fn no_room_is_a_junk_drawer() {
    for (name, _) in super::sources() {
        let stem = name.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        let banned =
            ["util", "utils", "common", "helpers", "helper", "manager", "handler", "service", "misc"];
        assert!(!banned.contains(&stem), "{name}: a name that says nothing");
    }
}

#[test]
fn nothing_is_left_open_in_the_code() {
    let marks =
        [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("FIX", "ME"), concat!("XX", "X:")];
    for (name, text) in super::sources() {
        for mark in marks {
            assert!(!text.contains(mark), "{name} contains {mark}");
        }
    }
}

#[test]
fn compiled_code_is_trusted_in_one_place_only() {
    let callers: Vec<_> = super::sources()
        .into_iter()
        .filter(|(name, text)| name.starts_with("host/") && text.contains("Component::deserialize"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(callers.len(), 1, "compiled code is deserialised in {callers:?}");
}

#[test]
fn what_a_guest_sends_enters_the_door_in_one_place_only() {
    let senders: Vec<_> = super::sources()
        .into_iter()
        .filter(|(name, _)| name.starts_with("host/runtime/src/"))
        .flat_map(|(name, text)| {
            let at = text.matches(".send_within(").count() + text.matches("egress.send(").count();
            std::iter::repeat_n(name, at)
        })
        .collect();
    assert_eq!(senders, ["host/runtime/src/capabilities/http.rs"], "requests are sent from here");
}

#[test]
fn a_key_of_the_store_is_built_in_one_file_only() {
    for (name, text) in super::sources() {
        let separator = text.contains("b\"\\0\"") || text.contains("b'\\0'") || text.contains("push(0)");
        let builds = name.starts_with("host/store/src/tables") && separator;
        assert!(!builds, "{name} builds a key; keys are built in keys.rs");
    }
}
