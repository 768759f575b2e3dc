//! How far what comes from a profile's remote differs from what its connector declares.

use domain::ProfileName;
use domain::audit::{Subject, Verb};
use domain::drift::Drift;
use store::{Drifts as _, Expect};

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

impl Tenant {
    /// The differences that were met with the version in use, each once, with how often and where. None were: none.
    pub fn drift(&self, profile: &ProfileName) -> Result<Drift, Error> {
        let row = self.profile(profile)?;
        let found = self.rooms.store.drift(&self.id, profile)?.map(|found| found.value);
        let current = found.filter(|drift| drift.connector == row.connector);
        Ok(current.unwrap_or_else(|| Drift::new(row.connector)))
    }

    /// Forgets the differences that were met, because somebody has seen to them. What still differs is met again.
    pub async fn clear_drift(&self, profile: &ProfileName) -> Result<(), Error> {
        let row = self.profile(profile)?;
        let Some(found) = self.rooms.store.drift(&self.id, profile)? else { return Ok(()) };
        let mut change = self.change(Verb::DriftCleared, Subject::profile(profile), &["drift"]);
        let empty = Drift::new(row.connector);
        change.commit().put_drift(&self.id, profile, &empty, Expect::Version(found.version));
        match self.rooms.store.commit(change).await {
            Err(error) if error.is_conflict() => Err(Error::new(
                Kind::Conflict,
                "contended",
                format!("the drift of {profile} was written to meanwhile; look at it and clear it again"),
            )),
            other => Ok(other?),
        }
    }
}
