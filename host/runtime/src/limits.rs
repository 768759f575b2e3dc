//! Memory and tables of one call, as totals: many small memories weigh as much as one large one.

use std::sync::Arc;

use domain::call::Limits;
use wasmtime::ResourceLimiter;

use crate::engine::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLES_MAX};
use crate::gauges::{Count, Meter, Share};

/// Counts what the store of one call holds. It outlives the call, to say what was refused.
#[derive(Debug)]
pub(crate) struct Totals {
    memory: Total,
    tables: Total,
}

#[derive(Debug)]
struct Total {
    now: usize,
    max: usize,
    /// What the last granted growth added; taken back if the growth then fails.
    last: usize,
    refused: bool,
    share: Share,
}

impl Totals {
    pub(crate) fn new(limits: &Limits, meter: &Arc<Meter>) -> Self {
        Self {
            memory: Total::new(limits.memory_bytes, meter, |meter| &meter.memory_bytes),
            tables: Total::new(limits.table_elements, meter, |meter| &meter.table_elements),
        }
    }

    /// Linear memory never shrinks, so what there is now is the most that there was.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory.now
    }

    pub(crate) fn refused_memory(&self) -> bool {
        self.memory.refused
    }

    pub(crate) fn refused_table(&self) -> bool {
        self.tables.refused
    }
}

impl Total {
    fn new(max: usize, meter: &Arc<Meter>, count: fn(&Meter) -> &Count) -> Self {
        Self { now: 0, max, last: 0, refused: false, share: Share::of(meter, count, 0) }
    }

    fn grow(&mut self, current: usize, desired: usize, own_max: Option<usize>) -> bool {
        let more = desired.saturating_sub(current);
        let fits = self.now.saturating_add(more) <= self.max && own_max.is_none_or(|max| desired <= max);
        self.last = if fits { more } else { 0 };
        self.now += self.last;
        self.refused |= !fits;
        self.share.set(self.now);
        fits
    }

    fn take_back(&mut self) {
        self.now = self.now.saturating_sub(std::mem::take(&mut self.last));
        self.refused = true;
        self.share.set(self.now);
    }
}

impl ResourceLimiter for Totals {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.memory.grow(current, desired, max))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory.take_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.tables.grow(current, desired, max))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.tables.take_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(memory_bytes: usize, table_elements: usize) -> Totals {
        Totals::new(&Limits { memory_bytes, table_elements, ..Limits::default() }, &Arc::default())
    }

    #[test]
    fn two_memories_share_one_total() {
        let mut totals = totals(100, 10);
        assert!(totals.memory_growing(0, 60, None).unwrap());
        assert!(!totals.memory_growing(0, 60, None).unwrap());
        assert!(totals.refused_memory());
        assert!(totals.memory_growing(0, 40, None).unwrap());
        assert_eq!(totals.memory_bytes(), 100);
    }

    #[test]
    fn a_growth_that_fails_is_not_counted() {
        let mut totals = totals(100, 10);
        assert!(totals.memory_growing(0, 60, None).unwrap());
        totals.memory_grow_failed(wasmtime::Error::msg("no address space")).unwrap();
        assert!(totals.memory_growing(0, 100, None).unwrap());
    }

    #[test]
    fn table_elements_are_totalled_too() {
        let mut totals = totals(0, 10);
        assert!(totals.table_growing(0, 10, None).unwrap());
        assert!(!totals.table_growing(10, 11, None).unwrap());
        assert!(totals.refused_table() && !totals.refused_memory());
    }
}
