//! What a connector offers: its actions and its triggers.

use wit::{Action, AuthScheme, Idempotency, Manifest, TriggerKind};

use super::problems::Problems;
use super::{scopes, webhooks};
use crate::egress::{CredentialPlace, is_token, refused_header};

const ACTIONS_MAX: usize = 256;
const TRIGGERS_MAX: usize = 64;
const EXAMPLES_MAX: usize = 16;
const NAME_RULE: &str = "a name has lower-case letters, digits and `_`, begins with a letter, and at most 63";

pub(super) fn check(problems: &mut Problems, manifest: &Manifest) {
    if problems.at_most("/actions", manifest.actions.len(), ACTIONS_MAX) {
        for (i, given) in manifest.actions.iter().enumerate() {
            let place = format!("/actions/{i}");
            if manifest.actions.iter().take(i).any(|earlier| earlier.name == given.name) {
                problems.add(&format!("{place}/name"), "the name is given twice; give it once");
            }
            action(problems, manifest, &place, given);
        }
    }
    if problems.at_most("/triggers", manifest.triggers.len(), TRIGGERS_MAX) {
        for (i, trigger) in manifest.triggers.iter().enumerate() {
            let place = format!("/triggers/{i}");
            if manifest.triggers.iter().take(i).any(|earlier| earlier.name == trigger.name) {
                problems.add(&format!("{place}/name"), "the name is given twice; give it once");
            }
            name(problems, &place, &trigger.name);
            super::title(problems, &format!("{place}/title"), &trigger.title);
            scopes::needed(problems, manifest, &format!("{place}/scopes"), &trigger.scopes);
            problems.schema(&format!("{place}/record"), &trigger.record);
            if let TriggerKind::Webhook(webhook) = &trigger.kind {
                webhooks::check(problems, &format!("{place}/kind/webhook"), webhook);
            }
        }
    }
}

fn name(problems: &mut Problems, place: &str, name: &str) {
    if !super::is_name(name) {
        problems.add(&format!("{place}/name"), NAME_RULE);
    }
}

fn action(problems: &mut Problems, manifest: &Manifest, place: &str, action: &Action) {
    name(problems, place, &action.name);
    super::title(problems, &format!("{place}/title"), &action.title);
    scopes::needed(problems, manifest, &format!("{place}/scopes"), &action.scopes);
    if let Some(declared) = &action.idempotency {
        idempotency(problems, manifest, &format!("{place}/idempotency"), declared);
    }
    let input = problems.schema(&format!("{place}/input"), &action.input);
    let output = problems.schema(&format!("{place}/output"), &action.output);
    if !problems.at_most(&format!("{place}/examples"), action.examples.len(), EXAMPLES_MAX) {
        return;
    }
    for (i, example) in action.examples.iter().enumerate() {
        let pairs = [("input", &input, &example.input), ("output", &output, &example.output)];
        for (part, schema, value) in pairs {
            let errors = schema.as_ref().map_or(Ok(()), |schema| schema.check(value));
            if let Err(errors) = errors {
                let first = errors.first().map_or("", String::as_str);
                let place = format!("{place}/examples/{i}/{part}");
                problems.add(&place, format_args!("it does not fit its schema: {first}"));
            }
        }
    }
}

fn idempotency(problems: &mut Problems, manifest: &Manifest, place: &str, declared: &Idempotency) {
    match (&declared.header, &declared.query) {
        (Some(header), None) if !may_set(manifest, header) => problems.add(
            &format!("{place}/header"),
            "it is no header that the connector may set; name one for instance Idempotency-Key",
        ),
        (None, Some(query)) if !may_ask(manifest, query) => problems.add(
            &format!("{place}/query"),
            "it is no query parameter that the connector may set; name one for instance requestid",
        ),
        (Some(_), None) | (None, Some(_)) => {}
        _ => problems.add(place, "it names either a `header` or a `query` parameter"),
    }
}

fn may_ask(manifest: &Manifest, query: &str) -> bool {
    let place = CredentialPlace::Query(query.to_owned());
    let carries_key = |scheme: &AuthScheme| CredentialPlace::of(scheme).contains(&place);
    is_token(query) && query.len() <= 64 && !manifest.auth.iter().any(carries_key)
}

fn may_set(manifest: &Manifest, header: &str) -> bool {
    let place = CredentialPlace::Header(header.to_ascii_lowercase());
    let carries_key = |scheme: &AuthScheme| CredentialPlace::of(scheme).contains(&place);
    is_token(header) && refused_header(header).is_none() && !manifest.auth.iter().any(carries_key)
}
