//! A Stripe-shaped biller: customers, invoices, invoice items and refunds, with idempotency keys that work.

mod account;
mod customers;
mod daybook;
mod idempotency;
mod invoice_items;
mod invoices;
mod ledger;
mod page;
mod params;
mod refunds;
mod refusal;
mod route;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::faults::Faults;
use crate::front::Front;
use crate::journal::Journal;
use crate::serve::Server;

use account::Account;
pub use refunds::DEMO_CHARGE;

/// How to start a [`Stripe`].
#[derive(Clone)]
pub struct StripeOptions {
    /// 0 lets the system choose.
    pub port: u16,
    /// The secret key every request must carry, as its bearer or as the user of Basic with an empty password.
    pub key: String,
    /// Refuses a POST without an `Idempotency-Key`, which the real thing accepts, so that a connector that forgets it
    /// is caught.
    pub require_idempotency_key: bool,
    pub faults: Faults,
    /// Where every write is noted and from where the next server goes on; `None` keeps nothing.
    pub daybook: Option<PathBuf>,
}

impl Default for StripeOptions {
    fn default() -> Self {
        Self {
            port: 0,
            key: "sk_test_lockgate_demo".to_owned(),
            require_idempotency_key: true,
            faults: Faults::none(),
            daybook: None,
        }
    }
}

/// A customer as a test sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerSeen {
    pub id: String,
    pub email: Option<String>,
    pub name: Option<String>,
    pub metadata: BTreeMap<String, String>,
}

/// An invoice as a test sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceSeen {
    pub id: String,
    pub customer_email: Option<String>,
    pub currency: String,
    /// `draft`, `open`, `paid` or `void`.
    pub status: &'static str,
    /// The sum of its items.
    pub total_cents: i64,
    pub metadata: BTreeMap<String, String>,
    /// The key under which it was created.
    pub idempotency_key: Option<String>,
}

/// A biller on loopback, until it is shut down or dropped.
pub struct Stripe {
    front: Arc<Front<Account>>,
    server: Server,
}

impl Stripe {
    /// Listens on 127.0.0.1. Fails when the port is taken or the daybook cannot be read.
    pub async fn start(options: StripeOptions) -> io::Result<Self> {
        let account = Account::new(&options)?;
        let front = Front::new(account, options.faults);
        let server = Server::start(options.port, Arc::clone(&front)).await?;
        Ok(Self { front, server })
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn journal(&self) -> &Journal {
        &self.front.journal
    }

    /// Replaces the faults; counting begins anew.
    pub fn set_faults(&self, faults: Faults) {
        self.front.set_faults(faults);
    }

    /// All customers, oldest first.
    pub fn customers(&self) -> Vec<CustomerSeen> {
        self.front.vendor.customers()
    }

    /// All invoices, oldest first.
    pub fn invoices(&self) -> Vec<InvoiceSeen> {
        self.front.vendor.invoices()
    }

    /// Under which keys an invoice was asked for, by the `deal_id` of its metadata; also where it was refused.
    pub fn keys_by_deal(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.front.vendor.keys_by_deal()
    }

    /// What all invoices that are not void come to.
    pub fn total_cents(&self) -> i64 {
        let invoices = self.invoices();
        invoices.iter().filter(|invoice| invoice.status != "void").map(|invoice| invoice.total_cents).sum()
    }

    /// How much has been refunded.
    pub fn refunded_cents(&self) -> i64 {
        self.front.vendor.refunded_cents()
    }

    /// Returns when the port is free again.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}
