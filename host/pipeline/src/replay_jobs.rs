//! Replays of many dead letters: a durable piece of work that keeps a pace, survives a restart and can be cancelled.
//!
//! Each letter is sent in one commit with the job's own row, so that a crash neither sends one twice nor loses count.

use std::sync::atomic::Ordering;

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::dead_letter::{DeadLetter, DeadLetterState, LetterFilter, StateName};
use domain::replay_job::{JobState, PER_SECOND_MAX, ReplayJob};
use domain::run::Cause;
use domain::{ReplayJobId, TenantId, Timestamp};
use store::{Commit, DeadLetters as _, Expect, ReplayJobs as _, StoreError, Versioned};

use crate::ends::may_begin;
use crate::error::PipelineError;
use crate::replay::{How, replay};
use crate::room::Room;
use crate::schedule::tenants;
use crate::trigger::{TRIES_MAX, usable};

/// Of one tenant at once.
const JOBS_MAX: usize = 5;
/// Letters that one step looks at, sent or passed over.
const LOOK_MAX: usize = 200;

/// What is to be replayed.
#[derive(Clone, Debug)]
pub struct NewReplayJob {
    pub filter: LetterFilter,
    pub per_second: u32,
    pub as_new: bool,
}

/// None is parked: the job is done at once, and says so.
pub(crate) async fn start(
    room: &Room,
    tenant: &TenantId,
    new: NewReplayJob,
    actor: &Actor,
) -> Result<ReplayJob, PipelineError> {
    let under_way = room.store.running_replay_jobs(tenant)?.len();
    if under_way >= JOBS_MAX {
        return Err(PipelineError::TooManyReplayJobs(under_way));
    }
    let now = room.now();
    let id = ReplayJobId::make(room.clock.as_ref(), room.randomness.as_ref());
    let newest = room.store.newest_letter(tenant)?;
    let job = ReplayJob {
        id: id.clone(),
        filter: LetterFilter { state: Some(StateName::Parked), ..new.filter },
        per_second: new.per_second.clamp(1, PER_SECOND_MAX),
        as_new: new.as_new,
        by: actor.to_string(),
        created_at: now,
        stepped_at: now,
        after: None,
        state: if newest.is_some() { JobState::Running } else { JobState::Done },
        ended_at: newest.is_none().then_some(now),
        // Without any letter the bound is never looked at.
        until: newest
            .unwrap_or_else(|| domain::DeadLetterId::make(room.clock.as_ref(), room.randomness.as_ref())),
        replayed: 0,
        refused: 0,
        last_refusal: None,
    };
    let mut commit = Commit::new();
    commit.put_replay_job(tenant, &job, Expect::Absent);
    let started = Happening::new(now, actor.clone(), Verb::ReplayStarted, Subject::replay_job(&id));
    commit.record(Chain::Tenant(tenant.clone()), started);
    room.store.commit(commit).await?;
    room.replays_under_way.store(true, Ordering::SeqCst);
    Ok(job)
}

pub(crate) async fn cancel(
    room: &Room,
    tenant: &TenantId,
    id: &ReplayJobId,
    actor: &Actor,
) -> Result<ReplayJob, PipelineError> {
    for _ in 0..TRIES_MAX {
        let row = room.store.replay_job(tenant, id)?;
        let Versioned { version, value: mut job } =
            row.ok_or_else(|| PipelineError::UnknownReplayJob(id.clone()))?;
        if job.state != JobState::Running {
            return Err(PipelineError::ReplayJobEnded(id.clone()));
        }
        let now = room.now();
        job.state = JobState::Cancelled;
        job.ended_at = Some(now);
        let mut commit = Commit::new();
        commit.put_replay_job(tenant, &job, Expect::Version(version));
        let cancelled = Happening::new(now, actor.clone(), Verb::ReplayCancelled, Subject::replay_job(id));
        commit.record(Chain::Tenant(tenant.clone()), cancelled);
        match room.store.commit(commit).await {
            Err(error) if error.is_conflict() => {}
            other => return Ok(other.map(|()| job)?),
        }
    }
    // A step takes a moment, and between two of them there is time.
    Err(PipelineError::TooManyReplayJobs(1))
}

/// One step of every job that is under way.
pub(crate) async fn step_all(room: &Room) -> Result<(), StoreError> {
    if !room.replays_under_way.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mut any = false;
    for tenant in tenants(&room.store)? {
        for job in room.store.running_replay_jobs(&tenant)? {
            any = true;
            step(room, &tenant, job).await?;
        }
    }
    if any {
        room.replays_under_way.store(true, Ordering::SeqCst);
    }
    Ok(())
}

async fn step(room: &Room, tenant: &TenantId, mut job: Versioned<ReplayJob>) -> Result<(), StoreError> {
    let now = room.now();
    let mut left = job.value.may_send(now);
    if left == 0 {
        return Ok(());
    }
    let actor: Actor = job.value.by.parse().unwrap_or(Actor::Host);
    let letters = room.store.letters_behind(tenant, job.value.after.as_ref(), LOOK_MAX)?;
    let exhausted = letters.len() < LOOK_MAX;
    let mut moved = false;
    for letter in letters {
        if letter.id > job.value.until {
            return finish(room, tenant, job, now).await;
        }
        let wanted = letter.state == DeadLetterState::Parked && job.value.filter.matches(&letter);
        if wanted && left == 0 {
            return save(room, tenant, &job, moved).await;
        }
        job.value.after = Some(letter.id.clone());
        moved = true;
        if !wanted {
            continue;
        }
        left -= 1;
        job.value.stepped_at = now;
        match send(room, tenant, &letter, &job, &actor).await {
            Ok(()) => {
                // What is written on is what this commit has left, or it was cancelled meanwhile.
                match room.store.replay_job(tenant, &job.value.id)? {
                    Some(row) if row.value.state == JobState::Running => job = row,
                    _ => return Ok(()),
                }
                moved = false;
            }
            // There is too much under way, or the job was cancelled: the letter's turn comes at the next step.
            Err(PipelineError::TooManyReplays(_) | PipelineError::Contended(_)) => return Ok(()),
            Err(PipelineError::Store(error)) => return Err(error),
            Err(refusal) => {
                job.value.refused += 1;
                job.value.last_refusal = Some(refusal.to_string());
            }
        }
    }
    if exhausted { finish(room, tenant, job, now).await } else { save(room, tenant, &job, moved).await }
}

/// One letter on its way, with the job's row in the same commit.
async fn send(
    room: &Room,
    tenant: &TenantId,
    letter: &DeadLetter,
    job: &Versioned<ReplayJob>,
    actor: &Actor,
) -> Result<(), PipelineError> {
    // A thousand letters to a profile that is disabled would otherwise leave a thousand blocked runs.
    let flow = usable(room, tenant, &letter.flow)?;
    if let Err(reason) = may_begin(&room.store, tenant, &flow, Cause::Replay, &letter.run) {
        return Err(PipelineError::CannotBegin { flow: flow.name.clone(), reason: Box::new(reason) });
    }
    let mut next = job.clone();
    next.value.replayed += 1;
    let how = How { as_new: job.value.as_new, trace: None, job: Some(&next) };
    replay(room, tenant, &letter.id, actor, how).await.map(drop)
}

/// A job that somebody has cancelled meanwhile stays as they left it.
async fn save(
    room: &Room,
    tenant: &TenantId,
    job: &Versioned<ReplayJob>,
    moved: bool,
) -> Result<(), StoreError> {
    if !moved {
        return Ok(());
    }
    let mut commit = Commit::new();
    commit.put_replay_job(tenant, &job.value, Expect::Version(job.version));
    unless_changed(room.store.commit(commit).await)
}

async fn finish(
    room: &Room,
    tenant: &TenantId,
    mut job: Versioned<ReplayJob>,
    now: Timestamp,
) -> Result<(), StoreError> {
    job.value.state = JobState::Done;
    job.value.ended_at = Some(now);
    let mut commit = Commit::new();
    commit.put_replay_job(tenant, &job.value, Expect::Version(job.version));
    let ended = Happening::new(now, Actor::Host, Verb::ReplayEnded, Subject::replay_job(&job.value.id));
    let ended = if job.value.refused > 0 { ended.failed("partial") } else { ended };
    commit.record(Chain::Tenant(tenant.clone()), ended);
    unless_changed(room.store.commit(commit).await)
}

fn unless_changed(written: Result<(), StoreError>) -> Result<(), StoreError> {
    match written {
        Err(error) if error.is_conflict() => Ok(()),
        other => other,
    }
}
