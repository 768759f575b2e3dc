//! The books of the account, and the counter that stands in for a clock.

use serde::{Deserialize, Serialize};

use super::customers::Customer;
use super::invoice_items::InvoiceItem;
use super::invoices::Invoice;
use super::page::Table;
use super::refunds::Refund;

/// The first of January 2026: every object is made one second after the one before it.
const FIRST_CREATED_S: i64 = 1_767_225_600;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Ledger {
    made: i64,
    pub(super) customers: Table<Customer>,
    pub(super) invoices: Table<Invoice>,
    pub(super) items: Table<InvoiceItem>,
    pub(super) refunds: Table<Refund>,
}

impl Ledger {
    /// The time of creation of the next object.
    pub(super) fn stamp(&mut self) -> i64 {
        self.made += 1;
        FIRST_CREATED_S + self.made
    }
}
