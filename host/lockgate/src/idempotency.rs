//! Requests of the API under an idempotency key: begun once, and answered the same however often they are repeated.
//!
//! A row says that a request has begun before anything is done, and holds its answer afterwards. Between the effect and
//! the answer the process may end; then nobody knows whether the effect is there, and whoever repeats the request is
//! told so instead of being answered with a guess.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::{Digest, TenantId, Timestamp};
use store::{Answer, Answers as _, Commit, Expect, KeptAnswer, Versioned};

use crate::error::{Error, Kind};
use crate::tenant::Tenant;

/// How long a key is remembered.
const KEPT_MS: u64 = 86_400_000;
/// Keys of one tenant that are remembered at once.
const KEYS_MAX: u64 = 20_000;
/// How often an answer is written again because somebody else sealed for the tenant for the first time.
const TRIES_MAX: u32 = 5;

/// What is known of a request under a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// Nobody has sent it before: it is on its way from now on, and its end has to be written down.
    New(Unfinished),
    /// It is on its way.
    InProgress,
    /// It was on its way when the host ended; its effect may be there or not.
    Interrupted,
    /// It was answered.
    Answered {
        /// Of the body that the key was first sent with.
        body: Option<Digest>,
        /// What was answered then.
        answer: Answer,
    },
}

/// A request that is on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    id: Digest,
    at: Timestamp,
}

/// How many keys of each tenant there are, about: counted anew when a bound is near.
#[derive(Default)]
pub(crate) struct Counts(Mutex<HashMap<TenantId, u64>>);

impl Tenant {
    /// Begins a request under a key, unless it has begun before. `route` is part of the key: the same key on another
    /// path is another request.
    pub async fn begin_request(&self, route: &str, key: &str) -> Result<Begun, Error> {
        let id = Digest::of(format!("{route}\0{key}").as_bytes());
        let (store, now) = (&self.rooms.store, self.now());
        for _ in 0..TRIES_MAX {
            let row = store.answer(&self.id, &id)?;
            let expect = match row {
                // A time that lies ahead was written by a clock that has been set back since; the key still holds.
                Some(Versioned { value: kept, .. }) if now.ms_since(kept.at) < KEPT_MS => {
                    return Ok(self.known(kept));
                }
                Some(Versioned { version, .. }) => Expect::Version(version),
                None => Expect::Absent,
            };
            self.has_room_for_key()?;
            let kept = KeptAnswer { at: now, holder: self.rooms.boot.clone(), body: None, answer: None };
            let mut commit = self.unaudited();
            store.put_answer(&mut commit, (&self.id, &id), &kept, expect, &*self.rooms.randomness)?;
            match store.commit(commit).await {
                Ok(()) => return Ok(Begun::New(Unfinished { id, at: now })),
                // Somebody was faster: what they have begun is read.
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Begun::InProgress)
    }

    /// Writes down how it ended.
    pub async fn end_request(&self, begun: &Unfinished, body: Digest, answer: Answer) -> Result<(), Error> {
        let store = &self.rooms.store;
        let kept = KeptAnswer {
            at: begun.at,
            holder: self.rooms.boot.clone(),
            body: Some(body),
            answer: Some(answer),
        };
        for _ in 0..TRIES_MAX {
            let mut commit = self.unaudited();
            let of = (&self.id, &begun.id);
            store.put_answer(&mut commit, of, &kept, Expect::Any, &*self.rooms.randomness)?;
            match store.commit(commit).await {
                Err(error) if error.is_conflict() => {}
                other => return Ok(other?),
            }
        }
        Ok(())
    }

    /// Frees the key: the request was refused, and nothing was done.
    pub async fn forget_request(&self, begun: &Unfinished) -> Result<(), Error> {
        let mut commit = self.unaudited();
        commit.delete_answer(&self.id, &begun.id, Expect::Any);
        self.rooms.keys_counted.add(&self.id, -1);
        Ok(self.rooms.store.commit(commit).await?)
    }

    fn known(&self, kept: KeptAnswer) -> Begun {
        match kept.answer {
            Some(answer) => Begun::Answered { body: kept.body, answer },
            None if kept.holder == self.rooms.boot => Begun::InProgress,
            None => Begun::Interrupted,
        }
    }

    fn has_room_for_key(&self) -> Result<(), Error> {
        let counts = &self.rooms.keys_counted;
        let mut count = counts.add(&self.id, 1);
        if count.is_none_or(|count| count > KEYS_MAX) {
            let counted = self.rooms.store.count_answers(&self.id)?.saturating_add(1);
            counts.set(&self.id, counted);
            count = Some(counted);
        }
        if count.is_some_and(|count| count > KEYS_MAX) {
            let message = format!(
                "the tenant has used {KEYS_MAX} idempotency keys in a day; send the request without one, or wait"
            );
            return Err(Error::new(Kind::TooMany, "too_many_idempotency_keys", message));
        }
        Ok(())
    }

    /// What is written here changes nothing that anybody decides about: the request itself leaves its entry.
    fn unaudited(&self) -> Commit {
        Commit::new()
    }
}

impl Counts {
    /// The count after the change; none before it was ever counted.
    fn add(&self, tenant: &TenantId, change: i64) -> Option<u64> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.get_mut(tenant)?;
        *count = count.saturating_add_signed(change);
        Some(*count)
    }

    fn set(&self, tenant: &TenantId, count: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone(), count);
    }
}
