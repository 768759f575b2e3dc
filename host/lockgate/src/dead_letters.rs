//! Dead letters of a tenant: found, shown, edited, sent again one by one or many at once, discarded.

use domain::dead_letter::{DeadLetter, LetterFilter};
use domain::replay_job::{PER_SECOND_MAX, ReplayJob};
use domain::run::Run;
use domain::{DeadLetterId, FlowName, ReplayJobId};
use pipeline::{How, NewReplayJob};
use serde_json::Value;
use store::{Counted, DeadLetters as _, Page, ReplayJobs as _};

use crate::error::{Error, Kind};
use crate::tenant::{Tenant, paging};

/// How a dead letter is sent on its way again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Under a new idempotency key: the remote takes it for another record, also if it has the first one.
    pub as_new: bool,
}

/// The run that carries a dead letter, and what its sender should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// It has no other record.
    pub run: Run,
    /// The remote may have forgotten the key: if it had taken the record, it may take it twice.
    pub key_is_old: bool,
}

impl Tenant {
    /// Dead letters, newest first.
    pub fn dead_letters(
        &self,
        flow: Option<&FlowName>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeadLetter>, Error> {
        Ok(self.rooms.store.dead_letters(&self.id, flow, &paging(after, limit))?.map(|row| row.value))
    }

    /// Those of a filter, newest first.
    pub fn find_dead_letters(
        &self,
        filter: &LetterFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeadLetter>, Error> {
        Ok(self.rooms.store.find_letters(&self.id, filter, &paging(after, limit))?)
    }

    /// One dead letter.
    pub fn dead_letter(&self, id: &DeadLetterId) -> Result<DeadLetter, Error> {
        let found = self.rooms.store.dead_letter(&self.id, id)?;
        found.map(|row| row.value).ok_or_else(|| Error::not_found("dead letter", id))
    }

    /// Sends a dead letter on its way again, under its old idempotency key, in a run of its own.
    pub async fn replay(&self, id: &DeadLetterId) -> Result<Run, Error> {
        Ok(self.replay_as(id, Replay::default()).await?.run)
    }

    /// The same, as it is said.
    pub async fn replay_as(&self, id: &DeadLetterId, replay: Replay) -> Result<Replayed, Error> {
        let letter = self.dead_letter(id)?;
        let how = How { as_new: replay.as_new, trace: self.trace.as_ref(), job: None };
        let run = self.rooms.pipeline.replay(&self.id, id, &self.actor, how).await?;
        let key_is_old = !replay.as_new && letter.key_is_old(self.now());
        Ok(Replayed { run: self.run(&run)?, key_is_old })
    }

    /// Puts another body in the place of a parked letter's, if the flow's mapping and the destination take it. The
    /// original stays beside it.
    pub async fn edit_dead_letter(&self, id: &DeadLetterId, body: Value) -> Result<DeadLetter, Error> {
        self.rooms.pipeline.edit(&self.id, id, body, &self.actor).await?;
        self.dead_letter(id)
    }

    /// Decides that a parked letter is not to be delivered.
    pub async fn discard_dead_letter(&self, id: &DeadLetterId, reason: &str) -> Result<DeadLetter, Error> {
        if reason.trim().is_empty() {
            let message = "say why the dead letter is discarded; the reason is kept with it";
            return Err(Error::new(Kind::Invalid, "reason_missing", message));
        }
        self.rooms.pipeline.discard(&self.id, id, reason, &self.actor).await?;
        self.dead_letter(id)
    }

    /// How many letters a replay of these would send, with the first few, oldest first.
    pub fn count_dead_letters(&self, filter: &LetterFilter, first: usize) -> Result<Counted, Error> {
        Ok(self.rooms.store.count_letters(&self.id, filter, first)?)
    }

    /// Replays every parked letter of a filter at a pace, oldest first, as work that survives a restart.
    pub async fn replay_many(
        &self,
        filter: LetterFilter,
        per_second: u32,
        replay: Replay,
    ) -> Result<ReplayJob, Error> {
        if !(1..=PER_SECOND_MAX).contains(&per_second) {
            let message = format!("per_second is {per_second}; from 1 to {PER_SECOND_MAX}");
            return Err(Error::new(Kind::Invalid, "invalid_replay", message));
        }
        let new = NewReplayJob { filter, per_second, as_new: replay.as_new };
        Ok(self.rooms.pipeline.start_replays(&self.id, new, &self.actor).await?)
    }

    /// Replays of many letters, newest first: those under way, and the last ones that ended.
    pub fn replay_jobs(&self, after: Option<&str>, limit: usize) -> Result<Page<ReplayJob>, Error> {
        Ok(self.rooms.store.replay_jobs(&self.id, &paging(after, limit))?.map(|row| row.value))
    }

    /// One of them.
    pub fn replay_job(&self, id: &ReplayJobId) -> Result<ReplayJob, Error> {
        let found = self.rooms.store.replay_job(&self.id, id)?;
        found.map(|row| row.value).ok_or_else(|| Error::not_found("replay job", id))
    }

    /// Ends it; what was sent goes on.
    pub async fn cancel_replay_job(&self, id: &ReplayJobId) -> Result<ReplayJob, Error> {
        Ok(self.rooms.pipeline.cancel_replays(&self.id, id, &self.actor).await?)
    }
}
