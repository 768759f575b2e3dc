//! Hooks, and what happened at them.

use server::dto::{Hook, HookMade, HookShown, HookTested, Page};

use super::{cell, count, fields, inert, or_none, section, table};

pub(crate) fn list(page: &Page<Hook>) -> String {
    let mut rows = table(["id", "profile", "trigger", "state", "created"]);
    for hook in &page.items {
        let state = if hook.enabled { "enabled" } else { "disabled" };
        let (profile, trigger) = (cell(&hook.profile), cell(&hook.trigger));
        rows.add_row([cell(&hook.id), profile, trigger, cell(state), cell(&hook.created_at)]);
    }
    or_none(&rows, "no hooks")
}

pub(crate) fn row(hook: &Hook) -> String {
    let old = match (&hook.old_secret_until, hook.old_secret) {
        (_, false) => "none".to_owned(),
        (Some(until), true) => format!("good until {}", inert(until)),
        (None, true) => "good until it is retired".to_owned(),
    };
    fields(&[
        ("hook", inert(&hook.id)),
        ("url", inert(&hook.url)),
        ("state", if hook.enabled { "enabled" } else { "disabled" }.to_owned()),
        ("profile", inert(&hook.profile)),
        ("trigger", inert(&hook.trigger)),
        (
            "takes",
            format!("{} bytes, {} a second, {} at once", hook.body_bytes_max, hook.per_second, hook.burst),
        ),
        ("created", inert(&hook.created_at)),
        ("secret replaced", inert(hook.rotated_at.as_deref().unwrap_or("never"))),
        ("old secret", old),
    ])
}

pub(crate) fn made(made: &HookMade) -> String {
    let mut text = row(&made.hook);
    if let Some(secret) = &made.secret {
        text.push_str(&format!("\nsecret (shown once): {}\n", inert(secret)));
    }
    text
}

pub(crate) fn one(shown: &HookShown) -> String {
    let mut text = row(&shown.hook);
    text.push_str(&fields(&[
        ("taken", shown.accepted.to_string()),
        ("came again", shown.duplicates.to_string()),
        ("last taken", inert(shown.last_accepted_at.as_deref().unwrap_or("never"))),
    ]));
    if !shown.refused.is_empty() {
        let mut counts = table(["refused because", "times"]);
        for (code, times) in &shown.refused {
            counts.add_row([cell(code), count(*times)]);
        }
        text.push_str(&section("Refused:", &counts));
        let mut last = table(["at", "check", "why", "from", "agent"]);
        for refusal in &shown.refusals {
            let (code, message) = (cell(&refusal.code), cell(&refusal.message));
            last.add_row([cell(&refusal.at), code, message, cell(&refusal.from), cell(&refusal.agent)]);
        }
        text.push_str(&section("The last ones:", &last));
    }
    text
}

pub(crate) fn tested(tested: &HookTested) -> String {
    match tested.outcome.as_str() {
        "taken" => "the sample was verified and taken; see `lockgate runs`\n".to_owned(),
        other => format!("the sample was verified: {}\n", inert(other)),
    }
}
