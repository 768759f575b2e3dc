//! The log of a tenant: what its connectors said and what they sent.

use domain::log::{LogEntry, LogEvent};
use domain::profile::Profile;
use domain::{CorrelationId, ProfileName, RunId};
use store::{Commit, Logs as _, Page};

use crate::error::Error;
use crate::tenant::{Tenant, paging};

/// Which rows to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogFilter<'a> {
    /// Of this run only.
    pub run: Option<&'a RunId>,
    /// Of this profile only.
    pub profile: Option<&'a ProfileName>,
    /// Continue behind this cursor.
    pub after: Option<&'a str>,
}

impl Tenant {
    /// Rows of the log, newest first.
    pub fn logs(&self, filter: LogFilter<'_>, limit: usize) -> Result<Page<LogEntry>, Error> {
        let wanted = store::LogFilter { run: filter.run.cloned(), profile: filter.profile.cloned() };
        Ok(self.rooms.store.logs(&self.id, &wanted, &paging(filter.after, limit))?)
    }

    pub(crate) async fn keep_events(
        &self,
        profile: &Profile,
        run: Option<&RunId>,
        correlation: &CorrelationId,
        events: Vec<LogEvent>,
    ) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let at = self.now();
        let entries = events.into_iter().map(|event| LogEntry {
            at,
            connector: profile.connector.clone(),
            profile: Some(profile.name.clone()),
            run: run.cloned(),
            correlation: correlation.clone(),
            event,
        });
        let mut commit = Commit::new();
        commit.append_logs(&self.id, &entries.collect::<Vec<_>>());
        Ok(self.rooms.store.commit(commit).await?)
    }
}
