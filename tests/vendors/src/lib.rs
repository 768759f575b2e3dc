//! Mock vendors that check what they are sent: a HubSpot-shaped CRM and a Stripe-shaped biller on loopback.
//!
//! The demo, the integration tests and the benchmarks move real records between the two. Both are strict where the vendor
//! is strict (authentication, content types, unknown parameters, idempotency keys), deterministic (ids and times are
//! counters), and can be told to fail in the ways that vendors fail.

mod answer;
mod call;
mod crm;
mod cut;
mod depot;
mod faults;
mod front;
mod issuer;
mod journal;
pub mod northwind;
#[cfg(test)]
mod probe;
mod serve;
mod stripe;

pub use crm::{ClosedWon, Crm, CrmOptions, NewContact, NewDeal, WonDeal};
pub use depot::{Arrived, Depot};
pub use faults::{Fault, Faults, When};
pub use issuer::{Issuer, Tokens};
pub use journal::{Counters, Entry, Journal};
pub use stripe::{CustomerSeen, DEMO_CHARGE, InvoiceSeen, Stripe, StripeOptions};
