//! Runs of a tenant's flows: what happened, and to whom it is to be said.

use domain::run::Run;
use domain::{FlowName, ProfileName, RunId};
use store::{Page, Runs as _};

use crate::error::Error;
use crate::tenant::{Tenant, paging};

/// Which runs to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunsOf<'a> {
    /// Of this flow only.
    pub flow: Option<&'a FlowName>,
    /// Continue behind this cursor.
    pub after: Option<&'a str>,
}

impl Tenant {
    /// One run.
    pub fn run(&self, id: &RunId) -> Result<Run, Error> {
        let found = self.rooms.store.run(&self.id, id)?;
        found.map(|row| row.value).ok_or_else(|| Error::not_found("run", id))
    }

    /// Asks for the end of a run, and gives it as it is then: over where nobody works on it, otherwise about to end once
    /// its calls have. What it has not delivered waits for the next run.
    pub async fn cancel_run(&self, id: &RunId) -> Result<Run, Error> {
        self.rooms.pipeline.cancel(&self.id, id, &self.actor).await?;
        self.run(id)
    }

    /// Lets runs that wait for this profile go on at once: it works again. Where that fails, they go on at their time.
    pub(crate) async fn wake_waiting(&self, profile: &ProfileName) {
        if let Err(error) = self.rooms.pipeline.wake_for(&self.id, profile).await {
            tracing::warn!(tenant = %self.id, %profile, %error, "runs that wait for a profile could not be woken");
        }
    }

    /// Runs, newest first.
    pub fn runs(&self, of: RunsOf<'_>, limit: usize) -> Result<Page<Run>, Error> {
        Ok(self.rooms.store.runs(&self.id, of.flow, &paging(of.after, limit))?.map(|row| row.value))
    }
}
