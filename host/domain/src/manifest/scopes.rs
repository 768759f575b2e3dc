//! The scopes of a manifest: unique names, and rules that can be read at the wire.

use wit::{Manifest, Rule};

use super::problems::Problems;
use crate::egress::{Method, PathTemplate};
use crate::ids::ScopeName;

const SCOPES_MAX: usize = 128;
const RULES_MAX: usize = 64;
/// Each request is compared with every rule until one covers it, so the sum bounds what a request costs the host.
const RULES_IN_ALL_MAX: usize = 1_024;

pub(super) fn check(problems: &mut Problems, manifest: &Manifest) {
    if !problems.at_most("/scopes", manifest.scopes.len(), SCOPES_MAX) {
        return;
    }
    let rules = manifest.scopes.iter().map(|scope| scope.rules.len()).fold(0, usize::saturating_add);
    if rules > RULES_IN_ALL_MAX {
        problems.add(
            "/scopes",
            format!("{rules} rules in all are more than {RULES_IN_ALL_MAX}; merge some with placeholders"),
        );
        return;
    }
    for (i, scope) in manifest.scopes.iter().enumerate() {
        let place = format!("/scopes/{i}");
        if let Err(error) = scope.name.parse::<ScopeName>() {
            problems.add(&format!("{place}/name"), error);
        }
        if manifest.scopes.iter().take(i).any(|earlier| earlier.name == scope.name) {
            problems.add(&format!("{place}/name"), "the name is given twice; give it once");
        }
        super::title(problems, &format!("{place}/title"), &scope.title);
        if scope.rules.is_empty() {
            problems.add(&format!("{place}/rules"), "a scope covers at least one request; add a rule");
        }
        if problems.at_most(&format!("{place}/rules"), scope.rules.len(), RULES_MAX) {
            for (j, given) in scope.rules.iter().enumerate() {
                rule(problems, manifest, &format!("{place}/rules/{j}"), given);
            }
        }
    }
}

fn rule(problems: &mut Problems, manifest: &Manifest, place: &str, rule: &Rule) {
    if let Err(error) = rule.method.parse::<Method>() {
        problems.add(&format!("{place}/method"), error);
    }
    if let Err(error) = rule.path.parse::<PathTemplate>() {
        problems.add(&format!("{place}/path"), error);
    }
    let cost_max = manifest.rate.map_or(super::RATE_MAX, |rate| rate.burst);
    if rule.cost.is_some_and(|cost| !(1..=cost_max).contains(&cost)) {
        problems.add(
            &format!("{place}/cost"),
            format_args!("it is between 1 and {cost_max}, as many as `rate` lets go at once"),
        );
    }
    if let Some(host) = &rule.host
        && !manifest.hosts.contains(host)
    {
        problems.add(&format!("{place}/host"), "it is none of `hosts`; repeat one of them word for word");
    }
}

/// The scopes that an action or a trigger needs.
pub(super) fn needed(problems: &mut Problems, manifest: &Manifest, place: &str, names: &[String]) {
    if !problems.at_most(place, names.len(), SCOPES_MAX) {
        return;
    }
    for (i, name) in names.iter().enumerate() {
        if !manifest.scopes.iter().any(|scope| scope.name == *name) {
            problems.add(
                &format!("{place}/{i}"),
                format_args!("no scope is named {name:?}; declare it in `scopes`"),
            );
        }
    }
}
