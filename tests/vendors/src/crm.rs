//! A HubSpot-shaped CRM whose contacts are Northwind's customers and whose deals are its orders.

mod batch;
mod book;
mod list;
mod object;
mod portal;
mod refusal;
mod search;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use crate::faults::Faults;
use crate::front::Front;
use crate::journal::Journal;
use crate::serve::Server;

pub use book::{ClosedWon, NewContact, NewDeal, WonDeal};
use portal::Portal;

/// How to start a [`Crm`].
#[derive(Clone)]
pub struct CrmOptions {
    /// 0 lets the system choose.
    pub port: u16,
    /// The private-app token every request must carry as its bearer.
    pub token: String,
    pub faults: Faults,
}

impl Default for CrmOptions {
    fn default() -> Self {
        Self { port: 0, token: "pat-na1-demo-northwind".to_owned(), faults: Faults::none() }
    }
}

/// A CRM on loopback, until it is shut down or dropped.
pub struct Crm {
    front: Arc<Front<Portal>>,
    server: Server,
}

impl Crm {
    /// Listens on 127.0.0.1 with all of Northwind in its books.
    pub async fn start(options: CrmOptions) -> io::Result<Self> {
        let front = Front::new(Portal::new(options.token), options.faults);
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

    /// Moves a deal to `closedwon` as if a person had done it now. False when there is no such deal.
    pub fn close_deal(&self, order_id: u64, now_ms: i64) -> bool {
        self.front.vendor.book().close_deal(order_id, now_ms)
    }

    /// Adds a deal under the next free id, which it returns, or `None` when there is no such customer.
    pub fn add_deal(&self, deal: &NewDeal) -> Option<u64> {
        self.front.vendor.book().add_deal(deal)
    }

    /// Adds a contact under the next free id, which it returns.
    pub fn add_contact(&self, contact: &NewContact) -> u64 {
        self.front.vendor.book().add_contact(contact)
    }

    /// The deals that are `closedwon` now, and what they come to.
    pub fn closed_won(&self) -> ClosedWon {
        self.front.vendor.book().closed_won()
    }

    /// Each deal that is `closedwon` now, in the order of ids.
    pub fn won_deals(&self) -> Vec<WonDeal> {
        self.front.vendor.book().won_deals()
    }

    /// Returns when the port is free again.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}
