//! Tokens, without their texts.

use server::dto::{Page, Token};

use super::{cell, or_none, table, word};

pub(crate) fn list(page: &Page<Token>) -> String {
    let mut rows = table(["id", "role", "tenant", "created", "ends"]);
    for token in &page.items {
        let tenant = token.tenant.as_deref().unwrap_or("-");
        let ends = token.expires_at.as_deref().unwrap_or("-");
        let (id, role) = (cell(&token.id), cell(&word(&token.role)));
        rows.add_row([id, role, cell(tenant), cell(&token.created_at), cell(ends)]);
    }
    or_none(&rows, "no tokens")
}
