//! A CRM, a biller and an identity provider, which fail in the same places every time.

use std::sync::atomic::{AtomicU64, Ordering};

use vendors::{Crm, CrmOptions, Fault, Faults, Issuer, NewDeal, Stripe, StripeOptions, When, northwind};

use super::Counts;

/// New deals before each life.
const DEALS: u64 = 20;
/// Later than any deal of the data set.
const FIRST_MS: i64 = 1_700_000_000_000;
/// How often each fault may come to a folder.
const FAULTS: u64 = 150;

pub struct Town {
    pub crm: Crm,
    pub stripe: Stripe,
    pub issuer: Issuer,
    added: AtomicU64,
}

impl Town {
    pub async fn start() -> Self {
        let crm = CrmOptions { faults: crm_faults(), ..CrmOptions::default() };
        let stripe = StripeOptions { faults: stripe_faults(), ..StripeOptions::default() };
        Self {
            crm: Crm::start(crm).await.unwrap(),
            stripe: Stripe::start(stripe).await.unwrap(),
            issuer: Issuer::start().await.unwrap(),
            added: AtomicU64::default(),
        }
    }

    pub fn urls(&self) -> Vec<String> {
        vec![self.crm.url(), self.stripe.url(), self.issuer.url()]
    }

    /// Every third deal shares its time with the one before.
    pub fn offer(&self) {
        let customers = northwind::customers();
        for _ in 0..DEALS {
            let number = self.added.fetch_add(1, Ordering::SeqCst);
            let deal = NewDeal {
                customer_id: customers[number as usize % customers.len()].id.clone(),
                amount_ten_thousandths: 10_000 + number as i64 * 777,
                won: true,
                now_ms: FIRST_MS + (number - number / 3) as i64,
            };
            self.crm.add_deal(&deal).unwrap();
        }
    }

    pub fn mend(&self) {
        self.crm.set_faults(Faults::none());
        self.stripe.set_faults(Faults::none());
    }

    pub fn counts(&self) -> Counts {
        let requests = |journal: &vendors::Journal| journal.counters().requests;
        Counts {
            records: self.stripe.invoices().len() as u64,
            requests: requests(self.crm.journal()) + requests(self.stripe.journal()),
            tokens: self.issuer.tokens().issued,
        }
    }
}

/// Every so many requests of a kind one is unlucky.
fn every(faults: Faults, method: &str, path: &str, nth: u64, fault: &Fault) -> Faults {
    (1..=FAULTS).fold(faults, |faults, round| faults.on(When::nth(method, path, nth * round), fault.clone()))
}

fn stripe_faults() -> Faults {
    let invoices = "/v1/invoices";
    let faults = every(Faults::none(), "POST", invoices, 31, &Fault::status(503));
    // A record that gives up.
    let faults = every(faults, "POST", invoices, 37, &Fault::status(400));
    // It takes effect, and nobody is told.
    let faults = every(faults, "POST", invoices, 43, &Fault::CloseAfterProcessing);
    let faults = every(faults, "POST", "/v1/invoiceitems", 47, &Fault::CloseAfterProcessing);
    let faults = every(faults, "POST", "/v1/invoiceitems", 61, &Fault::rate_limited(0));
    every(faults, "GET", "/v1/customers", 67, &Fault::TruncateBody)
}

fn crm_faults() -> Faults {
    let faults = every(Faults::none(), "POST", "/crm/v3/objects/deals/search", 11, &Fault::status(503));
    every(faults, "POST", "/crm/v3/associations", 13, &Fault::TruncateBody)
}
