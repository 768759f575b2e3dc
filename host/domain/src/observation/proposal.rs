//! The least policy that covers what was tried, and what could go.

use std::collections::BTreeSet;

use super::{Observation, Tried};
use crate::denial::Gate;
use crate::egress::Origin;
use crate::ids::ScopeName;
use crate::profile::Grant;

/// What an operator may do about an observation. Nothing is changed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The origins that the tried requests need, of those that the manifest asks for.
    pub hosts: Vec<Right<Origin>>,
    /// The fewest scopes that cover the tried requests, of those that the manifest asks for.
    pub scopes: Vec<Right<ScopeName>>,
    /// No host or no scope of the manifest covers it: the manifest would have to change.
    pub uncovered: Vec<Tried>,
    /// Refused by a gate that no grant opens.
    pub refused: Vec<Tried>,
    /// Granted and not needed by anything that was tried.
    pub unused_hosts: Vec<Origin>,
    pub unused_scopes: Vec<ScopeName>,
    /// Requests that were only counted: with any, the proposal may lack something.
    pub more: u64,
}

/// A part of the proposed grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right<T> {
    pub name: T,
    pub granted: bool,
}

impl Proposal {
    pub fn new(seen: &Observation, requested: &BTreeSet<Origin>, grant: &Grant) -> Self {
        let (mut uncovered, mut refused) = (Vec::new(), Vec::new());
        let (mut hosts, mut covered) = (BTreeSet::new(), Vec::new());
        for tried in &seen.tried {
            let origin = tried.origin.parse::<Origin>().ok().filter(|origin| requested.contains(origin));
            if tried.path.is_empty() || tried.gate.is_some_and(no_grant_opens) {
                refused.push(tried.clone());
            }
            match origin {
                _ if tried.path.is_empty() => {}
                Some(origin) if !tried.scopes.is_empty() => {
                    hosts.insert(origin);
                    covered.push(tried);
                }
                _ => uncovered.push(tried.clone()),
            }
        }
        let scopes = fewest(&covered, &grant.scopes);
        let unused_hosts = grant.hosts.difference(&hosts).cloned().collect();
        let unused_scopes = grant.scopes.difference(&scopes).cloned().collect();
        let host = |name: Origin| Right { granted: grant.hosts.contains(&name), name };
        let scope = |name: ScopeName| Right { granted: grant.scopes.contains(&name), name };
        Self {
            hosts: hosts.into_iter().map(host).collect(),
            scopes: scopes.into_iter().map(scope).collect(),
            uncovered,
            refused,
            unused_hosts,
            unused_scopes,
            more: seen.more,
        }
    }
}

fn no_grant_opens(gate: Gate) -> bool {
    !matches!(gate, Gate::Hosts | Gate::Scope)
}

/// A small set of scopes that covers all: always the one that covers most of what is left, granted ones first among
/// equals, and at the end none that the others make superfluous.
fn fewest(tried: &[&Tried], granted: &BTreeSet<ScopeName>) -> BTreeSet<ScopeName> {
    let mut chosen: Vec<ScopeName> = Vec::new();
    let mut left: Vec<&Tried> = tried.to_vec();
    while !left.is_empty() {
        let names: BTreeSet<&ScopeName> = left.iter().flat_map(|tried| &tried.scopes).collect();
        let weight = |name: &ScopeName| {
            let covers = left.iter().filter(|tried| tried.scopes.contains(name)).count();
            (covers, granted.contains(name))
        };
        let Some(best) = names.into_iter().rev().max_by_key(|name| weight(name)).cloned() else { break };
        left.retain(|tried| !tried.scopes.contains(&best));
        chosen.push(best);
    }
    for name in chosen.clone() {
        let others =
            |tried: &&Tried| tried.scopes.iter().any(|scope| *scope != name && chosen.contains(scope));
        if tried.iter().all(others) {
            chosen.retain(|kept| *kept != name);
        }
    }
    chosen.into_iter().collect()
}
