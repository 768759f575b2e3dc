//! What came otherwise than declared.

use comfy_table::{Attribute, Cell, Color};
use server::dto::{Drift, Severity};

use super::{cell, inert, or_none, table};

pub(crate) fn one(drift: &Drift) -> String {
    let mut rows = table(["", "of", "where", "what", "times", "last", "example"]);
    for one in &drift.differences {
        let severity = match one.severity {
            Severity::Breaking => Cell::new("BREAKING").fg(Color::Red).add_attribute(Attribute::Bold),
            Severity::Additive => Cell::new("additive"),
        };
        rows.add_row([
            severity,
            cell(&one.of),
            cell(&one.place),
            cell(&one.what),
            cell(&one.count.to_string()),
            cell(&one.last_at),
            cell(one.example.as_deref().unwrap_or_default()),
        ]);
    }
    let name = format!("{}@{}", inert(&drift.connector.name), inert(&drift.connector.version));
    let mut text = or_none(&rows, &format!("everything has come as {name} declares it"));
    if drift.more > 0 {
        text.push_str(&format!("and {} more that differ in other ways\n", drift.more));
    }
    text
}
