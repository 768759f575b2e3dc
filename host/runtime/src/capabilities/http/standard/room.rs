//! How many bytes of a guest's requests and answers the host keeps at once: whoever keeps some gives them back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is left, shared by everything that one call makes the host keep.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<AtomicUsize>);

/// A part of the room, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    room: Room,
    bytes: usize,
}

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// None where there is not so much left.
    pub(crate) fn take(&self, bytes: usize) -> Option<Held> {
        let took = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        took.ok().map(|_| Held { room: self.clone(), bytes })
    }

    pub(crate) fn nothing(&self) -> Held {
        Held { room: self.clone(), bytes: 0 }
    }
}

impl Held {
    /// Takes more of the room, or nothing.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let Some(mut more) = self.room.take(bytes) else { return false };
        self.bytes += std::mem::take(&mut more.bytes);
        true
    }

    /// What was held, in other hands.
    pub(crate) fn take(&mut self) -> Self {
        Self { room: self.room.clone(), bytes: std::mem::take(&mut self.bytes) }
    }

    /// A part of what is held, for who keeps it longer or shorter.
    pub(crate) fn split(&mut self, bytes: usize) -> Self {
        let part = bytes.min(self.bytes);
        self.bytes -= part;
        Self { room: self.room.clone(), bytes: part }
    }

    pub(crate) fn shrink(&mut self, bytes: usize) {
        drop(self.split(bytes));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back_once() {
        let room = Room::new(10);
        let mut held = room.take(4).unwrap();
        assert!(room.take(7).is_none());
        assert!(held.grow(6) && !held.grow(1));
        held.shrink(9);
        let mut again = held.take();
        drop(again.split(1));
        assert!(room.take(11).is_none());
        drop((held, again));
        assert!(room.take(10).is_some());
    }
}
