//! Which flows are to run by themselves now.

use domain::audit::Actor;
use domain::flow::Flow;
use domain::run::Cause;
use domain::schedule::Schedule;
use domain::{FlowName, TenantId, Timestamp};
use store::{FlowStates as _, Flows as _, PAGE_ITEMS_MAX, Paging, Store, StoreError, Tenants as _};

use crate::error::PipelineError;
use crate::room::Room;
use crate::trigger::trigger;

/// Triggers every flow that is due. What was missed while the host was down is caught up with one run, not with many.
pub(crate) async fn trigger_due(room: &Room) -> Result<(), StoreError> {
    for tenant in tenants(&room.store)? {
        for flow in due(&room.store, &tenant, room.now())? {
            match trigger(room, &tenant, &flow, Cause::Schedule, &Actor::Schedule).await {
                Ok(_) => {}
                Err(PipelineError::Store(error)) => return Err(error),
                // It is being run, or it was changed meanwhile: the next tick looks again.
                Err(reason) => tracing::debug!(%tenant, %flow, %reason, "a scheduled run was not started"),
            }
        }
    }
    Ok(())
}

pub(crate) fn tenants(store: &Store) -> Result<Vec<TenantId>, StoreError> {
    let mut tenants = Vec::new();
    let mut paging = Paging::first(PAGE_ITEMS_MAX);
    loop {
        let page = store.tenants(&paging)?;
        tenants.extend(page.items.into_iter().map(|tenant| tenant.id));
        match page.next {
            Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
            None => return Ok(tenants),
        }
    }
}

fn due(store: &Store, tenant: &TenantId, now: Timestamp) -> Result<Vec<FlowName>, StoreError> {
    let mut due = Vec::new();
    let mut paging = Paging::first(PAGE_ITEMS_MAX);
    loop {
        let page = store.flows(tenant, &paging)?;
        for flow in page.items.into_iter().map(|row| row.value) {
            let last_run_at = store.flow_state(tenant, &flow.name)?.value.last_run_at;
            if is_due(&flow, last_run_at, now) {
                due.push(flow.name);
            }
        }
        match page.next {
            Some(next) => paging = Paging::after(next, PAGE_ITEMS_MAX),
            None => return Ok(due),
        }
    }
}

fn is_due(flow: &Flow, last_run_at: Option<Timestamp>, now: Timestamp) -> bool {
    let Some(Schedule::Every(schedule)) = flow.schedule.as_ref().filter(|_| flow.enabled) else {
        return false;
    };
    // A last run that lies ahead was written by a clock that has been set back since.
    let last = last_run_at.filter(|at| *at <= now);
    last.is_none_or(|at| now.ms_since(at) >= schedule.period_ms())
}

#[cfg(test)]
mod tests {
    use domain::flow::{DeliveryPolicy, Destination, Source};
    use domain::schedule::{CatchUp, Every};

    use super::*;

    fn every(every_ms: u64) -> Schedule {
        Schedule::Every(Every { every_ms, catch_up: CatchUp::Once })
    }

    #[test]
    fn a_flow_is_due_when_its_period_has_passed_and_never_while_disabled() {
        let mut flow = Flow {
            name: "deals".parse().unwrap(),
            source: Source { profile: "crm".parse().unwrap(), trigger: "deals".to_owned() },
            mapping: None,
            destination: Destination { profile: "bill".parse().unwrap(), action: "invoice".to_owned() },
            schedule: Some(every(5_000)),
            delivery: DeliveryPolicy::default(),
            enabled: true,
            created_at: Timestamp::from_ms(0),
            version: 1,
            updated_at: None,
        };
        let now = Timestamp::from_ms(1_000_000);
        assert!(is_due(&flow, None, now));
        assert!(!is_due(&flow, Some(Timestamp::from_ms(995_001)), now));
        assert!(is_due(&flow, Some(Timestamp::from_ms(995_000)), now));
        assert!(is_due(&flow, Some(now.plus_ms(86_400_000)), now), "the clock was set back");
        flow.schedule = Some(every(0));
        assert!(!is_due(&flow, Some(Timestamp::from_ms(999_001)), now));
        flow.enabled = false;
        assert!(!is_due(&flow, None, now));
        (flow.enabled, flow.schedule) = (true, None);
        assert!(!is_due(&flow, None, now));
    }
}
