//! What a flow has accepted: each record waits exactly once, or has met its fate, and the cursor's numbers fit.

use std::collections::{BTreeMap, BTreeSet};

use domain::dead_letter::{DeadLetter, DeadLetterState};
use domain::flow::{FlowState, Parcel, Seen};
use domain::run::Run;
use domain::{FlowName, TenantId};

use super::Checked;
use crate::error::StoreError;
use crate::{Store, keys};

/// What waits, by flow.
#[derive(Default)]
struct Waiting {
    /// Records on their first way; their parcels are remembered for the marks.
    records: BTreeMap<String, BTreeSet<String>>,
    /// Dead letters on their way again.
    letters: BTreeSet<String>,
}

impl Store {
    pub(super) fn check_flows(&self, tenant: &TenantId, checked: &mut Checked) -> Result<(), StoreError> {
        let waiting = self.check_outbox(tenant, checked)?;
        self.check_marks(tenant, &waiting, checked)?;
        self.sound::<DeadLetter>(&keys::dead_letters(tenant), |key, _, row| {
            let replaying = matches!(row.value.state, DeadLetterState::Replaying { .. });
            if replaying != waiting.letters.contains(row.value.id.as_str()) {
                checked.wrong(key, "whether it is on its way again does not fit the outbox");
            }
            Ok(())
        })
    }

    fn check_outbox(&self, tenant: &TenantId, checked: &mut Checked) -> Result<Waiting, StoreError> {
        let mut waiting = Waiting::default();
        self.sound::<Parcel>(&keys::all_outboxes(tenant), |key, parts, row| {
            let parcel = row.value;
            let Some(flow) = parts.first().and_then(|name| name.parse::<FlowName>().ok()) else {
                checked.wrong(key, "no flow has such a name");
                return Ok(());
            };
            if keys::parcel(tenant, &flow, parcel.seq).bytes() != key {
                checked.wrong(key, "its number is not the one that it lies under");
            }
            let state = self.read::<FlowState>(&keys::flow_state(tenant, &flow));
            if let Ok(Some(state)) = state
                && parcel.seq >= state.value.next_seq
            {
                checked.wrong(key, "the flow would give its number to another record");
            }
            if let Ok(None) = self.read::<Run>(&keys::run(tenant, &parcel.run)) {
                checked.wrong(key, "its run is not there");
            }
            match parcel.replay_of {
                Some(letter) => {
                    let twice = !waiting.letters.insert(letter.to_string());
                    if twice {
                        checked.wrong(key, "its dead letter is on its way twice");
                    }
                    if let Ok(None) = self.read::<DeadLetter>(&keys::dead_letter(tenant, &letter)) {
                        checked.wrong(key, "its dead letter is not there");
                    }
                }
                None => {
                    let records = waiting.records.entry(flow.to_string()).or_default();
                    if !records.insert(parcel.key.to_string()) {
                        checked.wrong(key, "its record waits twice");
                    }
                    let mark = self.read::<Seen>(&keys::seen(tenant, &flow, &parcel.key));
                    if !matches!(&mark, Ok(Some(mark)) if matches!(mark.value, Seen::Accepted { .. })) {
                        checked
                            .wrong(key, "its record is not marked as accepted: it could be delivered twice");
                    }
                }
            }
            Ok(())
        })?;
        Ok(waiting)
    }

    /// A record that is marked as accepted waits: otherwise it is lost.
    fn check_marks(
        &self,
        tenant: &TenantId,
        waiting: &Waiting,
        checked: &mut Checked,
    ) -> Result<(), StoreError> {
        self.sound::<Seen>(&keys::all_seen(tenant), |key, parts, row| {
            if !matches!(row.value, Seen::Accepted { .. }) {
                return Ok(());
            }
            let [flow, record] = parts else { return Ok(()) };
            if !waiting.records.get(*flow).is_some_and(|records| records.contains(*record)) {
                checked.wrong(key, "it was accepted and waits nowhere: it is lost");
            }
            Ok(())
        })
    }
}
