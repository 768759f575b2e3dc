//! What one version of a connector requests, in a form in which two versions can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wit::{AuthScheme, Manifest, Placement, Rule};

use super::{Change, Direction, Subject};
use crate::connector::Connector;
use crate::egress::{HostTemplate, Origin, PathTemplate};
use crate::manifest::{ConfigError, requested_hosts};

/// Interfaces of the host that give a connector something. What else it may import is inert.
const CAPABILITIES: &str = "lockgate:connector/";

pub(super) struct Rights {
    /// What has no rules: it is requested or it is not.
    plain: BTreeSet<(Plain, String)>,
    scopes: BTreeMap<String, Vec<WireRule>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Plain {
    Host,
    Secret,
    Auth,
    Capability,
}

#[derive(PartialEq)]
struct WireRule {
    method: String,
    path: String,
    /// None where a template cannot be read: such a rule covers nothing, and nothing covers it.
    template: Option<PathTemplate>,
    /// The origins that it is about, with the configuration filled in.
    hosts: BTreeSet<Origin>,
    /// Whether it is about every host of the connector, also about those that are added later.
    every_host: bool,
}

impl Rights {
    pub(super) fn of(connector: &Connector, config: &Value) -> Result<Self, ConfigError> {
        let manifest = &connector.manifest;
        let hosts = requested_hosts(manifest, config)?;
        let named = |kind: Plain, names: Vec<String>| names.into_iter().map(move |name| (kind, name));
        let capabilities = connector.imports.iter().filter_map(|import| capability(import)).collect();
        let plain = named(Plain::Host, hosts.iter().map(ToString::to_string).collect())
            .chain(named(Plain::Secret, manifest.secrets.clone()))
            .chain(named(Plain::Auth, manifest.auth.iter().map(auth).collect()))
            .chain(named(Plain::Capability, capabilities))
            .collect();
        let rules =
            |rules: &[Rule]| rules.iter().map(|rule| wire_rule(rule, manifest, config, &hosts)).collect();
        let scopes = manifest.scopes.iter().map(|scope| (scope.name.clone(), rules(&scope.rules))).collect();
        Ok(Self { plain, scopes })
    }

    /// In a fixed order: what is more before what is less, hosts first.
    pub(super) fn changes(&self, after: &Self) -> Vec<Change> {
        let plain = |direction| {
            move |(kind, name): &(Plain, String)| Change {
                direction,
                subject: kind.subject(),
                name: name.clone(),
                lines: Vec::new(),
            }
        };
        let added = after.plain.difference(&self.plain).map(plain(Direction::Added));
        let removed = self.plain.difference(&after.plain).map(plain(Direction::Removed));
        let mut changes: Vec<Change> = added.chain(removed).collect();
        for (name, rules) in &after.scopes {
            match self.scopes.get(name) {
                None => changes.push(scope(Direction::Added, name, &[], rules)),
                Some(before) => changes.extend(compared(name, before, rules)),
            }
        }
        let gone = self.scopes.iter().filter(|(name, _)| !after.scopes.contains_key(*name));
        changes.extend(gone.map(|(name, rules)| scope(Direction::Removed, name, rules, &[])));
        // A stable sort: within a direction the order above stays.
        changes.sort_by_key(|change| !change.direction.is_more());
        changes
    }
}

fn compared(name: &str, before: &[WireRule], after: &[WireRule]) -> Option<Change> {
    let covered = |by: &[WireRule], rule: &WireRule| by.iter().any(|wide| wide.covers(rule));
    let direction = if !after.iter().all(|rule| covered(before, rule)) {
        Direction::Widened
    } else if !before.iter().all(|rule| covered(after, rule)) {
        Direction::Narrowed
    } else {
        return None;
    };
    Some(scope(direction, name, before, after))
}

fn scope(direction: Direction, name: &str, before: &[WireRule], after: &[WireRule]) -> Change {
    let came = after.iter().filter(|rule| !before.contains(rule)).map(|rule| format!("+ {}", rule.line()));
    let went = before.iter().filter(|rule| !after.contains(rule)).map(|rule| format!("- {}", rule.line()));
    Change { direction, subject: Subject::Scope, name: name.to_owned(), lines: came.chain(went).collect() }
}

impl WireRule {
    fn covers(&self, other: &Self) -> bool {
        let hosts = self.every_host || (!other.every_host && self.hosts.is_superset(&other.hosts));
        let paths = self.template.as_ref().zip(other.template.as_ref());
        hosts && self.method == other.method && paths.is_some_and(|(mine, theirs)| mine.covers(theirs))
    }

    fn line(&self) -> String {
        if self.every_host {
            return format!("{} {}", self.method, self.path);
        }
        let hosts: Vec<String> = self.hosts.iter().map(ToString::to_string).collect();
        format!("{} {} at {}", self.method, self.path, hosts.join(", "))
    }
}

fn wire_rule(rule: &Rule, manifest: &Manifest, config: &Value, all: &BTreeSet<Origin>) -> WireRule {
    let only = rule.host.as_ref().map(|host| {
        let template = HostTemplate::parse(host, &manifest.inputs).ok();
        template.and_then(|template| template.resolve(config).ok()).into_iter().collect()
    });
    WireRule {
        method: rule.method.clone(),
        path: rule.path.clone(),
        template: rule.path.parse().ok(),
        every_host: only.is_none(),
        hosts: only.unwrap_or_else(|| all.clone()),
    }
}

/// The interface without its version: a patch of it is the same capability.
fn capability(import: &str) -> Option<String> {
    let name = import.strip_prefix(CAPABILITIES)?;
    let name = name.split('@').next().unwrap_or(name);
    // Types are no power.
    (name != "types").then(|| name.to_owned())
}

/// A scheme in one line; two schemes that put the credential elsewhere are two.
fn auth(scheme: &AuthScheme) -> String {
    match scheme {
        AuthScheme::ApiKey { place, name, prefix } => {
            let place = match place {
                Placement::Header => "header",
                Placement::Query => "query",
                Placement::JsonField => "JSON field",
                Placement::FormField => "form field",
            };
            format!("api_key in the {place} {name:?} after {prefix:?}")
        }
        AuthScheme::Basic => "basic".to_owned(),
        AuthScheme::Bearer => "bearer".to_owned(),
        AuthScheme::Oauth2(oauth2) => {
            // Whole, so that another endpoint, client proof or scope of the provider is seen and agreed to.
            let whole = serde_json::to_string(oauth2).unwrap_or_default();
            format!("oauth2 {}", crate::text::inert(&whole, 2 << 10))
        }
        AuthScheme::AwsSigv4 { region, service, unsigned_payload, in_query } => {
            let place = if *in_query { "query" } else { "headers" };
            let body = if *unsigned_payload { "without" } else { "with" };
            format!("aws_sigv4 in the {place} for {service:?} in {region:?} {body} the body")
        }
        AuthScheme::Oauth1 { realm, realm_is_account } => match realm {
            None => "oauth1".to_owned(),
            Some(realm) if *realm_is_account => format!("oauth1 for the account {realm:?}"),
            Some(realm) => format!("oauth1 for the realm {realm:?}"),
        },
    }
}

impl Plain {
    fn subject(self) -> Subject {
        match self {
            Self::Host => Subject::Host,
            Self::Secret => Subject::Secret,
            Self::Auth => Subject::Auth,
            Self::Capability => Subject::Capability,
        }
    }
}
