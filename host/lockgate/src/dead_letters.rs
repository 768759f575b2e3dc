//! Dead letters of a tenant: list, show, replay.

use domain::dead_letter::DeadLetter;
use domain::run::Run;
use domain::{DeadLetterId, FlowName};
use store::{DeadLetters as _, Page};

use crate::error::Error;
use crate::tenant::{Tenant, paging};

impl Tenant {
    /// Dead letters, newest first.
    pub fn dead_letters(
        &self,
        flow: Option<&FlowName>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeadLetter>, Error> {
        Ok(self.rooms.store.dead_letters(&self.id, flow, &paging(after, limit))?.map(|row| row.value))
    }

    /// One dead letter.
    pub fn dead_letter(&self, id: &DeadLetterId) -> Result<DeadLetter, Error> {
        let found = self.rooms.store.dead_letter(&self.id, id)?;
        found.map(|row| row.value).ok_or_else(|| Error::not_found("dead letter", id))
    }

    /// Sends a dead letter on its way again, under its old idempotency key, in a run of its own.
    pub async fn replay(&self, id: &DeadLetterId) -> Result<Run, Error> {
        let run = self.rooms.pipeline.replay(&self.id, id, &self.actor).await?;
        self.run(&run)
    }
}
