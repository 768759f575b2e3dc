//! Runs: what became of the records, and who has to act.

use std::collections::BTreeSet;

use server::dto::{Became, LogEntry, LogEvent, Page, Run, Settled};

use super::{cell, count, fields, inert, or_none, run_status_cell, section, table};
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

/// The last attempt of each record, those in trouble first; the batches come newest first.
pub(crate) fn records(batches: &[LogEntry], records_max: usize) -> String {
    let settled = batches.iter().flat_map(|entry| match &entry.event {
        LogEvent::Settled { records } => records.as_slice(),
        _ => &[],
    });
    let mut seen = BTreeSet::new();
    let mut last: Vec<&Settled> = settled.filter(|record| seen.insert(record.key.as_str())).collect();
    last.sort_by_key(|record| match record.became {
        Became::Buried => 0,
        Became::Waiting => 1,
        Became::Delivered | Became::Skipped => 2,
    });
    let mut rows = table(["record", "became", "attempt", "at", "status", "remote id", "why"]);
    for record in last.iter().take(records_max) {
        let attempt = record.attempt.as_ref();
        let status = attempt.and_then(|attempt| attempt.status).map(|status| status.to_string());
        let failure = attempt.and_then(|attempt| attempt.failure.as_ref());
        rows.add_row([
            cell(&record.key),
            cell(&record.became.word()),
            cell(&attempt.map(|attempt| attempt.n.to_string()).unwrap_or_default()),
            cell(attempt.map(|attempt| attempt.at.as_str()).unwrap_or_default()),
            cell(&status.unwrap_or_default()),
            cell(attempt.and_then(|attempt| attempt.remote_request_id.as_deref()).unwrap_or_default()),
            cell(&failure.map(|why| format!("{}: {}", why.code, why.message)).unwrap_or_default()),
        ]);
    }
    let title = match last.len().saturating_sub(records_max) {
        0 => "Records:".to_owned(),
        more => format!("Records ({more} more of them are not shown):"),
    };
    section(&title, &rows).trim_end().to_owned()
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
