//! The audit trail of a tenant, and of the host: read, exported, verified. Nothing here writes: entries come with the
//! changes that they tell of (`Tenant::change`).

mod folder;

use std::sync::Arc;

use domain::audit::{Break, Chain, Entry, Head, Wrong};
use store::{Audit as _, Page, Store, StoreError, Tenants as _};

use crate::error::{Error, Kind};
use crate::host::{Host, Rooms};
use crate::system::off_the_workers;
use crate::tenant::{Tenant, paging};

pub use folder::verify_folder;

/// What happened, entry by entry.
pub struct Trail {
    rooms: Arc<Rooms>,
    chain: Chain,
}

/// What reading a whole chain came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry is as it was written. The head is worth noting elsewhere; none where nothing has happened yet.
    Whole(Option<Head>),
    /// Somebody has changed the database.
    Broken(Break),
}

impl Tenant {
    /// What happened to this tenant.
    pub fn audit(&self) -> Trail {
        Trail { rooms: self.rooms.clone(), chain: self.chain() }
    }
}

impl Host {
    /// What happened to the host: the tokens.
    pub fn audit(&self) -> Trail {
        Trail { rooms: self.rooms.clone(), chain: Chain::Host }
    }
}

impl Trail {
    /// Whose it is.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Entries, newest first.
    pub fn entries(&self, after: Option<&str>, limit: usize) -> Result<Page<Entry>, Error> {
        Ok(self.rooms.store.audit(&self.chain, &paging(after, limit))?)
    }

    /// The entries behind this number, oldest first: for whoever collects them. From the beginning: behind 0.
    pub fn behind(&self, number: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        Ok(self.rooms.store.audit_after(&self.chain, number, limit)?)
    }

    /// Reads the whole chain. A head that was noted elsewhere also proves that no older state of the database was put
    /// in place of a newer one, which a chain alone cannot tell.
    pub async fn verify(&self, noted: Option<Head>) -> Result<Verdict, Error> {
        let closed = |_| Error::new(Kind::Internal, "stopped", "the host stopped; try again");
        let _turn = self.rooms.verifications.acquire().await.map_err(closed)?;
        let (store, chain) = (self.rooms.store.clone(), self.chain.clone());
        Ok(off_the_workers(move || verify(&store, &chain, noted.as_ref())).await??)
    }
}

fn verify(store: &Store, chain: &Chain, noted: Option<&Head>) -> Result<Verdict, StoreError> {
    // Asked first: a tenant is made known in the commit of its first entry.
    let known = match chain {
        Chain::Tenant(tenant) => store.tenant(tenant)?.is_some(),
        Chain::Host => false,
    };
    Ok(match store.verify_audit(chain, noted)? {
        Ok(None) if known => Verdict::Broken(Break { number: 1, wrong: Wrong::Missing }),
        Ok(head) => Verdict::Whole(head),
        Err(broken) => Verdict::Broken(broken),
    })
}
