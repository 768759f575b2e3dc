//! What a call on this machine left: results on stdout, everything else on stderr, and the cassette in its file.

use std::path::Path;

use domain::call::{Level, LogLine, Usage};
use domain::cassette::{Cassette, Given, OneResult, Outcome};
use domain::exchange::Exchange;
use lockgate::CallReport;
use serde_json::{Value, json};
use server::dto;

use super::args::LocalArgs;
use crate::failure::{Failure, actor};
use crate::screen::{inert_json, note, say};
use crate::{files, show};

/// A call that is over, whatever was called.
pub(crate) struct Over {
    pub(crate) outcome: Outcome,
    log: Vec<LogLine>,
    exchanges: Vec<Exchange>,
    usage: Usage,
    cassette: Option<Box<Cassette>>,
}

impl Over {
    pub(crate) fn of<T>(
        report: CallReport<T>,
        outcome: impl FnOnce(&Result<T, domain::call::CallFailure>) -> Outcome,
    ) -> Self {
        let CallReport { outcome: ended, log, exchanges, usage, cassette } = report;
        Self { outcome: outcome(&ended), log, exchanges, usage, cassette }
    }

    /// Writes the cassette where one was asked for, and prints everything.
    pub(crate) fn show(self, args: &LocalArgs) -> Result<(), Failure> {
        let Self { outcome, log, exchanges, usage, cassette } = self;
        let exchanges: Vec<dto::Exchange> = exchanges.into_iter().map(Into::into).collect();
        if args.json {
            let whole = json!({
                "outcome": outcome.code(),
                "result": value(&outcome),
                "log": log,
                "exchanges": exchanges,
                "requests": usage.requests,
                "denied": usage.denied,
                "wall_us": usage.wall_us,
                "memory_bytes": usage.memory_bytes,
            });
            say(&inert_json(&whole));
        } else {
            for line in &log {
                note(&logged(line));
            }
            for exchange in exchanges.iter().filter(|_| args.exchanges) {
                note(show::exchanges::whole(exchange).trim_end_matches('\n'));
            }
            say(people(&outcome).trim_end_matches('\n'));
            note(&format!(
                "\n{} request(s), {} denied, {}.{:03} ms, {} KiB of memory",
                usage.requests,
                usage.denied,
                usage.wall_us / 1000,
                usage.wall_us % 1000,
                usage.memory_bytes.div_ceil(1024)
            ));
        }
        if let (Some(path), Some(cassette)) = (&args.record, cassette) {
            write(path, &cassette)?;
            if !args.json {
                note(&format!("recorded in {}; lockgate replay {}", path.display(), path.display()));
            }
        }
        Ok(())
    }
}

fn write(path: &Path, cassette: &Cassette) -> Result<(), Failure> {
    let file = cassette.write();
    files::write_private(path, &String::from_utf8_lossy(&file))?;
    if let Some(reason) = cassette.unplayable() {
        note(&format!("warning: {reason}"));
    }
    Ok(())
}

fn logged(line: &LogLine) -> String {
    let level = match line.level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    let fields: String = line
        .fields
        .iter()
        .map(|(name, value)| format!(" {}={}", show::inert(name), show::inert(value)))
        .collect();
    format!("{level}: {}{fields}", show::inert(&line.message))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn records(records: &[Given]) -> Value {
    records.iter().map(|record| json!({ "key": record.key, "body": parsed(&record.body) })).collect()
}

/// The outcome with its JSON texts as JSON.
pub(crate) fn value(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Checked => json!({ "ok": true }),
        Outcome::Results(results) => results
            .iter()
            .map(|result| match result {
                OneResult::Output(text) => json!({ "output": parsed(text) }),
                OneResult::Error(error) => json!({ "error": dto::CallError::from(error.clone()) }),
            })
            .collect(),
        Outcome::Page { records: page, next, more } => {
            json!({ "records": records(page), "next": next.as_deref().map(parsed), "more": more })
        }
        Outcome::Records(list) => json!({ "records": records(list) }),
        Outcome::Error(error) => json!({ "error": dto::CallError::from(error.clone()) }),
        Outcome::Failed(failure) => {
            json!({ "failed": { "code": failure.fault.code(), "message": failure.message } })
        }
    }
}

fn people(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Checked => "it works".to_owned(),
        Outcome::Results(results) => {
            let one = |(at, result): (usize, &OneResult)| {
                let head = if results.len() > 1 { format!("input {at}:\n") } else { String::new() };
                match result {
                    OneResult::Output(text) => format!("{head}{}\n", inert_json(&parsed(text))),
                    OneResult::Error(error) => {
                        head + &show::calls::explained(&dto::CallError::from(error.clone()))
                    }
                }
            };
            results.iter().enumerate().map(one).collect()
        }
        Outcome::Page { records: page, next, more } => {
            let next =
                next.as_deref().map_or_else(|| "as before".to_owned(), |next| inert_json(&parsed(next)));
            let more = if *more { ", and more behind it" } else { "" };
            format!("{}{} record(s){more}; the next cursor: {next}\n", listed(page), page.len())
        }
        Outcome::Records(list) => format!("{}{} record(s)\n", listed(list), list.len()),
        Outcome::Error(error) => show::calls::explained(&dto::CallError::from(error.clone())),
        Outcome::Failed(failure) => format!(
            "  {}: {}\n  to be solved by the {}\n",
            failure.fault.code(),
            show::inert(&failure.message),
            actor(failure.blame.into())
        ),
    }
}

fn listed(records: &[Given]) -> String {
    let line =
        |record: &Given| format!("{}  {}\n", show::inert(&record.key), inert_json(&parsed(&record.body)));
    records.iter().map(line).collect()
}
