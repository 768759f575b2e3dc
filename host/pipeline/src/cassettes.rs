//! Keeps cassettes of calls, where the owner of a profile consented to it: bounded, sealed, the oldest making room.

use std::sync::Arc;

use domain::cassette::{Cassette, Kept, making_room};
use domain::{CassetteId, Clock, CorrelationId, ProfileKey, Randomness, Timestamp};
use store::{Cassettes as _, Commit, Store, StoreError};

/// How often it is tried again because somebody else sealed for the tenant for the first time.
const TRIES_MAX: u32 = 5;

/// Who records, and with what.
#[derive(Clone)]
pub(crate) enum Recorder {
    /// Nobody: nothing is recorded, whoever consented.
    Off,
    /// Where there is a consent.
    Consented { clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness> },
    /// Every call, for whoever made it; none is kept.
    Everything,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Consented { .. } => "Consented",
            Self::Everything => "Everything",
        })
    }
}

impl Recorder {
    /// Whether calls of this profile that begin now are recorded. A store that cannot be read records nothing.
    pub(crate) fn wants(&self, store: &Store, of: &ProfileKey) -> bool {
        match self {
            Self::Off => false,
            Self::Everything => true,
            Self::Consented { clock, .. } => {
                let found = store.recording(&of.tenant, &of.profile).ok().flatten();
                found.is_some_and(|found| found.value.is_on(clock.now()))
            }
        }
    }

    /// Keeps a cassette if the consent still stands. A call does not fail because nothing could be kept of it.
    pub(crate) async fn keep(
        &self,
        store: &Store,
        of: &ProfileKey,
        correlation: &CorrelationId,
        cassette: &Cassette,
    ) {
        let Self::Consented { clock, randomness } = self else { return };
        let now = clock.now();
        let found = match store.recording(&of.tenant, &of.profile) {
            Ok(found) => found,
            Err(error) => return told(of, &error),
        };
        if !found.is_some_and(|found| found.value.wants(&cassette.outcome, now)) {
            return;
        }
        let id = CassetteId::make(&**clock, &**randomness);
        let kept = put(store, of, correlation, (id, now), cassette.clone(), &**randomness);
        if let Err(error) = Box::pin(kept).await {
            told(of, &error);
        }
    }
}

fn told(of: &ProfileKey, error: &StoreError) {
    tracing::warn!(tenant = %of.tenant, profile = %of.profile, %error, "a cassette could not be kept");
}

async fn put(
    store: &Store,
    of: &ProfileKey,
    correlation: &CorrelationId,
    (id, at): (CassetteId, Timestamp),
    cassette: Cassette,
    randomness: &dyn Randomness,
) -> Result<(), StoreError> {
    let (call, outcome) = (cassette.call.name(), cassette.outcome.code().to_owned());
    let (cassette, file) = cassette.kept_file();
    let kept = Kept {
        id,
        at,
        profile: of.profile.clone(),
        connector: cassette.connector.clone(),
        call: domain::text::inert(&call, 200),
        outcome,
        correlation: correlation.clone(),
        host_calls: cassette.host_calls.len() as u64,
        bytes: file.len() as u64,
        truncated: cassette.truncated,
    };
    for _ in 0..TRIES_MAX {
        let mut commit = Commit::new();
        let before = store.cassettes(&of.tenant)?;
        for oldest in before.iter().take(making_room(&before, kept.bytes)) {
            commit.delete_cassette(&of.tenant, oldest);
        }
        store.put_cassette(&mut commit, &of.tenant, &kept, &file, randomness)?;
        match store.commit(commit).await {
            Err(error) if error.is_conflict() => {}
            other => return other,
        }
    }
    Ok(())
}
