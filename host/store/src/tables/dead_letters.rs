//! Records that gave up, with three indexes that every put keeps true: by flow, by record, and those that are parked.

use domain::dead_letter::{DeadLetter, DeadLetterState, LetterFilter, StateName};
use domain::{DeadLetterId, FlowName, RecordKey, TenantId, Timestamp};

use crate::backend::Order;
use crate::commit::{Commit, Expect, Versioned};
use crate::error::StoreError;
use crate::page::{Page, Paging};
use crate::{Store, keys};

/// Letters of one record that are looked at.
const OF_RECORD_MAX: usize = 50;
/// Letters that are read to count those of a filter.
const COUNTED_MAX: usize = 50_000;
/// Letters that one pruning removes at most.
const PRUNED_MAX: usize = 500;

/// How many letters a filter finds, and the first ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    pub count: u64,
    /// Oldest first.
    pub first: Vec<DeadLetter>,
    /// There are so many letters that not all were looked at.
    pub more: bool,
}

pub trait DeadLetters {
    fn dead_letter(
        &self,
        tenant: &TenantId,
        id: &DeadLetterId,
    ) -> Result<Option<Versioned<DeadLetter>>, StoreError>;
    /// Newest first, whatever their state.
    fn dead_letters(
        &self,
        tenant: &TenantId,
        flow: Option<&FlowName>,
        paging: &Paging,
    ) -> Result<Page<Versioned<DeadLetter>>, StoreError>;
    /// Newest first, those of a filter.
    fn find_letters(
        &self,
        tenant: &TenantId,
        filter: &LetterFilter,
        paging: &Paging,
    ) -> Result<Page<DeadLetter>, StoreError>;
    /// How many there are of a filter, and the first few.
    fn count_letters(
        &self,
        tenant: &TenantId,
        filter: &LetterFilter,
        first: usize,
    ) -> Result<Counted, StoreError>;
    /// Oldest first, those behind this one.
    fn letters_behind(
        &self,
        tenant: &TenantId,
        after: Option<&DeadLetterId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError>;
    fn newest_letter(&self, tenant: &TenantId) -> Result<Option<DeadLetterId>, StoreError>;
    /// Of one record of a flow, oldest first.
    fn letters_of(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        key: &RecordKey,
    ) -> Result<Vec<Versioned<DeadLetter>>, StoreError>;
    /// How many are parked: neither on their way again nor delivered since.
    fn count_parked(&self, tenant: &TenantId, flow: Option<&FlowName>) -> Result<u64, StoreError>;
    /// A commit that removes letters whose time is over, or a part of them, with their number.
    fn prune_letters(&self, tenant: &TenantId, now: Timestamp) -> Result<(Commit, usize), StoreError>;
}

impl DeadLetters for Store {
    fn dead_letter(
        &self,
        tenant: &TenantId,
        id: &DeadLetterId,
    ) -> Result<Option<Versioned<DeadLetter>>, StoreError> {
        self.read(&keys::dead_letter(tenant, id))
    }

    fn dead_letters(
        &self,
        tenant: &TenantId,
        flow: Option<&FlowName>,
        paging: &Paging,
    ) -> Result<Page<Versioned<DeadLetter>>, StoreError> {
        match flow {
            None => self.list(&keys::dead_letters(tenant), Order::Descending, paging),
            Some(flow) => {
                let index = keys::dead_letters_by_flow(tenant, flow);
                self.list_indexed(&index, Order::Descending, paging, |id| self.dead_letter(tenant, &id))
            }
        }
    }

    fn find_letters(
        &self,
        tenant: &TenantId,
        filter: &LetterFilter,
        paging: &Paging,
    ) -> Result<Page<DeadLetter>, StoreError> {
        let index = match (&filter.flow, &filter.key, filter.state) {
            (Some(flow), Some(key), _) => keys::letters_by_key(tenant, flow, key),
            (Some(flow), None, Some(StateName::Parked)) => keys::parked(tenant, Some(flow)),
            (Some(flow), None, _) => keys::dead_letters_by_flow(tenant, flow),
            (None, _, _) => {
                return self.page(&keys::dead_letters(tenant), Order::Descending, paging, |key, row| {
                    let letter: DeadLetter = self.decode(key, row)?.value;
                    Ok(Some(letter).filter(|letter| filter.matches(letter)))
                });
            }
        };
        self.list_indexed(&index, Order::Descending, paging, |id| {
            let letter = self.dead_letter(tenant, &id)?.map(|row| row.value);
            Ok(letter.filter(|letter| filter.matches(letter)))
        })
    }

    fn count_letters(
        &self,
        tenant: &TenantId,
        filter: &LetterFilter,
        first: usize,
    ) -> Result<Counted, StoreError> {
        let mut counted = Counted::default();
        let mut rows = 0;
        self.each(&keys::dead_letters(tenant), |row: Versioned<DeadLetter>| {
            rows += 1;
            counted.more = rows > COUNTED_MAX;
            if !counted.more && filter.matches(&row.value) {
                counted.count += 1;
                if counted.first.len() < first {
                    counted.first.push(row.value);
                }
            }
            !counted.more
        })?;
        Ok(counted)
    }

    fn letters_behind(
        &self,
        tenant: &TenantId,
        after: Option<&DeadLetterId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let mut letters = Vec::new();
        let behind = after.map(|id| keys::dead_letter(tenant, id));
        self.walk_behind(&keys::dead_letters(tenant), behind.as_ref(), false, |key, row| {
            letters.push(self.decode::<DeadLetter>(key, row)?.value);
            Ok(letters.len() < limit)
        })?;
        Ok(letters)
    }

    fn newest_letter(&self, tenant: &TenantId) -> Result<Option<DeadLetterId>, StoreError> {
        let page: Page<Versioned<DeadLetter>> =
            self.list(&keys::dead_letters(tenant), Order::Descending, &Paging::first(1))?;
        Ok(page.items.into_iter().next().map(|row| row.value.id))
    }

    fn letters_of(
        &self,
        tenant: &TenantId,
        flow: &FlowName,
        key: &RecordKey,
    ) -> Result<Vec<Versioned<DeadLetter>>, StoreError> {
        let index = keys::letters_by_key(tenant, flow, key);
        let page = self.list_indexed(&index, Order::Ascending, &Paging::first(OF_RECORD_MAX), |id| {
            self.dead_letter(tenant, &id)
        })?;
        Ok(page.items)
    }

    fn count_parked(&self, tenant: &TenantId, flow: Option<&FlowName>) -> Result<u64, StoreError> {
        self.count(&keys::parked(tenant, flow))
    }

    fn prune_letters(&self, tenant: &TenantId, now: Timestamp) -> Result<(Commit, usize), StoreError> {
        let mut commit = Commit::new();
        let mut pruned = 0;
        self.each(&keys::dead_letters(tenant), |row: Versioned<DeadLetter>| {
            let on_its_way = matches!(row.value.state, DeadLetterState::Replaying { .. });
            if !on_its_way && row.value.expires_at.is_some_and(|at| at <= now) {
                commit.delete_dead_letter(tenant, &row.value, Expect::Version(row.version));
                pruned += 1;
            }
            pruned < PRUNED_MAX
        })?;
        Ok((commit, pruned))
    }
}

impl Commit {
    pub fn put_dead_letter(&mut self, tenant: &TenantId, letter: &DeadLetter, expect: Expect) {
        self.put(keys::dead_letter(tenant, &letter.id), letter, expect);
        self.ensure(keys::dead_letter_by_flow(tenant, &letter.flow, &letter.id));
        self.ensure(keys::letter_by_key(tenant, &letter.flow, &letter.key, &letter.id));
        let parked = keys::parked_letter(tenant, &letter.flow, &letter.id);
        match letter.state {
            DeadLetterState::Parked => self.ensure(parked),
            _ => self.delete(parked, Expect::Any),
        }
    }

    pub fn require_dead_letter(&mut self, tenant: &TenantId, id: &DeadLetterId, expect: Expect) {
        self.require(keys::dead_letter(tenant, id), expect);
    }

    fn delete_dead_letter(&mut self, tenant: &TenantId, letter: &DeadLetter, expect: Expect) {
        let (flow, id) = (&letter.flow, &letter.id);
        self.delete(keys::dead_letter(tenant, id), expect);
        self.delete(keys::dead_letter_by_flow(tenant, flow, id), Expect::Any);
        self.delete(keys::letter_by_key(tenant, flow, &letter.key, id), Expect::Any);
        self.delete(keys::parked_letter(tenant, flow, id), Expect::Any);
    }
}
