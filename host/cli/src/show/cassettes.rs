//! Cassettes that a host keeps, and the consent to it.

use server::dto::{KeptCassette, Page, Recording, RecordingWanted};

use super::{cell, count, inert, or_none, table};

pub(crate) fn list(page: &Page<KeptCassette>) -> String {
    let mut rows =
        table(["cassette", "at", "profile", "connector", "call", "outcome", "host calls", "bytes"]);
    for kept in &page.items {
        let outcome =
            if kept.truncated { format!("{} (truncated)", kept.outcome) } else { kept.outcome.clone() };
        rows.add_row([
            cell(&kept.id),
            cell(&kept.at),
            cell(&kept.profile),
            cell(&kept.connector),
            cell(&kept.call),
            cell(&outcome),
            count(kept.host_calls),
            count(kept.bytes),
        ]);
    }
    or_none(&rows, "no cassette is kept; `lockgate profiles record NAME` consents to it")
}

pub(crate) fn recording(name: &str, recording: &Recording) -> String {
    let calls = match recording.wanted {
        RecordingWanted::Failures => "calls that fail leave",
        RecordingWanted::All => "every call leaves",
    };
    format!(
        "{}: {calls} a cassette from {} until {}",
        inert(name),
        inert(&recording.since),
        inert(&recording.until)
    )
}
