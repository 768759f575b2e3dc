//! Records: where each is, and how it came there.

use comfy_table::{Cell, Table};
use server::dto::{Attempt, DeadLetterState, FoundRecord, FoundRecords, RecordPlace};

use super::{cell, count, fields, inert, section, table};

pub(crate) fn found(found: &FoundRecords) -> String {
    if found.items.is_empty() {
        return "no record has this key; `--beginning` also finds those whose key begins so".to_owned();
    }
    let mut text = found.items.iter().map(one).collect::<Vec<_>>().join("\n");
    if found.more {
        text.push_str("\nThere may be more: name the flow, or more of the key.\n");
    }
    text
}

fn one(record: &FoundRecord) -> String {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), inert);
    let mut shown = fields(&[
        ("record", inert(&record.key)),
        ("flow", inert(&record.flow)),
        ("is", place(&record.place)),
        ("taken", text(&record.accepted_at)),
        ("run", text(&record.run)),
        ("idempotency key", text(&record.idempotency_key)),
        ("attempts", record.attempts_made.to_string()),
    ]);
    shown.push_str(&section("Attempts:", &attempts(&record.attempts)));
    if let RecordPlace::DeadLetter { id: Some(id), .. } = &record.place {
        shown.push_str(&format!("\nnext: lockgate dead-letters show {}\n", inert(id)));
    }
    shown
}

fn place(place: &RecordPlace) -> String {
    match place {
        RecordPlace::Waiting { next_at: None } => "on its way".to_owned(),
        RecordPlace::Waiting { next_at: Some(at) } => {
            format!("on its way; the next attempt not before {}", inert(at))
        }
        RecordPlace::Delivered { at, status } => {
            let status = status.map(|status| format!(", answered with {status}")).unwrap_or_default();
            format!("delivered at {}{status}", inert(at))
        }
        RecordPlace::Skipped { at } => format!("dropped by the mapping at {}", inert(at)),
        RecordPlace::DeadLetter { at, id, state } => {
            let id = id.as_deref().map(|id| format!(" {}", inert(id))).unwrap_or_default();
            let state = state.as_ref().map_or("removed since", DeadLetterState::as_str);
            format!("dead letter{id} ({state}) since {}", inert(at))
        }
    }
}

/// Every attempt, with what went over the wire.
pub(crate) fn attempts(attempts: &[Attempt]) -> Table {
    let mut rows = table([
        "attempt",
        "at",
        "took ms",
        "request",
        "status",
        "remote id",
        "credential",
        "waits ms",
        "outcome",
    ]);
    for attempt in attempts {
        let number = |number: Option<u64>| number.map_or_else(|| Cell::new("-"), count);
        let outcome = match &attempt.failure {
            None => "ok".to_owned(),
            Some(failure) => format!("{}: {}", failure.code, failure.message),
        };
        rows.add_row([
            count(attempt.n.into()),
            cell(&attempt.at),
            count(attempt.duration_ms),
            cell(attempt.request.as_deref().unwrap_or("-")),
            number(attempt.status.map(u64::from)),
            cell(attempt.remote_request_id.as_deref().unwrap_or("-")),
            number(attempt.credential_version),
            number(attempt.wait_ms),
            cell(&outcome),
        ]);
    }
    rows
}
