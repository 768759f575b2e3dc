//! Runs and dead letters, and the indexes that are written with them.

use std::collections::BTreeSet;

use domain::TenantId;
use domain::dead_letter::{DeadLetter, DeadLetterState};
use domain::run::Run;

use super::Checked;
use crate::Store;
use crate::error::StoreError;
use crate::keys::{self, Prefix};

impl Store {
    pub(super) fn check_runs(&self, tenant: &TenantId, checked: &mut Checked) -> Result<(), StoreError> {
        let open = self.named(&keys::open_runs(tenant))?;
        let mut known = BTreeSet::new();
        self.sound::<Run>(&keys::runs(tenant), |key, _, row| {
            let run = row.value;
            if run.status.is_final() == open.contains(run.id.as_str()) {
                checked.wrong(key, "the list of open runs does not fit its status");
            }
            if run.status.is_final() != run.finished_at.is_some() {
                checked.wrong(key, "its status does not fit the time at which it ended");
            }
            let index = keys::run_by_flow(tenant, &run.flow, &run.id);
            if self.inner().backend.get(index.bytes())?.is_none() {
                checked.wrong(key, "it is missing in the list of its flow's runs");
            }
            known.insert(run.id.to_string());
            Ok(())
        })?;
        self.check_index(&keys::open_runs(tenant), &known, checked)?;
        self.check_index(&keys::all_runs_by_flow(tenant), &known, checked)
    }

    pub(super) fn check_letters(&self, tenant: &TenantId, checked: &mut Checked) -> Result<(), StoreError> {
        let parked = self.named(&keys::parked(tenant, None))?;
        let mut known = BTreeSet::new();
        self.sound::<DeadLetter>(&keys::dead_letters(tenant), |key, _, row| {
            let letter = row.value;
            if (letter.state == DeadLetterState::Parked) != parked.contains(letter.id.as_str()) {
                checked.wrong(key, "the list of parked dead letters does not fit its state");
            }
            let index = keys::dead_letter_by_flow(tenant, &letter.flow, &letter.id);
            if self.inner().backend.get(index.bytes())?.is_none() {
                checked.wrong(key, "it is missing in the list of its flow's dead letters");
            }
            let mark = keys::seen(tenant, &letter.flow, &letter.key);
            if self.inner().backend.get(mark.bytes())?.is_none() {
                checked.wrong(key, "its flow does not remember the record: it could be taken again");
            }
            known.insert(letter.id.to_string());
            Ok(())
        })?;
        self.check_index(&keys::parked(tenant, None), &known, checked)?;
        self.check_index(&keys::all_dead_letters_by_flow(tenant), &known, checked)
    }

    /// Every row of an index points to one that is there.
    fn check_index(
        &self,
        index: &Prefix,
        known: &BTreeSet<String>,
        checked: &mut Checked,
    ) -> Result<(), StoreError> {
        self.sound::<()>(index, |key, parts, _| {
            if !parts.last().is_some_and(|name| known.contains(*name)) {
                checked.wrong(key, "it points to a row that is not there");
            }
            Ok(())
        })
    }
}
