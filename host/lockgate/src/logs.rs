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

    pub(crate) fn log_events(
        &self,
        commit: &mut Commit,
        profile: &Profile,
        correlation: &CorrelationId,
        events: Vec<LogEvent>,
    ) {
        let at = self.now();
        let entries = events.into_iter().map(|event| LogEntry {
            at,
            connector: profile.connector.clone(),
            profile: Some(profile.name.clone()),
            run: None,
            correlation: correlation.clone(),
            event,
        });
        commit.append_logs(&self.id, &entries.collect::<Vec<_>>());
    }
}
