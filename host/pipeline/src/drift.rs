//! Compares what comes with what its connector declared, and takes down what differs.
//!
//! A record that breaks its declaration is parked before the mapping sees it: the mapping and the destination would make
//! something of it, and nobody would know what. What a destination answers is too late to be held back; it is told.

use std::collections::BTreeMap;

use domain::connector::{Connector, ConnectorRef};
use domain::drift::{Declared, Difference, Drift, Offer, breaking};
use domain::flow::Flow;
use domain::json::{self, Bounds};
use domain::run::Failure;
use domain::text::inert;
use domain::{Blame, ProfileName, RecordKey, TenantId, Timestamp};
use serde_json::Value;
use store::{Commit, Drifts as _, Expect, Profiles as _, Store, StoreError};

use crate::room::Room;

/// What a dead letter keeps of the differences.
const MESSAGE_BYTES_MAX: usize = 1_000;
const DEPTH_MAX: usize = 100;
/// Different differences that one run or call remembers.
const MET_MAX: usize = 256;
/// How often a note is written again because another call wrote to the row meanwhile.
const TRIES_MAX: usize = 20;

/// What one trigger or action declares of what it gives.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    of: Offer,
    /// None: anything, or a schema that cannot be used; neither is a remote's fault.
    declared: Option<(ConnectorRef, Declared)>,
}

/// What both ends of a flow declare of what comes from them.
#[derive(Clone, Debug)]
pub(crate) struct Declarations {
    pub(crate) records: Declaration,
    pub(crate) outputs: Declaration,
}

/// What differed at both ends.
#[derive(Debug, Default)]
pub(crate) struct Differing {
    pub(crate) records: Met,
    pub(crate) outputs: Met,
}

/// Differences that were met and are not written down yet.
#[derive(Debug, Default)]
pub(crate) struct Met {
    counts: BTreeMap<Difference, (u64, Option<RecordKey>)>,
    /// Something among them has not been written down by this holder before.
    is_news: bool,
}

impl Declaration {
    pub(crate) fn of_records(connector: &Connector, trigger: &str) -> Self {
        let schema = connector.manifest.triggers.iter().find(|given| given.name == trigger);
        Self::new(connector, Offer::Trigger(trigger.to_owned()), schema.map(|given| &given.record))
    }

    pub(crate) fn of_outputs(connector: &Connector, action: &str) -> Self {
        let schema = connector.manifest.actions.iter().find(|given| given.name == action);
        Self::new(connector, Offer::Action(action.to_owned()), schema.map(|given| &given.output))
    }

    /// Of a trigger whose connector is not there any more: nothing is known of it.
    pub(crate) fn unknown(trigger: &str) -> Self {
        Self { of: Offer::Trigger(trigger.to_owned()), declared: None }
    }

    fn new(connector: &Connector, of: Offer, schema: Option<&Value>) -> Self {
        let declared = schema.and_then(|schema| Declared::of(schema).ok().flatten());
        let name = ConnectorRef { name: connector.name.clone(), version: connector.version.clone() };
        Self { of, declared: declared.map(|declared| (name, declared)) }
    }

    /// Takes down how the value differs. The failure, if it breaks the declaration.
    pub(crate) fn judge(&self, value: &Value, key: Option<&RecordKey>, met: &mut Met) -> Result<(), Failure> {
        let Some((connector, declared)) = &self.declared else { return Ok(()) };
        let differences = declared.compare(value);
        let broken = breaking(&differences);
        met.add(differences, key);
        let Some(broken) = broken else { return Ok(()) };
        let message = format!(
            "the record is not as {connector} declares it: {broken}; upload a version that declares it as it is now, or set \
             `delivery.drift` of the flow to `report`, and replay"
        );
        let message = inert(&message, MESSAGE_BYTES_MAX);
        Err(Failure { blame: Blame::Remote, code: "schema_drift".to_owned(), message })
    }

    /// Takes down how an output differs. It has done its work, whatever it looks like.
    pub(crate) fn look_at(&self, output: &str, key: Option<&RecordKey>, met: &mut Met) {
        let Some((_, declared)) = &self.declared else { return };
        let bounds = Bounds { bytes: output.len(), depth: DEPTH_MAX };
        if let Ok(output) = json::parse(output.as_bytes(), bounds) {
            met.add(declared.compare(&output), key);
        }
    }
}

impl Differing {
    /// Goes on with what was met later.
    pub(crate) fn follow(&mut self, later: Self) {
        self.records.follow(later.records);
        self.outputs.follow(later.outputs);
    }

    /// Writes down what was met: all of it, or only if there is something new among it.
    pub(crate) async fn note(
        &mut self,
        room: &Room,
        tenant: &TenantId,
        flow: &Flow,
        declared: &Declarations,
        only_news: bool,
    ) -> Result<(), StoreError> {
        let ends = [
            (&flow.source.profile, &declared.records, &mut self.records),
            (&flow.destination.profile, &declared.outputs, &mut self.outputs),
        ];
        for (profile, declaration, met) in ends {
            if met.is_news || !only_news {
                note(&room.store, tenant, profile, declaration, met, room.now()).await?;
            }
        }
        Ok(())
    }
}

impl Met {
    fn add(&mut self, differences: Vec<Difference>, key: Option<&RecordKey>) {
        for difference in differences {
            let known = self.counts.contains_key(&difference);
            if known || self.counts.len() < MET_MAX {
                self.is_news |= !known;
                let (count, example) = self.counts.entry(difference).or_default();
                *count += 1;
                *example = key.cloned().or(example.take());
            }
        }
    }

    /// Goes on with what was met later.
    fn follow(&mut self, later: Self) {
        for (difference, (count, example)) in later.counts {
            self.is_news |= !self.counts.contains_key(&difference);
            let met = self.counts.entry(difference).or_default();
            met.0 += count;
            met.1 = example.or(met.1.take());
        }
    }

    fn is_empty(&self) -> bool {
        self.counts.values().all(|(count, _)| *count == 0)
    }
}

/// Best effort, in a commit of its own: a report must never be what a delivery waits for a second time.
pub(crate) async fn note(
    store: &Store,
    tenant: &TenantId,
    profile: &ProfileName,
    declaration: &Declaration,
    met: &mut Met,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some((connector, _)) = declaration.declared.as_ref().filter(|_| !met.is_empty()) else {
        return Ok(());
    };
    // What a version that is only tried declares is told of nobody: the next call may be made with the one in use.
    let in_use = store.profile(tenant, profile)?.is_some_and(|row| row.value.connector == *connector);
    if !in_use {
        return Ok(());
    }
    for _ in 0..TRIES_MAX {
        let found = store.drift(tenant, profile)?;
        let expect = found.as_ref().map_or(Expect::Absent, |found| Expect::Version(found.version));
        let same = found.map(|row| row.value).filter(|row| row.connector == *connector);
        let mut row = same.unwrap_or_else(|| Drift::new(connector.clone()));
        for (difference, (count, example)) in met.counts.iter().filter(|(_, (count, _))| *count > 0) {
            if row.note(&declaration.of, difference, *count, example.clone(), now) {
                tracing::warn!(%tenant, %profile, %connector, %difference, "what comes has drifted");
            }
        }
        let mut commit = Commit::new();
        commit.put_drift(tenant, profile, &row, expect);
        match store.commit(commit).await {
            Ok(()) => {
                // Known from now on, so that only what is new is written at once.
                met.is_news = false;
                met.counts.values_mut().for_each(|(count, _)| *count = 0);
                return Ok(());
            }
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
