//! What a call leaves in the tenant's log: its lines, its exchanges, and how it failed.

use domain::connector::ConnectorRef;
use domain::log::{LogEntry, LogEvent};
use domain::{CorrelationId, ProfileName, RecordKey, RunId, Timestamp};

use crate::evidence::Records;
use crate::sandbox::Called;

/// What a row of the log keeps of each body; a dead letter keeps more.
const EXCERPT_BYTES_MAX: usize = 2 << 10;

/// Who made the call.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) connector: &'a ConnectorRef,
    pub(crate) profile: Option<&'a ProfileName>,
    pub(crate) run: &'a RunId,
    pub(crate) correlation: &'a CorrelationId,
}

impl Caller<'_> {
    pub(crate) fn entry(&self, at: Timestamp, record: Option<RecordKey>, event: LogEvent) -> LogEntry {
        LogEntry {
            number: 0,
            at,
            connector: self.connector.clone(),
            profile: self.profile.cloned(),
            run: Some(self.run.clone()),
            record,
            correlation: self.correlation.clone(),
            event,
        }
    }
}

/// Takes the traces out of a finished call.
pub(crate) fn entries<T>(
    caller: Caller<'_>,
    call: &str,
    records: &Records,
    now: Timestamp,
    called: &mut Called<T>,
) -> Vec<LogEntry> {
    let places = records.places(&called.exchanges);
    let lines = called.log.drain(..).map(|line| caller.entry(line.at, None, LogEvent::Line { line }));
    let exchanges = called.exchanges.drain(..).zip(places).map(|(exchange, place)| {
        let record = place.and_then(|place| records.record(place)).cloned();
        let exchange = exchange.cut(EXCERPT_BYTES_MAX);
        caller.entry(exchange.at, record, LogEvent::Exchange { exchange })
    });
    let mut entries: Vec<_> = lines.chain(exchanges).collect();
    entries.sort_by_key(|entry| entry.at);
    if let Err(failure) = &called.outcome {
        let failed = LogEvent::Failed {
            call: call.to_owned(),
            code: failure.fault.code().to_owned(),
            blame: failure.blame,
            message: failure.message.clone(),
        };
        entries.push(caller.entry(now, None, failed));
    }
    entries
}
