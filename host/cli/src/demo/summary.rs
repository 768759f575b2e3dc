//! What one pass did, and whether the books balance.

use domain::run::{Run, RunStatus};
use serde::Serialize;

use super::setup::Denied;
use super::vendors::Vendors;

/// Counts of one run of the flow; `total` is what the billing side holds after it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    /// Records that the CRM gave.
    pub(super) read: u64,
    /// Seen in an earlier run: not sent again.
    pub(super) duplicate: u64,
    pub(super) skipped: u64,
    pub(super) delivered: u64,
    pub(super) retried: u64,
    pub(super) dead_lettered: u64,
    /// Requests that a gate refused, the one at the end of the demo included.
    pub(super) denied: u64,
    /// The sum of the invoices that this run made.
    pub(super) amount_cents: i64,
    pub(super) currency: &'static str,
    pub(super) run: String,
    pub(super) status: RunStatus,
    pub(super) duration_ms: u64,
    pub(super) records_per_second: u64,
    pub(super) total: Total,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Total {
    pub(super) invoices: u64,
    pub(super) amount_cents: i64,
    /// The same, computed from the data set alone.
    pub(super) expected_invoices: u64,
    pub(super) expected_amount_cents: i64,
}

impl Summary {
    pub(super) fn new(run: &Run, vendors: &Vendors, denied: &Denied) -> Self {
        let counts = run.counts;
        let duration_ms = match (run.started_at, run.finished_at) {
            (Some(started), Some(finished)) => finished.ms_since(started),
            _ => 0,
        };
        Self {
            read: counts.read,
            duplicate: counts.duplicate,
            skipped: counts.skipped,
            delivered: counts.delivered,
            retried: counts.retried,
            dead_lettered: counts.dead_lettered,
            denied: counts.denied + denied.count(),
            amount_cents: vendors.amount_cents_since_baseline(),
            currency: "EUR",
            run: run.id.to_string(),
            status: run.status,
            duration_ms,
            records_per_second: counts.delivered.saturating_mul(1_000).checked_div(duration_ms).unwrap_or(0),
            total: vendors.total(),
        }
    }

    /// Every record is accounted for, and the invoices are those that the data set demands.
    pub(super) fn complete(&self) -> bool {
        let accounted = self.duplicate + self.skipped + self.delivered + self.dead_lettered;
        let total = &self.total;
        let books =
            total.invoices == total.expected_invoices && total.amount_cents == total.expected_amount_cents;
        self.status == RunStatus::Succeeded && self.read == accounted && self.dead_lettered == 0 && books
    }
}
