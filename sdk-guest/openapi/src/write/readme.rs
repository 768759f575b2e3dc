//! The README of a generated project: what the connector does, what it needs, and what was left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wit::{AuthScheme, Effect, Manifest};

use crate::operation::Operation;
use crate::project::Note;

pub(crate) fn of(manifest: &Manifest, operations: &[Operation], notes: &[Note]) -> String {
    let mut text = format!("# {}\n\n", manifest.title);
    let _ = writeln!(
        text,
        "A Lockgate connector with {} actions and {} triggers, written once from the API's OpenAPI description. All of it is\n\
         yours to change: `src/manifest.json` says what it can do and asks for, `src/operations.rs` what goes on the wire.\n",
        manifest.actions.len(),
        manifest.triggers.len()
    );
    text.push_str("```sh\nlockgate build\nlockgate check     # what a host says of it\nlockgate test      # tests/*.yaml, in the sandbox and without a network\n```\n\n");
    text.push_str("An input has one member for each parameter; what is sent as the request's body is its member `body`.\n\n");
    needs(&mut text, manifest);
    text.push_str("## Actions\n\n| action | request | effect | scopes |\n|---|---|---|---|\n");
    for (operation, action) in operations.iter().zip(&manifest.actions) {
        let effect = if action.effect == Effect::Read { "read" } else { "write" };
        let (name, method, path) = (&action.name, operation.method, cell(&operation.path));
        let _ = writeln!(
            text,
            "| `{name}` | `{method} {path}` | {effect} | {} |",
            cell(&action.scopes.join(", "))
        );
    }
    if !manifest.triggers.is_empty() {
        text.push_str("\n## Triggers\n\nLists that are read page by page, and again from their beginning when they have ended:\n");
        let names: Vec<String> =
            manifest.triggers.iter().map(|trigger| format!("`{}`", trigger.name)).collect();
        let _ = writeln!(text, "{}.", names.join(", "));
    }
    left_out(&mut text, notes);
    text
}

fn needs(text: &mut String, manifest: &Manifest) {
    text.push_str("## What it needs\n\n");
    let hosts: Vec<String> = manifest.hosts.iter().map(|host| format!("`{host}`")).collect();
    let _ = writeln!(text, "- hosts: {}", hosts.join(", "));
    if !manifest.inputs.is_empty() {
        let names: Vec<String> = manifest.inputs.iter().map(|input| format!("`{}`", input.name)).collect();
        let _ = writeln!(text, "- settings of a profile: {}", names.join(", "));
    }
    let kinds: Vec<String> =
        manifest.auth.iter().map(|scheme| format!("`{}`", AuthScheme::kind(scheme))).collect();
    let kinds = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(" or ") };
    let _ = writeln!(text, "- to authenticate: {kinds}");
    let scopes: Vec<String> = manifest.scopes.iter().map(|scope| format!("`{}`", scope.name)).collect();
    let _ = writeln!(text, "- scopes, each granted by itself: {}\n", scopes.join(", "));
}

/// One line a kind of loss, with all its places.
fn left_out(text: &mut String, notes: &[Note]) {
    text.push_str("\n## Not carried over\n\n");
    if notes.is_empty() {
        text.push_str("Nothing was left out.\n");
        return;
    }
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for note in notes {
        places.entry(&note.what).or_default().push(&note.place);
    }
    for (what, places) in places {
        let places: Vec<String> =
            places.iter().map(|place| format!("`{}`", place.replace('`', "'"))).collect();
        let _ = writeln!(text, "- {}: {}", cell(what), places.join(", "));
    }
}

/// Text of the document where it cannot end a table or begin a tag.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r', '`'], " ")
}
