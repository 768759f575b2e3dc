//! Dead letters: the record, why it gave up, and the way back.

use comfy_table::Table;
use server::dto::{DeadLetter, DeadLetterState, DeadLetterSummary, Page, SentEvent, Step};

use super::{cell, count, exchanges, fields, inert, or_none, records, section, table};
use crate::failure::actor;
use crate::screen::inert_json;

pub(crate) fn list(page: &Page<DeadLetterSummary>) -> String {
    or_none(&rows(&page.items), "no dead letters")
}

pub(crate) fn rows(letters: &[DeadLetterSummary]) -> Table {
    let mut rows = table(["id", "flow", "record", "attempts", "times", "cause", "state", "failed last"]);
    for letter in letters {
        rows.add_row([
            cell(&letter.id),
            cell(&letter.flow),
            cell(&letter.key),
            count(letter.attempts as u64),
            count(letter.times),
            cell(&format!("{}: {}", letter.cause.code, letter.cause.message)),
            cell(letter.state.as_str()),
            cell(&letter.last_failed_at),
        ]);
    }
    rows
}

/// The whole story.
pub(crate) fn one(letter: &DeadLetter) -> String {
    let mut text = head(letter);
    let cause = &letter.cause;
    text.push_str(&format!(
        "\n{}: {}\nto be solved by the {}\n",
        inert(&cause.code),
        inert(&cause.message),
        actor(cause.blame)
    ));
    if let Some(exchange) = &letter.exchange {
        text.push_str(&format!("\nThe last request for it:\n{}", exchanges::whole(exchange)));
    }
    text.push_str(&section("Attempts:", &records::attempts(&letter.attempts)));
    match &letter.event {
        Some(event) => text.push_str(&sent(event)),
        None => {
            text.push_str(&format!("\nThe record as its source gave it:\n{}\n", inert_json(&letter.body)));
        }
    }
    if let Some(edited) = &letter.edited {
        let (by, at) = (inert(&edited.by), inert(&edited.at));
        let body = inert_json(&edited.body);
        text.push_str(&format!("\nWhat {by} put in its place at {at}; a replay sends this:\n{body}\n"));
    }
    if let Some(mapped) = &letter.mapped {
        text.push_str(&format!(
            "\nWhat the mapping made of it for the last attempt:\n{}\n",
            inert_json(mapped)
        ));
    }
    if matches!(letter.state, DeadLetterState::Parked) {
        text.push_str(&way_back(letter));
    }
    text
}

fn head(letter: &DeadLetter) -> String {
    let connector = format!("{}@{}", letter.connector.name, letter.connector.version);
    let digest = letter.digest.as_deref().map(|digest| format!(" ({})", inert(digest))).unwrap_or_default();
    let ends = format!("({} to {})", inert(&letter.source), inert(&letter.destination));
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), inert);
    let mut rows = vec![
        ("dead letter", inert(&letter.id)),
        ("state", state(&letter.state)),
        ("flow", format!("{} {ends}", inert(&letter.flow))),
        ("run", inert(&letter.run)),
        ("flow version", letter.flow_version.map_or_else(|| "-".to_owned(), |version| version.to_string())),
        ("connector", format!("{}{digest}", inert(&connector))),
        ("refused", refused(letter.step).to_owned()),
        ("record", inert(&letter.key)),
        ("idempotency key", inert(&letter.idempotency_key)),
    ];
    if !letter.former_keys.is_empty() {
        rows.push(("former keys", inert(&letter.former_keys.join(", "))));
    }
    rows.extend([
        ("correlation", inert(&letter.correlation)),
        ("failed first", text(&letter.first_failed_at)),
        ("failed last", inert(&letter.last_failed_at)),
        ("gave up first", inert(&letter.buried_at)),
        ("times so far", letter.times.to_string()),
        ("replays so far", letter.replays.to_string()),
    ]);
    if letter.expires_at.is_some() {
        rows.push(("removed after", text(&letter.expires_at)));
    }
    fields(&rows)
}

/// A webhook as it arrived, which its connector could not read.
fn sent(event: &SentEvent) -> String {
    let id = event.event_id.as_deref().map(|id| format!(" {}", inert(id))).unwrap_or_default();
    let (hook, trigger, at) = (inert(&event.hook), inert(&event.trigger), inert(&event.received_at));
    let mut text = format!("\nThe event{id} as the hook {hook} took it for {trigger} at {at}:\n");
    for (name, value) in &event.headers {
        text.push_str(&format!("{}: {}\n", inert(name), inert(value)));
    }
    match (&event.text, &event.base64) {
        (Some(body), _) => text.push_str(&format!("\n{}\n", inert(body))),
        (None, Some(bytes)) => text.push_str(&format!("\nin base64, for it is no text:\n{}\n", inert(bytes))),
        (None, None) => {}
    }
    text
}

fn refused(step: Step) -> &'static str {
    match step {
        Step::Record => "as its source gave it: it is not what that declares",
        Step::Mapping => "in the mapping",
        Step::Input => "behind the mapping: it is not what the destination's action takes",
        Step::Delivery => "at the destination",
    }
}

fn way_back(letter: &DeadLetter) -> String {
    let id = inert(&letter.id);
    let mut text = String::new();
    if letter.key_is_old {
        text.push_str(
            "\nwarning: its idempotency key is older than a day: a remote that has forgotten it may take the record \
             twice\n",
        );
    }
    text.push_str(&format!(
        "\nnext: lockgate dead-letters replay {id}\n  or: lockgate dead-letters edit {id} --body @FILE --replay\n  \
         or: lockgate dead-letters discard {id} --reason TEXT\n"
    ));
    text
}

fn state(state: &DeadLetterState) -> String {
    let sent =
        |by: &Option<String>| by.as_deref().map(|by| format!(", sent by {}", inert(by))).unwrap_or_default();
    match state {
        DeadLetterState::Parked => "parked".to_owned(),
        DeadLetterState::Replaying { run, by } => {
            format!("on its way again in run {}{}", inert(run), sent(by))
        }
        DeadLetterState::Resolved { run, at, by } => {
            format!("delivered by run {} at {}{}", inert(run), inert(at), sent(by))
        }
        DeadLetterState::Discarded { at, by, reason } => {
            format!("discarded by {} at {}: {}", inert(by), inert(at), inert(reason))
        }
    }
}
