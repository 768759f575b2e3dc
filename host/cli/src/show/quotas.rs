//! Quotas with what is held of each.

use server::dto::{Page, QuotaUsage};

use super::{cell, or_none, table};

pub(crate) fn list(page: &Page<QuotaUsage>) -> String {
    let mut rows = table(["quota", "held", "limit"]);
    for usage in &page.items {
        let (held, limit) = (usage.held.to_string(), usage.limit.to_string());
        rows.add_row([cell(&usage.quota), cell(&held), cell(&limit)]);
    }
    or_none(&rows, "no quotas")
}
