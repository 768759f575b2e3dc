//! What a run asks of the floor below: the seam behind which delivery is tested with scripted connectors.

use std::sync::Arc;

use domain::call::{CallFailure, GuestError, Inbound, Input, LogLine, Page, PolledRecord};
use domain::connector::ConnectorRef;
use domain::exchange::{Exchange, ExchangeOutcome};
use domain::trace::TraceState;
use domain::{CorrelationId, Later, TenantId};

use crate::circuits::Circuits;
use crate::ready::{NotReady, Ready};

/// What came of one call, and what it left behind.
#[derive(Clone, Debug)]
pub(crate) struct Called<T> {
    pub(crate) outcome: Result<T, CallFailure>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) exchanges: Vec<Exchange>,
}

pub(crate) type Polled = Called<Result<Page, GuestError>>;
pub(crate) type Received = Called<Result<Vec<PolledRecord>, GuestError>>;
pub(crate) type Ran = Called<Vec<Result<String, GuestError>>>;
pub(crate) type Mapped = Called<Vec<Result<Option<String>, GuestError>>>;

/// Makes a profile ready to be called, and runs mappings.
pub(crate) trait Sandbox: Send + Sync {
    fn end<'a>(
        &'a self,
        tenant: &'a TenantId,
        ready: &'a Ready,
        trace_state: Option<TraceState>,
    ) -> Later<'a, Result<Arc<dyn End>, NotReady>>;

    /// What all calls of a profile share.
    fn circuits(&self) -> Circuits;

    /// The transform that runs mappings, for the log.
    fn transform(&self) -> &ConnectorRef;

    fn map<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation: &'a CorrelationId,
        program: &'a str,
        records: Vec<String>,
    ) -> Later<'a, Mapped>;
}

/// One end of a flow: a profile with its connector, ready to be called.
pub(crate) trait End: Send + Sync {
    fn poll<'a>(
        &'a self,
        correlation: &'a CorrelationId,
        trigger: &'a str,
        cursor: Option<String>,
    ) -> Later<'a, Polled>;

    fn receive<'a>(
        &'a self,
        correlation: &'a CorrelationId,
        trigger: &'a str,
        event: Inbound,
    ) -> Later<'a, Received>;

    fn run<'a>(
        &'a self,
        correlation: &'a CorrelationId,
        action: &'a str,
        inputs: Vec<Input>,
    ) -> Later<'a, Ran>;
}

// === impl Called ===

impl<T> Called<T> {
    /// Requests that a gate refused.
    pub(crate) fn denied(&self) -> u64 {
        let denied = |exchange: &&Exchange| matches!(exchange.outcome, ExchangeOutcome::Denied { .. });
        self.exchanges.iter().filter(denied).count() as u64
    }
}
