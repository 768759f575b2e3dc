//! Scopes: what an operator grants, named after the provider's own scopes or after tags.

use std::collections::{BTreeMap, BTreeSet};

use wit::{Effect, Rule, Scope};

use crate::names::{slug, spoken, title};
use crate::operation::Operation;
use crate::project::Notes;

/// The host's own bounds.
const RULES_MAX: usize = 64;
const SCOPES_MAX: usize = 128;
const NAME_BYTES_MAX: usize = 120;

/// The scopes of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    pub(crate) list: Vec<Scope>,
    /// What each operation needs, in the order of operations.
    pub(crate) needed: Vec<Vec<String>>,
    /// What the provider calls each.
    pub(crate) provider: BTreeMap<String, Vec<String>>,
}

/// The provider's scopes name ours where it has at least two of them: one for everything would let nobody grant less.
pub(crate) fn of(operations: &[Operation], one_host: bool, notes: &mut Notes) -> Scopes {
    let known: BTreeSet<&String> =
        operations.iter().flat_map(|operation| &operation.provider_scopes).collect();
    let by_provider = known.len() > 1;
    let tags: BTreeSet<&str> = operations.iter().map(|operation| operation.tag.as_str()).collect();
    // Three scopes for each tag at most.
    let by_tag = tags.len() * 3 <= SCOPES_MAX;
    if !by_tag {
        notes.add(
            "/tags",
            "there are too many tags for a scope each; scopes are named after what operations do",
        );
    }
    let mut gathered: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
    let mut titles: BTreeMap<String, String> = BTreeMap::new();
    let mut scopes = Scopes::default();
    for operation in operations {
        let names: Vec<(String, String, Vec<String>)> =
            if by_provider && !operation.provider_scopes.is_empty() {
                operation
                    .provider_scopes
                    .iter()
                    .map(|scope| {
                        (
                            name_of(scope),
                            format!("What {} is for there", spoken_scope(scope)),
                            vec![scope.clone()],
                        )
                    })
                    .collect()
            } else {
                let (verb, does) = verb(operation);
                let tag = if by_tag { operation.tag.as_str() } else { "api" };
                vec![(
                    format!("{}:{verb}", slug(tag)),
                    format!("{does}: {}", spoken(tag)),
                    operation.provider_scopes.clone(),
                )]
            };
        let mut needed = Vec::new();
        for (name, told, provider) in names {
            let host = (!one_host).then(|| operation.server.host.clone());
            let rule =
                Rule { method: operation.method.to_owned(), path: operation.rule.clone(), host, cost: None };
            let name = with_room(&name, &rule, &mut gathered);
            titles.entry(name.clone()).or_insert_with(|| title(&told).unwrap_or_else(|| name.clone()));
            let of_provider = scopes.provider.entry(name.clone()).or_default();
            of_provider.extend(
                provider.into_iter().filter(|scope| !of_provider.contains(scope)).collect::<Vec<_>>(),
            );
            if !needed.contains(&name) {
                needed.push(name);
            }
        }
        scopes.needed.push(needed);
    }
    scopes.provider.retain(|_, names| !names.is_empty());
    scopes.list = gathered
        .into_iter()
        .map(|(name, rules)| Scope {
            title: titles.remove(&name).unwrap_or_else(|| name.clone()),
            name,
            rules,
        })
        .collect();
    scopes
}

/// The scope of this name, or the next of its kind that has room for another rule.
fn with_room(name: &str, rule: &Rule, gathered: &mut BTreeMap<String, Vec<Rule>>) -> String {
    let numbered = (2_usize..=SCOPES_MAX).map(|number| format!("{name}-{number}"));
    for name in std::iter::once(name.to_owned()).chain(numbered) {
        let rules = gathered.entry(name.clone()).or_default();
        if rules.contains(rule) {
            return name;
        }
        if rules.len() < RULES_MAX {
            rules.push(rule.clone());
            return name;
        }
    }
    name.to_owned()
}

fn verb(operation: &Operation) -> (&'static str, &'static str) {
    match (operation.effect(), operation.method) {
        (Effect::Read, _) => ("read", "Read"),
        (Effect::Write, "DELETE") => ("delete", "Delete"),
        (Effect::Write, _) => ("write", "Create and change"),
    }
}

/// In the grammar of scopes.
fn name_of(scope: &str) -> String {
    let name: String = scope
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || ":._/-".contains(c) { c } else { '-' })
        .collect();
    // A scope that is a URL is known by its end.
    let end = name.rsplit("//").next().unwrap_or(&name).trim_matches('/');
    let cut: String = end.chars().take(NAME_BYTES_MAX).collect();
    if cut.is_empty() { "api".to_owned() } else { cut }
}

fn spoken_scope(scope: &str) -> String {
    title(scope).unwrap_or_else(|| "it".to_owned())
}
