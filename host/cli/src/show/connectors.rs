//! Connectors: what each asks for, for the person who is to grant it.

use serde_json::Value;
use server::dto::{AuthScheme, Connector, ConnectorSummary, Page, Uploaded};

use super::{cell, count, fields, inert, json_line, or_none, section, table};

pub(crate) fn list(page: &Page<ConnectorSummary>) -> String {
    let mut rows = table(["name", "version", "title", "category", "KiB", "digest", "uploaded"]);
    for connector in &page.items {
        rows.add_row([
            cell(&connector.name),
            cell(&connector.version),
            cell(&connector.title),
            cell(&connector.category),
            count(connector.size_bytes.div_ceil(1024)),
            cell(connector.digest.get(..12).unwrap_or_default()),
            cell(&connector.uploaded_at),
        ]);
    }
    or_none(&rows, "no connectors; `lockgate upload FILE` brings one")
}

pub(crate) fn uploaded(uploaded: &Uploaded) -> String {
    let admission = uploaded.admission;
    let what = if uploaded.existed { "was there before; nothing was changed" } else { "admitted" };
    let cached = if admission.cached { ", from the cache" } else { "" };
    let waiting = match uploaded.pending_consent.as_slice() {
        [] => String::new(),
        waiting => format!(
            "It asks for more than the version before; these profiles go on with that one until somebody consents: {}\n",
            inert(&waiting.join(", "))
        ),
    };
    let small = uploaded.small_step.as_ref().map(|small| {
        let (name, version) = (inert(&uploaded.connector.name), inert(&uploaded.connector.version));
        let since = inert(&small.since);
        format!(
            "Its version says too little: since {since} it made a {} step, so the least would be {}; see `lockgate diff \
             {name}@{since} {name}@{version}`\n",
            inert(&small.step),
            inert(&small.least),
        )
    });
    let small = small.unwrap_or_default();
    format!(
        "{} {} {what}\n{waiting}{small}examined in {} ms, compiled in {} ms{cached}, described in {} ms\n\n{}",
        inert(&uploaded.connector.name),
        inert(&uploaded.connector.version),
        admission.examine_us.div_ceil(1000),
        admission.compile_us.div_ceil(1000),
        admission.describe_us.div_ceil(1000),
        one(&uploaded.connector),
    )
}

pub(crate) fn one(connector: &Connector) -> String {
    let mut text = fields(&[
        ("connector", format!("{} {}", inert(&connector.name), inert(&connector.version))),
        ("title", inert(&connector.title)),
        ("category", inert(&connector.category)),
        ("digest", inert(&connector.digest)),
        ("size", format!("{} bytes", connector.size_bytes)),
        ("uploaded", inert(&connector.uploaded_at)),
        ("auth", either(connector.auth.iter().map(auth))),
        ("secrets", either(connector.secrets.iter().map(|name| inert(name)))),
        ("imports", either(connector.imports.iter().map(|name| inert(name)))),
    ]);
    let mut hosts = table(["host"]);
    for host in &connector.hosts {
        hosts.add_row([cell(host)]);
    }
    text.push_str(&section("It wants to reach:", &hosts));
    let mut inputs = table(["property", "is", "default"]);
    for input in &connector.inputs {
        inputs.add_row([cell(&input.name), cell(&input.kind), cell(input.default.as_deref().unwrap_or("-"))]);
    }
    text.push_str(&section("where a profile's configuration fills in:", &inputs));
    let mut scopes = table(["scope", "lets it", "by these requests"]);
    for scope in &connector.scopes {
        let rules = scope.rules.iter().map(|rule| match &rule.host {
            Some(host) => format!("{} {}{}", inert(&rule.method), inert(host), inert(&rule.path)),
            None => format!("{} {}", inert(&rule.method), inert(&rule.path)),
        });
        let rules: Vec<_> = rules.collect();
        scopes.add_row([inert(&scope.name), inert(&scope.title), rules.join("\n")]);
    }
    text.push_str(&section("It asks for these scopes:", &scopes));
    let mut actions = table(["action", "title", "effect", "needs", "idempotency"]);
    for action in &connector.actions {
        actions.add_row([
            inert(&action.name),
            inert(&action.title),
            action.effect.word(),
            either(action.scopes.iter().map(|scope| inert(scope))),
            match (&action.idempotency_header, &action.idempotency_query) {
                (Some(header), _) => inert(header),
                (None, Some(query)) => format!("?{}=", inert(query)),
                (None, None) => "-".to_owned(),
            },
        ]);
    }
    text.push_str(&section("It can do:", &actions));
    let mut triggers = table(["trigger", "title", "kind", "needs"]);
    for trigger in &connector.triggers {
        triggers.add_row([
            inert(&trigger.name),
            inert(&trigger.title),
            inert(&trigger.kind),
            either(trigger.scopes.iter().map(|scope| inert(scope))),
        ]);
    }
    text.push_str(&section("It can bring:", &triggers));
    if !connector.answers.is_empty() {
        let mut answers = table(["means", "where"]);
        for rule in &connector.answers {
            let means = rule.get("means").and_then(Value::as_str).unwrap_or("-");
            answers.add_row([cell(means), cell(&json_line(rule))]);
        }
        text.push_str(&section("It reads these answers otherwise than by their status:", &answers));
    }
    text
}

fn either(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() { "-".to_owned() } else { items.join(", ") }
}

fn auth(scheme: &AuthScheme) -> String {
    let said = [&scheme.place, &scheme.name, &scheme.region, &scheme.service, &scheme.realm];
    let said: Vec<_> = said.into_iter().flatten().map(|text| inert(text)).collect();
    let kind = inert(&scheme.kind);
    if said.is_empty() { kind } else { format!("{kind} ({})", said.join(" ")) }
}
