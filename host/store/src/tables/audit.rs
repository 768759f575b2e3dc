//! The audit chains: written once by the committer, and never changed by anything here.

use domain::audit::{Break, Chain, Entry, Happening, Head, Verifier, Wrong};

use crate::backend::Order;
use crate::commit::{Commit, Versioned};
use crate::error::StoreError;
use crate::page::{PAGE_ITEMS_MAX, Page, Paging};
use crate::{Store, keys};

pub trait Audit {
    /// Where the chain ends; none before its first entry.
    fn audit_head(&self, chain: &Chain) -> Result<Option<Head>, StoreError>;
    /// Newest first.
    fn audit(&self, chain: &Chain, paging: &Paging) -> Result<Page<Entry>, StoreError>;
    /// The entries behind this number, oldest first, at most [`PAGE_ITEMS_MAX`].
    fn audit_after(&self, chain: &Chain, number: u64, limit: usize) -> Result<Vec<Entry>, StoreError>;
    /// Reads the whole chain. `noted` is a head that was written down elsewhere, which the chain must contain.
    fn verify_audit(
        &self,
        chain: &Chain,
        noted: Option<&Head>,
    ) -> Result<Result<Option<Head>, Break>, StoreError>;
}

impl Audit for Store {
    fn audit_head(&self, chain: &Chain) -> Result<Option<Head>, StoreError> {
        Ok(self.read::<Head>(&keys::audit_head(chain))?.map(|row| row.value))
    }

    fn audit(&self, chain: &Chain, paging: &Paging) -> Result<Page<Entry>, StoreError> {
        let page: Page<Versioned<Entry>> = self.list(&keys::audit(chain), Order::Descending, paging)?;
        Ok(page.map(|row| row.value))
    }

    fn audit_after(&self, chain: &Chain, number: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let after = keys::audit_entry(chain, number);
        self.walk_behind(&keys::audit(chain), Some(&after), false, |key, row| {
            entries.push(self.decode::<Entry>(key, row)?.value);
            Ok(entries.len() < limit)
        })?;
        Ok(entries)
    }

    fn verify_audit(
        &self,
        chain: &Chain,
        noted: Option<&Head>,
    ) -> Result<Result<Option<Head>, Break>, StoreError> {
        let keyed = self.inner().chains.of(chain);
        let mut verifier = Verifier::new(chain, &keyed, noted);
        if let Err(broken) = self.read_on(chain, &mut verifier, u64::MAX)? {
            return Ok(Err(broken));
        }
        // The end is read after the entries. What was appended in between is read too, up to that end and no further.
        let head = match self.audit_head(chain) {
            Err(StoreError::Damaged { .. }) => {
                return Ok(Err(Break { number: verifier.reached(), wrong: Wrong::HeadDoesNotFit }));
            }
            head => head?,
        };
        if let Some(head) = head.as_ref().filter(|head| head.number > verifier.reached())
            && let Err(broken) = self.read_on(chain, &mut verifier, head.number)?
        {
            return Ok(Err(broken));
        }
        Ok(verifier.end(head.as_ref()))
    }
}

impl Store {
    /// Goes on from where the verifier is, up to this number.
    fn read_on(
        &self,
        chain: &Chain,
        verifier: &mut Verifier<'_>,
        up_to: u64,
    ) -> Result<Result<(), Break>, StoreError> {
        let prefix = keys::audit(chain);
        let reached = verifier.reached();
        let after = (reached > 0).then(|| keys::audit_entry(chain, reached));
        let mut read = Ok(());
        self.walk_behind(&prefix, after.as_ref(), false, |key, row| {
            let Some(number) = keys::audit_number(key) else {
                // No entry has such a key: somebody put it in.
                let number = verifier.reached().saturating_add(1);
                read = Err(Break { number, wrong: Wrong::OutOfOrder });
                return Ok(false);
            };
            if number > up_to {
                return Ok(false);
            }
            let entry = self.decode::<Entry>(key, row).ok().map(|row| row.value);
            read = verifier.read(number, entry.as_ref());
            Ok(read.is_ok())
        })?;
        Ok(read)
    }
}

impl Commit {
    /// Leaves an entry at the end of the chain, if and only if the commit happens. What changes a row that people
    /// decide about is a [`crate::Change`].
    pub fn record(&mut self, chain: Chain, happening: Happening) {
        self.happenings.push((chain, happening));
    }
}
