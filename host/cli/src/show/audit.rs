//! Entries of the audit trail, and whether it is whole.

use server::dto::{AuditEntry, AuditVerdict, Page};

use super::{cell, count, inert, or_none, table};

pub(crate) fn list(page: &Page<AuditEntry>) -> String {
    let mut rows = table(["number", "at", "actor", "what", "to what", "fields", "outcome"]);
    for entry in &page.items {
        rows.add_row([
            count(entry.number),
            cell(&entry.at),
            cell(&entry.actor),
            cell(&entry.verb),
            cell(&format!("{} {}", entry.subject.noun, entry.subject.name)),
            cell(&entry.changed.join(" ")),
            cell(&entry.outcome),
        ]);
    }
    or_none(&rows, "nothing has happened yet")
}

pub(crate) fn verdict(verdict: &AuditVerdict) -> String {
    let chain = inert(&verdict.chain);
    match (&verdict.broken, &verdict.head) {
        (Some(broken), _) => format!("{chain}: BROKEN: {}", inert(&broken.message)),
        (None, Some(head)) => format!("{chain}: whole; head {}", inert(head)),
        (None, None) => format!("{chain}: nothing has happened yet"),
    }
}
