//! Runs: what became of the records, and who has to act.

use server::dto::{Page, Run};

use super::{cell, count, fields, inert, or_none, run_status_cell, table};
use crate::failure::actor;

pub(crate) fn list(page: &Page<Run>) -> String {
    let mut rows =
        table(["run", "flow", "cause", "status", "read", "delivered", "retried", "dead", "denied", "queued"]);
    for run in &page.items {
        let counts = run.counts;
        rows.add_row([
            cell(&run.id),
            cell(&run.flow),
            cell(&run.cause.word()),
            run_status_cell(run.status),
            count(counts.read),
            count(counts.delivered),
            count(counts.retried),
            count(counts.dead_lettered),
            count(counts.denied),
            cell(&run.queued_at),
        ]);
    }
    or_none(&rows, "no runs; `lockgate flows run NAME` starts one")
}

pub(crate) fn one(run: &Run) -> String {
    let counts = run.counts;
    let time = |at: &Option<String>| at.as_deref().map_or_else(|| "-".to_owned(), inert);
    let mut text = fields(&[
        ("run", inert(&run.id)),
        ("flow", inert(&run.flow)),
        ("cause", run.cause.word()),
        ("status", run.status.word()),
        ("queued", inert(&run.queued_at)),
        ("started", time(&run.started_at)),
        ("finished", time(&run.finished_at)),
        ("correlation", inert(&run.correlation)),
    ]);
    if run.flow_version > 0 {
        text.push_str(&format!("flow version  {}\n", run.flow_version));
    }
    if let Some(pins) = &run.pins {
        let source = pins.source.as_deref().map(|of| format!("{}, ", inert(of))).unwrap_or_default();
        text.push_str(&format!("connectors    {source}{}\n", inert(&pins.destination)));
    }
    if let Some(deadline) = &run.deadline_at {
        text.push_str(&format!("deadline      {}\n", inert(deadline)));
    }
    if let Some(suspension) = &run.suspension {
        text.push_str(&format!(
            "\nIt waits until {}\n{}: {}\n",
            inert(&suspension.until),
            inert(&suspension.reason.code),
            inert(&suspension.reason.message)
        ));
    }
    if let Some(failure) = &run.failure {
        text.push_str(&format!(
            "\n{}: {}\nto be solved by the {}\n",
            inert(&failure.code),
            inert(&failure.message),
            actor(failure.blame)
        ));
    }
    text.push_str("\nrecords\n");
    text.push_str(&fields(&[
        ("  read", counts.read.to_string()),
        ("  delivered", counts.delivered.to_string()),
        ("  seen before", counts.duplicate.to_string()),
        ("  dropped by the mapping", counts.skipped.to_string()),
        ("  dead letters", counts.dead_lettered.to_string()),
        ("  still on their way", counts.waiting.to_string()),
        ("attempts after a first one", counts.retried.to_string()),
        ("requests denied", counts.denied.to_string()),
    ]));
    if counts.dead_lettered > 0 {
        text.push_str(&format!("\nnext: lockgate dead-letters list --flow {}\n", inert(&run.flow)));
    }
    text
}

/// One line for somebody who waits.
pub(crate) fn progress(run: &Run) -> String {
    let counts = run.counts;
    format!(
        "{} {}: {} read, {} delivered, {} waiting, {} dead letters",
        inert(&run.flow),
        run.status.word(),
        counts.read,
        counts.delivered,
        counts.waiting,
        counts.dead_lettered,
    )
}
