//! Tokens, without their texts.

use server::dto::{Page, Token};

use super::{cell, or_none, table, word};

pub(crate) fn list(page: &Page<Token>) -> String {
    let mut rows = table(["id", "role", "tenant", "created"]);
    for token in &page.items {
        let tenant = token.tenant.as_deref().unwrap_or("-");
        rows.add_row([cell(&token.id), cell(&word(&token.role)), cell(tenant), cell(&token.created_at)]);
    }
    or_none(&rows, "no tokens")
}
