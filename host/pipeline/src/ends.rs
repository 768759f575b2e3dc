//! The two ends of a flow while it is run: what they are allowed is looked up again whenever a profile changes.

use std::sync::Arc;

use domain::connector::ConnectorRef;
use domain::flow::Flow;
use domain::run::{Cause, Pins, Run};
use domain::trace::TraceState;
use domain::{RunId, TenantId};
use store::{Profiles as _, Store};

use crate::drift::{Declaration, Declarations};
use crate::inputs::Inputs;
use crate::ready::{NotReady, Ready};
use crate::room::Room;
use crate::sandbox::End;

pub(crate) struct Ends {
    /// None for a replay, which reads nothing.
    pub(crate) source: Option<Side>,
    pub(crate) destination: Side,
    pub(crate) inputs: Inputs,
    pub(crate) declared: Declarations,
}

/// One end with the rows that it was made of.
pub(crate) struct Side {
    pub(crate) ready: Ready,
    pub(crate) end: Arc<dyn End>,
}

/// Whether the rows say that a run can begin, and with which versions. Nothing is linked.
pub(crate) fn may_begin(
    store: &Store,
    tenant: &TenantId,
    flow: &Flow,
    cause: Cause,
    run: &RunId,
) -> Result<Pins, NotReady> {
    let source = match cause {
        Cause::Replay => None,
        Cause::Manual | Cause::Schedule | Cause::Webhook => {
            let ready = Ready::of(store, tenant, &flow.source.profile)?;
            ready.trigger(&flow.source.trigger)?;
            Some(ready.profile.for_run(run))
        }
    };
    let ready = Ready::of(store, tenant, &flow.destination.profile)?;
    ready.action(&flow.destination.action)?;
    Ok(Pins { source, destination: ready.profile.for_run(run) })
}

impl Ends {
    /// `pins`: none in the row of a run of before there were any; it goes on with what its profiles have.
    pub(crate) async fn open(
        room: &Room,
        tenant: &TenantId,
        flow: &Flow,
        run: &Run,
    ) -> Result<Self, NotReady> {
        let (cause, pins) = (run.cause, run.pins.as_ref());
        let now = room.now();
        let pinned = |end: fn(&Pins) -> Option<&ConnectorRef>| pins.and_then(end);
        let from = pinned(|pins| pins.source.as_ref());
        let to = pinned(|pins| Some(&pins.destination));
        // Both are looked at before the right to find out about one of them is used up.
        if cause != Cause::Replay {
            let ready = Ready::pinned(&room.store, tenant, &flow.source.profile, from)?;
            ready.trigger(&flow.source.trigger)?;
            ready.waits(now)?;
        }
        Ready::pinned(&room.store, tenant, &flow.destination.profile, to)?.waits(now)?;
        let source = match cause {
            Cause::Replay => None,
            Cause::Manual | Cause::Schedule | Cause::Webhook => {
                let profile = &flow.source.profile;
                let ready = Ready::for_a_call(&room.store, tenant, profile, from, now).await?;
                Some(Side::open(room, tenant, ready, run.trace_state.clone()).await?)
            }
        };
        let destination = Ready::for_a_call(&room.store, tenant, &flow.destination.profile, to, now).await?;
        let inputs = Inputs::of(&destination, &flow.destination.action)?;
        let declared = Declarations {
            records: declared_records(room, tenant, flow, source.as_ref()),
            outputs: Declaration::of_outputs(&destination.connector, &flow.destination.action),
        };
        let destination = Side::open(room, tenant, destination, run.trace_state.clone()).await?;
        Ok(Self { source, destination, inputs, declared })
    }

    /// A grant that was taken back, a profile that was disabled: neither may be used for one more call.
    pub(crate) fn are_current(&self, room: &Room, tenant: &TenantId, flow: &Flow) -> Result<bool, NotReady> {
        let current = |side: &Side| {
            let row = room.store.profile(tenant, &side.ready.profile.name).map_err(|_| NotReady::Store)?;
            Ok(row.is_some_and(|row| row.version == side.ready.version))
        };
        let named = self.destination.ready.profile.name == flow.destination.profile
            && self.source.as_ref().is_none_or(|source| source.ready.profile.name == flow.source.profile);
        Ok(named && current(&self.destination)? && self.source.as_ref().map_or(Ok(true), current)?)
    }
}

/// What the source declares of its records. A replay reads nothing, and its record was declared all the same; where the
/// source cannot be used any more, nothing is known of it.
fn declared_records(room: &Room, tenant: &TenantId, flow: &Flow, source: Option<&Side>) -> Declaration {
    let trigger = &flow.source.trigger;
    match source {
        Some(side) => Declaration::of_records(&side.ready.connector, trigger),
        None => match Ready::of(&room.store, tenant, &flow.source.profile) {
            Ok(ready) => Declaration::of_records(&ready.connector, trigger),
            Err(_) => Declaration::unknown(trigger),
        },
    }
}

impl Side {
    async fn open(
        room: &Room,
        tenant: &TenantId,
        ready: Ready,
        trace_state: Option<TraceState>,
    ) -> Result<Self, NotReady> {
        let end = room.sandbox.end(tenant, &ready, trace_state).await?;
        Ok(Self { ready, end })
    }
}
