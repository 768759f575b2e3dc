//! What the API answered to requests that carry an idempotency key, sealed: an answer may show a secret once.

use domain::{Digest, Randomness, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cipher::{Context, Sealed};
use crate::commit::{Commit, Expect, Versioned};
use crate::envelope::damaged;
use crate::error::StoreError;
use crate::{Store, keys};

/// Rows that one pruning removes at most.
const PRUNED_MAX: usize = 2_000;

/// A request under a key: on its way, or answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    pub at: Timestamp,
    /// The process that works on it. In another one it will never be answered.
    pub holder: String,
    /// Of the request's body; known when the request has been read.
    pub body: Option<Digest>,
    /// None while it is on its way.
    pub answer: Option<Answer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub media_type: Option<String>,
    /// None where it was too large to be kept.
    pub body: Option<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    at: Timestamp,
    holder: String,
    body: Option<Digest>,
    answer: Option<AnswerRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerRow {
    status: u16,
    media_type: Option<String>,
    body: Option<Sealed>,
}

pub trait Answers {
    fn answer(&self, tenant: &TenantId, id: &Digest) -> Result<Option<Versioned<KeptAnswer>>, StoreError>;
    /// When its first commit ends in a conflict, somebody else was sealing for the tenant for the first time.
    fn put_answer(
        &self,
        commit: &mut Commit,
        of: (&TenantId, &Digest),
        kept: &KeptAnswer,
        expect: Expect,
        randomness: &dyn Randomness,
    ) -> Result<(), StoreError>;
    fn count_answers(&self, tenant: &TenantId) -> Result<u64, StoreError>;
    /// A commit that removes what is older than this, or a part of it; an empty one when there is nothing.
    fn prune_answers(&self, tenant: &TenantId, before: Timestamp) -> Result<Commit, StoreError>;
}

impl Answers for Store {
    fn answer(&self, tenant: &TenantId, id: &Digest) -> Result<Option<Versioned<KeptAnswer>>, StoreError> {
        let key = keys::answer(tenant, id);
        let Some(Versioned { version, value: row }) = self.read::<Row>(&key)? else { return Ok(None) };
        let open = |sealed: Sealed| {
            let data_key = self.data_key(tenant)?.ok_or_else(|| damaged(key.bytes()))?;
            let opened = sealed.open(data_key.bytes(), &context(tenant, id));
            opened.map(|body| body.to_vec()).ok_or_else(|| damaged(key.bytes()))
        };
        let answer = match row.answer {
            None => None,
            Some(AnswerRow { status, media_type, body }) => {
                Some(Answer { status, media_type, body: body.map(open).transpose()? })
            }
        };
        let value = KeptAnswer { at: row.at, holder: row.holder, body: row.body, answer };
        Ok(Some(Versioned { version, value }))
    }

    fn put_answer(
        &self,
        commit: &mut Commit,
        of: (&TenantId, &Digest),
        kept: &KeptAnswer,
        expect: Expect,
        randomness: &dyn Randomness,
    ) -> Result<(), StoreError> {
        let (tenant, id) = of;
        let answer = match &kept.answer {
            None => None,
            Some(Answer { status, media_type, body }) => {
                let body = match body {
                    None => None,
                    Some(body) => {
                        let data_key = self.data_key_for(commit, tenant, randomness)?;
                        Some(Sealed::seal(data_key.bytes(), body, &context(tenant, id), randomness)?)
                    }
                };
                Some(AnswerRow { status: *status, media_type: media_type.clone(), body })
            }
        };
        let row = Row { at: kept.at, holder: kept.holder.clone(), body: kept.body.clone(), answer };
        commit.put(keys::answer(tenant, id), &row, expect);
        Ok(())
    }

    fn count_answers(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        self.count(&keys::answers(tenant))
    }

    fn prune_answers(&self, tenant: &TenantId, before: Timestamp) -> Result<Commit, StoreError> {
        let mut commit = Commit::new();
        self.walk_behind(&keys::answers(tenant), None, false, |key, row| {
            let row: Versioned<Row> = self.decode(key, row)?;
            let id = keys::last_part(key).and_then(|part| part.parse::<Digest>().ok());
            if let Some(id) = id.filter(|_| row.value.at < before) {
                commit.delete(keys::answer(tenant, &id), Expect::Version(row.version));
            }
            Ok(commit.len() < PRUNED_MAX)
        })?;
        Ok(commit)
    }
}

impl Commit {
    /// Frees a key: the request was refused and did nothing.
    pub fn delete_answer(&mut self, tenant: &TenantId, id: &Digest, expect: Expect) {
        self.delete(keys::answer(tenant, id), expect);
    }
}

fn context(tenant: &TenantId, id: &Digest) -> Context {
    Context::new(["lockgate kept answer", tenant.as_str(), id.as_str()])
}
