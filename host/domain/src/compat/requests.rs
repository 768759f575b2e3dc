//! What a connector asks for and is told: configuration, hosts, scopes, secrets, speed.

use wit::{HostInput, InputKind, Manifest, Rule, Scope};

use super::{Found, Kind, Reader, part};
use crate::egress::PathTemplate;

pub(super) fn compare(found: &mut Found, old: &Manifest, new: &Manifest) {
    // A profile's configuration was written for the old version and is read by the new one.
    found.schemas("/config", &old.config, &new.config, Reader::Receives);
    inputs(found, old, new);
    names(found, "/hosts", &old.hosts, &new.hosts, "it asks for this host, and did not");
    scopes(found, &old.scopes, &new.scopes);
    names(found, "/secrets", &old.secrets, &new.secrets, "it opens this secret, and did not");
    rate(found, old, new);
    answers(found, old, new);
}

fn names(found: &mut Found, place: &str, old: &[String], new: &[String], more: &str) {
    for name in new.iter().filter(|name| !old.contains(name)) {
        found.add(Kind::Permission, &format!("{place}/{}", part(name)), more);
    }
    for name in old.iter().filter(|name| !new.contains(name)) {
        found.add(Kind::Neutral, &format!("{place}/{}", part(name)), "it does not ask for this any more");
    }
}

fn inputs(found: &mut Found, old: &Manifest, new: &Manifest) {
    for input in &new.inputs {
        let place = format!("/inputs/{}", part(&input.name));
        match old.inputs.iter().find(|before| before.name == input.name) {
            None if input.default.is_none() => found.add(
                Kind::Breaking,
                &place,
                "a host needs this setting, which existing profiles do not have; give it a default",
            ),
            None => found.add(Kind::Additive, &place, "a new setting with a default"),
            Some(before) => input_changed(found, &place, before, input),
        }
    }
    for input in old.inputs.iter().filter(|input| new.inputs.iter().all(|other| other.name != input.name)) {
        let place = format!("/inputs/{}", part(&input.name));
        found.add(Kind::Breaking, &place, "the setting is gone: what profiles chose with it is ignored");
    }
}

fn input_changed(found: &mut Found, place: &str, old: &HostInput, new: &HostInput) {
    let reach = |kind: InputKind| match kind {
        InputKind::Label => 0,
        InputKind::HostName => 1,
        InputKind::Origin => 2,
    };
    if reach(new.kind) > reach(old.kind) {
        found.add(Kind::Permission, place, "the setting may name more than before");
        found.add(Kind::Breaking, place, "cannot tell: values were written for another form");
    } else if old.kind != new.kind {
        found.add(Kind::Breaking, place, "the setting may name less than before");
    }
    match (&old.default, &new.default) {
        (Some(before), Some(after)) if before != after => {
            found.add(Kind::Breaking, place, "another default: profiles that said nothing go elsewhere");
        }
        (Some(_), None) => {
            found.add(Kind::Breaking, place, "the default is gone: profiles that said nothing have no host");
        }
        (None, Some(_)) => found.add(Kind::Additive, place, "it has a default now"),
        _ => {}
    }
}

fn scopes(found: &mut Found, old: &[Scope], new: &[Scope]) {
    for scope in new {
        let place = format!("/scopes/{}", part(&scope.name));
        match old.iter().find(|before| before.name == scope.name) {
            None => {
                found.add(
                    Kind::Permission,
                    &place,
                    format_args!("a new scope: {}", lines(scope.rules.iter())),
                );
            }
            Some(before) => scope_changed(found, &place, before, scope),
        }
    }
    for scope in old.iter().filter(|scope| new.iter().all(|other| other.name != scope.name)) {
        let place = format!("/scopes/{}", part(&scope.name));
        found.add(Kind::Neutral, &place, "the scope is gone; what was granted by it is not needed any more");
    }
}

fn scope_changed(found: &mut Found, place: &str, old: &Scope, new: &Scope) {
    found.words(&format!("{place}/title"), &old.title, &new.title);
    let place = format!("{place}/rules");
    let beyond = |rules: &'_ [Rule], by: &[Rule]| -> Vec<String> {
        rules.iter().filter(|rule| !by.iter().any(|wide| covers(wide, rule))).map(line).collect()
    };
    let (more, less) = (beyond(&new.rules, &old.rules), beyond(&old.rules, &new.rules));
    if !more.is_empty() {
        found.add(Kind::Permission, &place, format_args!("covers more: {}", more.join(", ")));
    }
    if !less.is_empty() {
        found.add(Kind::Neutral, &place, format_args!("does not cover any more: {}", less.join(", ")));
    }
    let cost = |rules: &[Rule]| -> Vec<(String, Option<u32>)> {
        rules.iter().map(|rule| (line(rule), rule.cost)).collect()
    };
    if more.is_empty() && less.is_empty() && cost(&old.rules) != cost(&new.rules) {
        found.add(Kind::Neutral, &place, "the same requests in other words, or at another cost");
    }
}

fn covers(wide: &Rule, narrow: &Rule) -> bool {
    let paths = wide.path.parse::<PathTemplate>().ok().zip(narrow.path.parse::<PathTemplate>().ok());
    wide.method == narrow.method
        && (wide.host.is_none() || wide.host == narrow.host)
        && paths.is_some_and(|(wide, narrow)| wide.covers(&narrow))
}

fn line(rule: &Rule) -> String {
    match &rule.host {
        Some(host) => format!("{} {} at {host}", rule.method, rule.path),
        None => format!("{} {}", rule.method, rule.path),
    }
}

fn lines<'a>(rules: impl Iterator<Item = &'a Rule>) -> String {
    rules.map(line).collect::<Vec<_>>().join(", ")
}

fn rate(found: &mut Found, old: &Manifest, new: &Manifest) {
    let speed = |manifest: &Manifest| match manifest.rate {
        Some(rate) => format!("{} requests a second, {} at once", rate.per_second, rate.burst),
        None => "no rate".to_owned(),
    };
    if old.rate != new.rate {
        found.add(Kind::Neutral, "/rate", format_args!("was {}, is {}", speed(old), speed(new)));
    }
}

/// The first rule that matches decides, so a rule behind the others takes nothing from them.
fn answers(found: &mut Found, old: &Manifest, new: &Manifest) {
    if old.answers == new.answers {
        return;
    }
    let goes_on = new.answers.get(..old.answers.len()).is_some_and(|first| first == old.answers);
    let (kind, what) = if goes_on {
        (Kind::Additive, "more answers of the remote are understood")
    } else {
        (Kind::Breaking, "cannot tell: answers of the remote are understood otherwise")
    };
    found.add(kind, "/answers", what);
}

/// The names of the scopes that something needs.
pub(super) fn needed(found: &mut Found, place: &str, old: &[String], new: &[String]) {
    let place = format!("{place}/scopes");
    for name in new.iter().filter(|name| !old.contains(name)) {
        found.add(Kind::Permission, &place, format_args!("needs the scope {name:?}, and did not"));
    }
    for name in old.iter().filter(|name| !new.contains(name)) {
        found.add(Kind::Neutral, &place, format_args!("does not need the scope {name:?} any more"));
    }
}
