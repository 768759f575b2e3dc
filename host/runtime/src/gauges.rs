//! What the sandbox holds at this moment: for operators, and to see that a call leaves nothing behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A reading of a runtime. Each number is right by itself; together they are from about the same moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Calls that wait for a place.
    pub calls_waiting: usize,
    /// Calls under way: each is one store, with one instance and its tables of handles.
    pub calls: usize,
    /// Linear memory of these calls.
    pub memory_bytes: usize,
    /// Table elements of these calls.
    pub table_elements: usize,
    /// Secrets that the guests of these calls hold open.
    pub secrets_open: usize,
    /// Places in the pool that are taken. The pool is the process's: other runtimes in it count too.
    pub pool: PoolGauges,
}

/// What is taken of the pool that all runtimes of the process share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolGauges {
    pub instances: usize,
    pub memories: usize,
    pub tables: usize,
    pub stacks: usize,
}

/// Counts for one runtime. What adds to it takes the same away when it is dropped, however its call ends.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) calls_waiting: Count,
    pub(crate) calls: Count,
    pub(crate) memory_bytes: Count,
    pub(crate) table_elements: Count,
    pub(crate) secrets_open: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicUsize);

/// A share in one of the counts, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    meter: Arc<Meter>,
    count: fn(&Meter) -> &Count,
    now: usize,
}

impl Meter {
    pub(crate) fn read(&self, pool: PoolGauges) -> Gauges {
        Gauges {
            calls_waiting: self.calls_waiting.read(),
            calls: self.calls.read(),
            memory_bytes: self.memory_bytes.read(),
            table_elements: self.table_elements.read(),
            secrets_open: self.secrets_open.read(),
            pool,
        }
    }
}

impl Count {
    fn read(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Share {
    pub(crate) fn of(meter: &Arc<Meter>, count: fn(&Meter) -> &Count, now: usize) -> Self {
        let mut share = Self { meter: Arc::clone(meter), count, now: 0 };
        share.set(now);
        share
    }

    pub(crate) fn set(&mut self, now: usize) {
        let count = &(self.count)(&self.meter).0;
        if now >= self.now {
            count.fetch_add(now - self.now, Ordering::Relaxed);
        } else {
            count.fetch_sub(self.now - now, Ordering::Relaxed);
        }
        self.now = now;
    }

    pub(crate) fn add(&mut self, more: usize) {
        self.set(self.now.saturating_add(more));
    }

    pub(crate) fn take(&mut self, less: usize) {
        self.set(self.now.saturating_sub(less));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_out_comes_back() {
        let meter = Arc::new(Meter::default());
        let mut one = Share::of(&meter, |meter| &meter.memory_bytes, 10);
        let two = Share::of(&meter, |meter| &meter.memory_bytes, 5);
        one.set(30);
        assert_eq!(meter.read(PoolGauges::default()).memory_bytes, 35);
        one.take(40);
        assert_eq!(meter.read(PoolGauges::default()).memory_bytes, 5);
        drop(two);
        drop(one);
        assert_eq!(meter.read(PoolGauges::default()), Gauges::default());
    }
}
