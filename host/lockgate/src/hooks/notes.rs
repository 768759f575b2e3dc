//! What happens at hooks, gathered in memory and written now and then: a flood of bad requests must not become a flood of
//! writes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::hook::{HookNotes, HookRefusal};
use domain::{HookId, TenantId, Timestamp};
use store::{Commit, Expect, Hooks as _, StoreError};
use tokio::time::Instant;

use super::TRIES_MAX;
use crate::host::Rooms;

/// A refusal is in its row after this time at most, if another event comes by.
const WRITTEN_EVERY: Duration = Duration::from_secs(1);
/// Counts of what went well can wait.
const COUNTED_EVERY: Duration = Duration::from_secs(10);

/// What has not been written yet. Whatever is lost with the process is a number in a statistic, never an event.
#[derive(Default)]
pub(crate) struct NoteBook {
    hooks: Mutex<HashMap<HookId, Unwritten>>,
    /// Held while notes are on their way to their row, so that whoever reads both counts nothing twice and misses nothing.
    pub(super) turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Unwritten {
    notes: HookNotes,
    written_at: Option<Instant>,
}

/// Something that happened.
pub(crate) enum Note {
    Accepted(Timestamp),
    Duplicate,
    Refused(HookRefusal),
}

impl NoteBook {
    fn lock(&self) -> MutexGuard<'_, HashMap<HookId, Unwritten>> {
        // A count may be one too small after a panic of another holder, and nothing else.
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to write.
    fn add(&self, id: &HookId, note: Note) -> bool {
        let mut hooks = self.lock();
        let unwritten = hooks.entry(id.clone()).or_default();
        let every = match note {
            Note::Accepted(at) => {
                unwritten.notes.accepted += 1;
                unwritten.notes.last_accepted_at = Some(at);
                COUNTED_EVERY
            }
            Note::Duplicate => {
                unwritten.notes.duplicates += 1;
                COUNTED_EVERY
            }
            Note::Refused(refusal) => {
                unwritten.notes.refuse(refusal);
                WRITTEN_EVERY
            }
        };
        let due = unwritten.written_at.is_none_or(|at| at.elapsed() >= every);
        if due {
            unwritten.written_at = Some(Instant::now());
        }
        due
    }

    fn take(&self, id: &HookId) -> HookNotes {
        self.lock().get_mut(id).map(|unwritten| std::mem::take(&mut unwritten.notes)).unwrap_or_default()
    }

    /// Adds what is not written yet.
    pub(crate) fn unwritten(&self, id: &HookId, notes: &mut HookNotes) {
        if let Some(unwritten) = self.lock().get(id) {
            add(notes, &unwritten.notes);
        }
    }
}

fn add(notes: &mut HookNotes, more: &HookNotes) {
    notes.accepted += more.accepted;
    notes.duplicates += more.duplicates;
    notes.last_accepted_at = more.last_accepted_at.or(notes.last_accepted_at);
    let counted = notes.refused.clone();
    for refusal in more.refusals.iter().rev() {
        notes.refuse(refusal.clone());
    }
    // Of many only the last ones are kept, and all are counted.
    notes.refused = counted;
    for (code, count) in &more.refused {
        *notes.refused.entry(code.clone()).or_default() += count;
    }
}

/// Takes down what happened at a hook, without keeping anybody waiting.
pub(crate) fn note(rooms: &Arc<Rooms>, tenant: &TenantId, id: &HookId, note: Note) {
    if let Note::Refused(refusal) = &note {
        let HookRefusal { code, message, from, .. } = refusal;
        tracing::warn!(%tenant, hook = %id, code, message, from, "a webhook was refused");
    }
    if rooms.notes.add(id, note) {
        let (rooms, tenant, id) = (rooms.clone(), tenant.clone(), id.clone());
        tokio::spawn(async move {
            if let Err(error) = write(&rooms, &tenant, &id).await {
                tracing::warn!(%tenant, hook = %id, %error, "what happened at a hook could not be written down");
            }
        });
    }
}

async fn write(rooms: &Rooms, tenant: &TenantId, id: &HookId) -> Result<(), StoreError> {
    let _turn = rooms.notes.turn.lock().await;
    let more = rooms.notes.take(id);
    for _ in 0..TRIES_MAX {
        let row = rooms.store.hook_notes(tenant, id)?;
        let mut notes = row.value;
        add(&mut notes, &more);
        let mut commit = Commit::new();
        commit.require_hook(tenant, id, Expect::Present);
        commit.put_hook_notes(tenant, id, &notes, Expect::Version(row.version));
        match rooms.store.commit(commit).await {
            Err(error) if error.is_conflict() => {}
            other => return other,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(at: i64) -> HookRefusal {
        let text = |text: &str| text.to_owned();
        HookRefusal {
            at: Timestamp::from_ms(at),
            code: text("signature_wrong"),
            message: text("m"),
            from: text("f"),
            agent: text("a"),
        }
    }

    #[tokio::test]
    async fn a_flood_is_written_once_and_counted_whole() {
        let book = NoteBook::default();
        let id: HookId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let due = (0..1_000).filter(|at| book.add(&id, Note::Refused(refusal(*at)))).count();
        assert!(due <= 2, "written {due} times");
        let mut notes = HookNotes { accepted: 5, ..HookNotes::default() };
        notes.refuse(refusal(-1));
        book.unwritten(&id, &mut notes);
        assert_eq!((notes.accepted, notes.refused["signature_wrong"]), (5, 1_001));
        assert_eq!((notes.refusals.len(), notes.refusals[0].at), (20, Timestamp::from_ms(999)));
        assert_eq!(book.take(&id).refused["signature_wrong"], 1_000);
        assert!(book.take(&id).refused.is_empty());
    }
}
