//! The log of a tenant: what its connectors said and what they sent.

use domain::log::{LogEntry, LogEvent};
use domain::profile::Profile;
use domain::{CorrelationId, ProfileName, RecordKey, RunId};
use store::{Commit, LogTail, Logs as _, Page};

use crate::error::Error;
use crate::tenant::{Tenant, paging};

/// What a row keeps of each body.
const EXCERPT_BYTES_MAX: usize = 2 << 10;

/// Which rows to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogFilter<'a> {
    /// Of this run only.
    pub run: Option<&'a RunId>,
    /// Of this profile only.
    pub profile: Option<&'a ProfileName>,
    /// What was done for this record only.
    pub record: Option<&'a RecordKey>,
    /// Of this trace only.
    pub correlation: Option<&'a CorrelationId>,
    /// Only what became of records, attempt by attempt.
    pub settled: bool,
    /// Continue behind this cursor.
    pub after: Option<&'a str>,
}

impl LogFilter<'_> {
    fn wanted(&self) -> store::LogFilter {
        store::LogFilter {
            run: self.run.cloned(),
            profile: self.profile.cloned(),
            record: self.record.cloned(),
            correlation: self.correlation.cloned(),
            settled: self.settled,
        }
    }
}

impl Tenant {
    /// Rows of the log, newest first.
    pub fn logs(&self, filter: LogFilter<'_>, limit: usize) -> Result<Page<LogEntry>, Error> {
        Ok(self.rooms.store.logs(&self.id, &filter.wanted(), &paging(filter.after, limit))?)
    }

    /// Rows behind a number, oldest first, with the number to go on from. Whoever asks again and again misses none and
    /// sees none twice; what was removed in between is counted. The cursor of the filter is not looked at.
    pub fn logs_after(&self, number: u64, filter: LogFilter<'_>, limit: usize) -> Result<LogTail, Error> {
        Ok(self.rooms.store.logs_after(&self.id, number, &filter.wanted(), limit)?)
    }

    /// The number of the newest row; 0 where there is none.
    pub fn last_log(&self) -> Result<u64, Error> {
        Ok(self.rooms.store.last_log(&self.id)?)
    }

    pub(crate) fn log_events(
        &self,
        commit: &mut Commit,
        profile: &Profile,
        correlation: &CorrelationId,
        events: Vec<LogEvent>,
    ) {
        let at = self.now();
        let cut = |event| match event {
            LogEvent::Exchange { exchange } => {
                LogEvent::Exchange { exchange: exchange.cut(EXCERPT_BYTES_MAX) }
            }
            other => other,
        };
        let entries = events.into_iter().map(cut).map(|event| LogEntry {
            number: 0,
            record: None,
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
