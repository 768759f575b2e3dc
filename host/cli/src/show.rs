//! How answers look to people. All text comes from elsewhere and is made inert before it is shown.

pub(crate) mod audit;
pub(crate) mod calls;
pub(crate) mod cassettes;
pub(crate) mod connectors;
pub(crate) mod dead_letters;
pub(crate) mod drift;
pub(crate) mod events;
pub(crate) mod exchanges;
pub(crate) mod flows;
pub(crate) mod hooks;
pub(crate) mod judgements;
pub(crate) mod logs;
pub(crate) mod policy;
pub(crate) mod profiles;
pub(crate) mod quotas;
pub(crate) mod records;
pub(crate) mod replays;
pub(crate) mod runs;
pub(crate) mod tokens;
pub(crate) mod versions;

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table};
use serde::Serialize;
use serde_json::Value;
use server::dto::{Denial, RunStatus, Status};

/// The longest text that one cell or line shows.
const TEXT_BYTES_MAX: usize = 2_000;

/// Foreign text, harmless: a terminal obeys no part of it.
pub(crate) fn inert(text: &str) -> String {
    domain::text::inert(text, TEXT_BYTES_MAX)
}

/// The word of an enum as the API spells it.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// JSON on one line, harmless.
fn json_line(value: &Value) -> String {
    inert(&value.to_string())
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.map(|title| Cell::new(title.to_uppercase()).add_attribute(Attribute::Dim)));
    table
}

/// A cell of foreign text.
fn cell(text: &str) -> Cell {
    Cell::new(inert(text))
}

fn count(number: u64) -> Cell {
    Cell::new(number).set_alignment(comfy_table::CellAlignment::Right)
}

/// Labels and what they say, the latter beginning in one column.
pub(crate) fn fields(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    rows.iter().map(|(label, text)| format!("{label:width$}  {text}\n")).collect()
}

/// A table under a title; nothing where it has no rows.
fn section(title: &str, table: &Table) -> String {
    if table.is_empty() { String::new() } else { format!("\n{title}\n{}\n", table.trim_fmt()) }
}

/// A list, or a sentence that says why there is none.
fn or_none(table: &Table, none: &str) -> String {
    if table.is_empty() { none.to_owned() } else { table.trim_fmt() }
}

fn status_cell(status: Status) -> Cell {
    let cell = Cell::new(status.word());
    match status {
        Status::Active => cell.fg(Color::Green),
        Status::Degraded => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Status::Disabled => cell.add_attribute(Attribute::Dim),
        Status::Pending => cell.fg(Color::Yellow),
    }
}

fn run_status_cell(status: RunStatus) -> Cell {
    let cell = Cell::new(status.word());
    match status {
        RunStatus::Succeeded => cell.fg(Color::Green),
        RunStatus::Failed => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        RunStatus::Partial | RunStatus::Blocked => cell.fg(Color::Yellow).add_attribute(Attribute::Bold),
        RunStatus::Queued | RunStatus::Running => cell.fg(Color::Cyan),
        RunStatus::Suspended => cell.fg(Color::Yellow),
        RunStatus::Cancelled => cell.add_attribute(Attribute::Dim),
    }
}

fn yes_no(yes: bool) -> Cell {
    if yes { Cell::new("yes").fg(Color::Green) } else { Cell::new("no").fg(Color::Yellow) }
}

/// A refusal, explained.
fn denial(denial: &Denial, indent: &str) -> String {
    format!(
        "{indent}denied at the {} gate: {}\n{indent}remedy: {}\n",
        denial.gate.word(),
        inert(&denial.reason),
        inert(&denial.remedy),
    )
}

#[cfg(test)]
mod tests;
