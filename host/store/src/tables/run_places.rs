//! Where the open runs of all tenants stand: ready to be taken, held by somebody, or asleep until a time.
//!
//! Three indexes over the whole host, so that whoever looks for work reads what can begin and nothing else, however many
//! runs are open. They say where to look; whether a run can be taken is decided by its own row.

use domain::run::{Run, Suspension};
use domain::{ProfileName, RunId, TenantId, Timestamp};

use crate::Store;
use crate::commit::{Commit, Expect};
use crate::envelope::damaged;
use crate::error::StoreError;
use crate::keys::{self, Prefix};

/// A run that wakes at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sleeper {
    pub at: Timestamp,
    pub tenant: TenantId,
    pub run: RunId,
}

pub trait RunPlaces {
    /// The next tenant, in the order of names, that has a run which is ready.
    fn ready_tenant_behind(&self, tenant: Option<&TenantId>) -> Result<Option<TenantId>, StoreError>;
    /// The next runs of a tenant that are ready, behind this one, oldest first.
    fn ready_runs(
        &self,
        tenant: &TenantId,
        behind: Option<&RunId>,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError>;
    /// The first ones that somebody works on, or worked on when he disappeared.
    fn held_runs(&self, limit: usize) -> Result<Vec<(TenantId, RunId)>, StoreError>;
    /// The first ones that sleep, in the order in which they wake, up to this time.
    fn sleeping_runs(&self, until: Timestamp, limit: usize) -> Result<Vec<Sleeper>, StoreError>;
    /// Those that wait for the recovery of a profile.
    fn sleeping_for(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError>;
}

impl RunPlaces for Store {
    fn ready_tenant_behind(&self, tenant: Option<&TenantId>) -> Result<Option<TenantId>, StoreError> {
        let behind = tenant.map(keys::behind_ready_runs_of);
        let prefix = keys::ready_runs();
        let mut found = None;
        self.walk_behind(&prefix, behind.as_ref(), true, |key, _| {
            found = Some(parts::<2>(&prefix, key)?);
            Ok(false)
        })?;
        found.map(|[tenant, _]| tenant.parse().map_err(|_| damaged(tenant.as_bytes()))).transpose()
    }

    fn ready_runs(
        &self,
        tenant: &TenantId,
        behind: Option<&RunId>,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        let behind = behind.map(|id| keys::ready_run(tenant, id));
        let mut runs = Vec::new();
        self.walk_behind(&keys::ready_runs_of(tenant), behind.as_ref(), true, |key, _| {
            if runs.len() >= limit {
                return Ok(false);
            }
            runs.push(id(keys::last_part(key).unwrap_or_default(), key)?);
            Ok(true)
        })?;
        Ok(runs)
    }

    fn held_runs(&self, limit: usize) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        let prefix = keys::held_runs();
        let mut runs = Vec::new();
        self.walk_behind(&prefix, None, true, |key, _| {
            let [tenant, run] = parts(&prefix, key)?;
            runs.push((id(&tenant, key)?, id(&run, key)?));
            Ok(runs.len() < limit)
        })?;
        Ok(runs)
    }

    fn sleeping_runs(&self, until: Timestamp, limit: usize) -> Result<Vec<Sleeper>, StoreError> {
        let prefix = keys::sleeping_runs();
        let mut sleepers = Vec::new();
        self.walk_behind(&prefix, None, true, |key, _| {
            let [at, tenant, run] = parts(&prefix, key)?;
            let at = keys::time_of(&at).ok_or_else(|| damaged(key))?;
            if at > until {
                return Ok(false);
            }
            sleepers.push(Sleeper { at, tenant: id(&tenant, key)?, run: id(&run, key)? });
            Ok(sleepers.len() < limit)
        })?;
        Ok(sleepers)
    }

    fn sleeping_for(
        &self,
        tenant: &TenantId,
        profile: &ProfileName,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        let mut runs = Vec::new();
        self.walk_behind(&keys::sleeping_for(tenant, profile), None, true, |key, _| {
            runs.push(id(keys::last_part(key).unwrap_or_default(), key)?);
            Ok(runs.len() < limit)
        })?;
        Ok(runs)
    }
}

impl Commit {
    /// Somebody takes it.
    pub fn hold_run(&mut self, tenant: &TenantId, id: &RunId) {
        self.delete(keys::ready_run(tenant, id), Expect::Any);
        self.ensure(keys::held_run(tenant, id));
    }

    /// Whoever held it lets it go.
    pub fn ready_run(&mut self, tenant: &TenantId, id: &RunId) {
        self.delete(keys::held_run(tenant, id), Expect::Any);
        self.ensure(keys::ready_run(tenant, id));
    }

    /// Nobody finds it any more: it is over.
    pub fn forget_ready_run(&mut self, tenant: &TenantId, id: &RunId) {
        self.delete(keys::ready_run(tenant, id), Expect::Any);
    }

    /// Nobody works on it any more: it is over.
    pub fn forget_held_run(&mut self, tenant: &TenantId, id: &RunId) {
        self.delete(keys::held_run(tenant, id), Expect::Any);
    }

    /// It sleeps as its suspension says.
    pub fn sleep_run(&mut self, tenant: &TenantId, run: &Run, suspension: &Suspension) {
        self.delete(keys::held_run(tenant, &run.id), Expect::Any);
        self.delete(keys::ready_run(tenant, &run.id), Expect::Any);
        self.ensure(keys::sleeping_run(suspension.until, tenant, &run.id));
        if let Some(profile) = &suspension.profile {
            self.ensure(keys::sleeper_for(tenant, profile, &run.id));
        }
    }

    /// It is woken, at its time or earlier.
    pub fn wake_run(&mut self, tenant: &TenantId, id: &RunId, suspension: &Suspension) {
        self.forget_sleeper(tenant, id, suspension);
        self.ensure(keys::ready_run(tenant, id));
    }

    /// It sleeps no more, and does not wake either.
    pub fn forget_sleeper(&mut self, tenant: &TenantId, id: &RunId, suspension: &Suspension) {
        self.delete(keys::sleeping_run(suspension.until, tenant, id), Expect::Any);
        if let Some(profile) = &suspension.profile {
            self.delete(keys::sleeper_for(tenant, profile, id), Expect::Any);
        }
    }

    /// It does not wait for this profile any more.
    pub fn forget_sleeper_for(&mut self, tenant: &TenantId, profile: &ProfileName, id: &RunId) {
        self.delete(keys::sleeper_for(tenant, profile, id), Expect::Any);
    }

    /// An entry that fits no run.
    pub fn forget_sleeping_row(&mut self, sleeper: &Sleeper) {
        self.delete(keys::sleeping_run(sleeper.at, &sleeper.tenant, &sleeper.run), Expect::Any);
    }
}

/// What a key of an index over all tenants has after its table.
pub(super) fn parts<const N: usize>(prefix: &Prefix, key: &[u8]) -> Result<[String; N], StoreError> {
    let rest =
        prefix.rest(key).and_then(|rest| std::str::from_utf8(rest).ok()).ok_or_else(|| damaged(key))?;
    let parts: Vec<String> = rest.split('\0').map(str::to_owned).collect();
    parts.try_into().map_err(|_| damaged(key))
}

pub(super) fn id<T: std::str::FromStr>(text: &str, key: &[u8]) -> Result<T, StoreError> {
    text.parse().map_err(|_| damaged(key))
}
