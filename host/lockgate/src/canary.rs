//! A canary: a share of a profile's work tries another version. The host gives it up where it fails more often.

use domain::ProfileName;
use domain::audit::Verb;
use domain::canary::{Canary, Trial};
use domain::consent;
use domain::profile::Profile;
use store::{Commit, Expect, Trials as _};

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

impl Tenant {
    /// Lets `percent` of a hundred runs and calls of this profile go with another version: this one, or the highest. It
    /// may ask for no more than the version in use. A trial that is on already is replaced.
    pub async fn start_canary(
        &self,
        profile: &ProfileName,
        version: Option<&str>,
        percent: u8,
    ) -> Result<Profile, Error> {
        if !(1..=99).contains(&percent) {
            let message = "percent is between 1 and 99; to use a version for everything, upgrade to it";
            return Err(Error::new(Kind::Invalid, "invalid_percent", message));
        }
        self.change_profile(profile, Verb::CanaryStarted, |row| {
            let (old, new) = self.both(row, version)?;
            let now = self.now();
            let moved = consent::adopt(row, &old, &new, None, &self.rooms.ceiling, now)?;
            row.canary = Some(Canary::new(moved, percent, now));
            row.updated_at = now;
            Ok(())
        })
        .await
    }

    /// Ends the trial: everything goes with the version in use again, runs under way included.
    pub async fn stop_canary(&self, profile: &ProfileName) -> Result<Profile, Error> {
        self.change_profile(profile, Verb::CanaryStopped, |row| {
            row.canary.take().ok_or_else(|| none(profile))?;
            row.updated_at = self.now();
            Ok(())
        })
        .await
    }

    /// Ends the trial and moves the profile to the version that was tried.
    pub async fn promote_canary(&self, profile: &ProfileName) -> Result<Profile, Error> {
        self.change_profile(profile, Verb::CanaryPromoted, |row| {
            let canary = row.canary.clone().ok_or_else(|| none(profile))?;
            let (old, new) = self.both(row, Some(&canary.version.to_string()))?;
            *row = consent::adopt(row, &old, &new, None, &self.rooms.ceiling, self.now())?;
            Ok(())
        })
        .await
    }

    /// How the last canary has fared beside the version in use; none was tried: none.
    pub fn trial(&self, profile: &Profile) -> Result<Option<Trial>, Error> {
        let kept = self.rooms.store.trial(&self.id, &profile.name)?.map(|row| row.value);
        Ok(match &profile.canary {
            Some(canary) => {
                Some(kept.filter(|trial| trial.is_of(canary)).unwrap_or_else(|| Trial::new(canary)))
            }
            None => kept,
        })
    }
}

impl Tenant {
    /// A run that goes with a version learns from its trial that it is given up, though it may never have been called, and
    /// though another one is tried by then.
    pub(crate) fn keep_trial(
        &self,
        commit: &mut Commit,
        before: &Profile,
        after: &Profile,
    ) -> Result<(), Error> {
        let Some(canary) = &before.canary else { return Ok(()) };
        if after.canary.as_ref().is_some_and(|now| now.since == canary.since && now.version == canary.version)
        {
            return Ok(());
        }
        let promoted = after.connector.version == canary.version;
        let kept = self.rooms.store.trial(&self.id, &before.name)?;
        let (kept, expect) = match kept {
            Some(kept) => (Some(kept.value), Expect::Version(kept.version)),
            None => (None, Expect::Absent),
        };
        if promoted || kept.as_ref().is_none_or(|kept| !kept.is_of(canary)) {
            let trial = Trial { promoted, ..Trial::following(kept, canary) };
            commit.put_trial(&self.id, &before.name, &trial, expect);
        }
        Ok(())
    }
}

fn none(profile: &ProfileName) -> Error {
    let message =
        format!("{profile} tries no other version; begin with `lockgate profiles canary {profile}`");
    Error::new(Kind::Conflict, "no_canary", message)
}
