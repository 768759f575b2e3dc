//! Dead letters: the record, why it gave up, and the way back.

use server::dto::{DeadLetter, DeadLetterState, DeadLetterSummary, Page};

use super::{cell, count, fields, inert, or_none, section, table};
use crate::failure::actor;
use crate::screen::inert_json;

pub(crate) fn list(page: &Page<DeadLetterSummary>) -> String {
    let mut rows = table(["id", "flow", "record", "attempts", "cause", "state", "buried"]);
    for letter in &page.items {
        rows.add_row([
            cell(&letter.id),
            cell(&letter.flow),
            cell(&letter.key),
            count(letter.attempts as u64),
            cell(&format!("{}: {}", letter.cause.code, letter.cause.message)),
            cell(letter.state.as_str()),
            cell(&letter.buried_at),
        ]);
    }
    or_none(&rows, "no dead letters")
}

pub(crate) fn one(letter: &DeadLetter) -> String {
    let mut text = fields(&[
        ("dead letter", inert(&letter.id)),
        ("state", state(&letter.state)),
        (
            "flow",
            format!("{} ({} to {})", inert(&letter.flow), inert(&letter.source), inert(&letter.destination)),
        ),
        ("run", inert(&letter.run)),
        ("connector", inert(&format!("{}@{}", letter.connector.name, letter.connector.version))),
        ("record", inert(&letter.key)),
        ("idempotency key", inert(&letter.idempotency_key)),
        ("correlation", inert(&letter.correlation)),
        ("buried", inert(&letter.buried_at)),
    ]);
    let cause = &letter.cause;
    text.push_str(&format!(
        "\n{}: {}\nto be solved by the {}\n",
        inert(&cause.code),
        inert(&cause.message),
        actor(cause.blame)
    ));
    let mut attempts = table(["attempt", "at", "took ms", "outcome"]);
    for attempt in &letter.attempts {
        let outcome = match &attempt.failure {
            None => "ok".to_owned(),
            Some(failure) => format!("{}: {}", inert(&failure.code), inert(&failure.message)),
        };
        attempts.add_row([
            count(attempt.n.into()),
            cell(&attempt.at),
            count(attempt.duration_ms),
            comfy_table::Cell::new(outcome),
        ]);
    }
    text.push_str(&section("Attempts:", &attempts));
    text.push_str(&format!("\nThe record as its source gave it:\n{}\n", inert_json(&letter.body)));
    if matches!(letter.state, DeadLetterState::Parked) {
        text.push_str(&format!("\nnext: lockgate dead-letters replay {}\n", inert(&letter.id)));
    }
    text
}

fn state(state: &DeadLetterState) -> String {
    match state {
        DeadLetterState::Parked => "parked".to_owned(),
        DeadLetterState::Replaying { run, .. } => format!("on its way again in run {}", inert(run)),
        DeadLetterState::Resolved { run, at, .. } => {
            format!("delivered by run {} at {}", inert(run), inert(at))
        }
        DeadLetterState::Discarded { at, by, reason } => {
            format!("discarded by {} at {}: {}", inert(by), inert(at), inert(reason))
        }
    }
}
