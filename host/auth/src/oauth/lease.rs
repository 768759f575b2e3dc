//! The right to ask for a profile's next token, among all processes on one store.

use std::time::Duration;

use domain::ProfileKey;
use domain::oauth::TokenLease;
use store::{Commit, Expect, StoreError, TokenLeases as _, Versioned};

use super::broker::Broker;

/// Between two looks at a lease that somebody else holds.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A lease of this process.
pub(crate) struct Mine {
    pub(crate) row: Versioned<TokenLease>,
    /// The one before never gave it back: what it was given, if anything, is lost.
    pub(crate) abandoned: bool,
}

impl Broker {
    /// None: somebody else holds it, or was faster.
    pub(crate) async fn take_lease(&self, of: &ProfileKey) -> Result<Option<Mine>, StoreError> {
        let now = self.now();
        let found = self.store.token_lease(&of.tenant, &of.profile)?;
        let gone = found.value.held.as_ref().is_some_and(|held| self.exclusive && held.holder != self.holder);
        if !gone && !found.value.is_free(now) {
            return Ok(None);
        }
        let (taken, abandoned) = found.value.taken(&self.holder, now);
        let mut commit = Commit::new();
        commit.put_token_lease(&of.tenant, &of.profile, &taken, Expect::Version(found.version));
        match self.store.commit(commit).await {
            Ok(()) => {}
            Err(error) if error.is_conflict() => return Ok(None),
            Err(error) => return Err(error),
        }
        let row = self.store.token_lease(&of.tenant, &of.profile)?;
        Ok((row.value == taken).then_some(Mine { row, abandoned }))
    }

    /// Puts the lease as it is left into a commit, which fails where somebody else has taken it since.
    pub(crate) fn leave(&self, commit: &mut Commit, of: &ProfileKey, mine: &Mine, left: &TokenLease) {
        commit.put_token_lease(&of.tenant, &of.profile, left, Expect::Version(mine.row.version));
    }

    /// Gives it back with nothing done. Where that fails it ends by itself.
    pub(crate) async fn give_back(&self, of: &ProfileKey, mine: &Mine, left: &TokenLease) {
        let mut commit = Commit::new();
        self.leave(&mut commit, of, mine, left);
        if let Err(error) = self.store.commit(commit).await {
            tracing::debug!(%error, "a lease was not given back");
        }
    }
}
