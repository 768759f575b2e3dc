//! What a call leaves in the tenant's log: its lines, its exchanges, and how it failed.

use domain::connector::ConnectorRef;
use domain::log::{LogEntry, LogEvent};
use domain::{CorrelationId, ProfileName, RunId, Timestamp};

use crate::sandbox::Called;

/// Who made the call.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) connector: &'a ConnectorRef,
    pub(crate) profile: Option<&'a ProfileName>,
    pub(crate) run: &'a RunId,
    pub(crate) correlation: &'a CorrelationId,
}

/// Takes the traces out of a finished call.
pub(crate) fn entries<T>(
    caller: Caller<'_>,
    call: &str,
    now: Timestamp,
    called: &mut Called<T>,
) -> Vec<LogEntry> {
    let entry = |at, event| LogEntry {
        at,
        connector: caller.connector.clone(),
        profile: caller.profile.cloned(),
        run: Some(caller.run.clone()),
        correlation: caller.correlation.clone(),
        event,
    };
    let lines = called.log.drain(..).map(|line| entry(line.at, LogEvent::Line { line }));
    let exchanges =
        called.exchanges.drain(..).map(|exchange| entry(exchange.at, LogEvent::Exchange { exchange }));
    let mut entries: Vec<_> = lines.chain(exchanges).collect();
    entries.sort_by_key(|entry| entry.at);
    if let Err(failure) = &called.outcome {
        entries.push(entry(
            now,
            LogEvent::Failed {
                call: call.to_owned(),
                code: failure.fault.code().to_owned(),
                blame: failure.blame,
                message: failure.message.clone(),
            },
        ));
    }
    entries
}
