//! Rows of the log, one a line; a refusal takes two more, to be explained.

use server::dto::{Exchange, ExchangeOutcome, LogEntry, LogEvent, LogLine, Page, Settled};

use super::{denial, inert};
use crate::failure::actor;

/// Oldest first, as one reads.
pub(crate) fn list(page: &Page<LogEntry>) -> String {
    if page.items.is_empty() {
        return "nothing has been logged".to_owned();
    }
    let lines: Vec<_> = page.items.iter().rev().map(entry).collect();
    lines.join("\n")
}

pub(crate) fn entry(entry: &LogEntry) -> String {
    let who = entry.profile.as_deref().unwrap_or(&entry.connector.name);
    let record = entry.record.as_deref().map(|key| format!(" ({})", inert(key))).unwrap_or_default();
    format!("{}  {}{record}  {}", inert(&entry.at), inert(who), event(&entry.event))
}

/// A row of a log that is followed, or the gap before it.
pub(crate) fn line(line: &LogLine) -> String {
    match line {
        LogLine::Entry(row) => entry(row),
        LogLine::Missed { missed } => format!("-- {missed} rows were removed before they could be shown --"),
    }
}

fn event(event: &LogEvent) -> String {
    match event {
        LogEvent::Line { level, message, fields } => {
            let mut text = format!("[{}] {}", level.word(), inert(message));
            for field in fields {
                text.push_str(&format!(" {}={}", inert(&field.name), inert(&field.value)));
            }
            text
        }
        LogEvent::Exchange { exchange } => sent(exchange),
        LogEvent::Failed { call, code, blame, message } => format!(
            "{} failed: {}: {}; to be solved by the {}",
            inert(call),
            inert(code),
            inert(message),
            actor(*blame)
        ),
        LogEvent::Settled { records } => {
            let lines: Vec<_> = records.iter().map(settled).collect();
            lines.join("\n    ")
        }
    }
}

fn settled(record: &Settled) -> String {
    let mut text = format!("record {} {}", inert(&record.key), record.became.word());
    let Some(attempt) = &record.attempt else { return text };
    text.push_str(&format!(" at attempt {}", attempt.n));
    if let Some(status) = attempt.status {
        text.push_str(&format!(", status {status}"));
    }
    if let Some(failure) = &attempt.failure {
        text.push_str(&format!(": {}: {}", inert(&failure.code), inert(&failure.message)));
    }
    text
}

fn sent(exchange: &Exchange) -> String {
    let request = format!("{} {}", inert(&exchange.method), inert(&exchange.url));
    match &exchange.outcome {
        ExchangeOutcome::Answered { status, response_bytes, .. } => {
            format!("{request}  {status}  {response_bytes} bytes in {} ms", exchange.duration_ms)
        }
        ExchangeOutcome::Denied { denial: refusal } => {
            format!("{request}\n{}", denial(refusal, "    ").trim_end_matches('\n'))
        }
        ExchangeOutcome::Failed { failure } => {
            let sent = if failure.sent { "it may have arrived" } else { "it was not sent" };
            format!("{request}  {}: {} ({sent})", failure.code.word(), inert(&failure.message))
        }
    }
}
