//! The one writer: takes commits from a bounded queue, and makes one batch and one sync of those that wait together.
//!
//! Every commit is judged in order, against the rows as the commits before it leave them. One whose precondition
//! fails leaves nothing behind and disturbs no other. Nobody gets an answer before the sync has returned; readers
//! may see a row a moment earlier.
//!
//! A commit's rows of the log are numbered here too, so that whoever reads on from a number misses none.
//!
//! A commit's audit entries are numbered and chained here, in the order of the commits, and written in their batch.
//!
//! After a failed batch or sync nobody knows what is on the disk: the kernel may have dropped what it could not
//! write, and a second sync would succeed without it. So there is no second one, and no further write.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use domain::TenantId;
use domain::audit::{Chain, Happening, Head};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::audit::ChainKeys;
use crate::backend::{Backend, Change, Order, Span};
use crate::commit::{Commit, Expect, Op, Write};
use crate::envelope::{Envelope, damaged};
use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::observe::{Kind, Point, Watch};

/// Commits that may wait. Beyond, callers wait before they can hand one in.
const QUEUE_MAX: usize = 1_024;

/// A group's bounds: what shares one sync, and what is in memory at once.
const GROUP_COMMITS_MAX: usize = 512;
const GROUP_BYTES_MAX: usize = 16 << 20;

pub(crate) struct Committer {
    queue: Option<mpsc::Sender<Request>>,
    /// Why no further commit is taken; set once.
    stopped: Arc<OnceLock<String>>,
    thread: Option<JoinHandle<()>>,
}

struct Request {
    ops: Vec<Op>,
    happenings: Vec<(Chain, Happening)>,
    logs: Vec<(TenantId, Vec<u8>)>,
    bytes: usize,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

impl Committer {
    pub(crate) fn start(
        backend: Arc<dyn Backend>,
        envelope: Envelope,
        chains: Arc<ChainKeys>,
        watch: Watch,
    ) -> Result<Self, StoreError> {
        let (queue, requests) = mpsc::channel(QUEUE_MAX);
        let floor = read_floor(&*backend, &envelope)?;
        let stopped = Arc::new(OnceLock::new());
        let mut writer = Writer {
            backend,
            envelope,
            chains,
            floor,
            last_logs: BTreeMap::new(),
            watch,
            stopped: Arc::clone(&stopped),
        };
        let thread = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(move || writer.serve(requests))
            .map_err(|error| StoreError::Engine { doing: "start the committer", cause: error.to_string() })?;
        Ok(Self { queue: Some(queue), stopped, thread: Some(thread) })
    }

    pub(crate) async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let gone = || StoreError::Stopped { cause: "the committer has ended".to_owned() };
        let (answer, answered) = oneshot::channel();
        let bytes = commit.bytes();
        let Commit { ops, happenings, logs, .. } = commit;
        let request = Request { ops, happenings, logs, bytes, answer };
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(request).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Takes no commit from now on.
    pub(crate) fn stop(&self, cause: &str) {
        self.stopped.get_or_init(|| cause.to_owned());
    }

    pub(crate) fn takes_writes(&self) -> Result<(), StoreError> {
        self.stopped.get().map_or(Ok(()), |cause| Err(StoreError::Stopped { cause: cause.clone() }))
    }
}

impl Drop for Committer {
    /// What has been handed in is still written before the back-end closes.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has already been answered with an error to everyone who waited.
            let _ended = thread.join();
        }
    }
}

struct Writer {
    backend: Arc<dyn Backend>,
    envelope: Envelope,
    chains: Arc<ChainKeys>,
    /// The highest version that a deleted row ever had. New rows begin above it, so that a version which someone
    /// read before a deletion never fits a row that was made after it.
    floor: u64,
    watch: Watch,
    /// The number of each tenant's last row of the log, once it is known.
    last_logs: BTreeMap<TenantId, u64>,
    stopped: Arc<OnceLock<String>>,
}

/// A row as the group will leave it. Version 0: it does not exist.
#[derive(Clone)]
struct Staged {
    version: u64,
    row: Option<Vec<u8>>,
}

type Rows = BTreeMap<Key, Staged>;

impl Writer {
    fn serve(&mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut bytes = first.bytes;
            let mut group = vec![first];
            while group.len() < GROUP_COMMITS_MAX && bytes < GROUP_BYTES_MAX {
                let Ok(next) = requests.try_recv() else { break };
                bytes += next.bytes;
                group.push(next);
            }
            self.write(group);
        }
    }

    fn write(&mut self, group: Vec<Request>) {
        let mut rows = Rows::new();
        let mut floor = self.floor;
        let mut accepted = Vec::with_capacity(group.len());
        let mut kinds = Vec::new();
        for Request { ops, happenings, logs, answer, .. } in group {
            let kind = self.watch.kind(&ops, &happenings);
            let judged = match self.stopped.get() {
                Some(cause) => Err(StoreError::Stopped { cause: cause.clone() }),
                None => self.judge(ops, happenings, &rows, floor),
            };
            let judged = judged.and_then(|(mut changed, floor)| {
                self.append_logs(logs, &mut changed, floor)?;
                Ok((changed, floor))
            });
            match judged {
                Ok((changed, new_floor)) => {
                    rows.extend(changed);
                    floor = new_floor;
                    accepted.push(answer);
                    kinds.extend(kind);
                }
                Err(error) => {
                    // What cannot even be read cannot be judged, and an engine that broke stays broken.
                    if matches!(error, StoreError::Engine { .. }) {
                        self.stop(&error);
                    }
                    reply(answer, Err(error));
                }
            }
        }
        let outcome = self.make_durable(rows, floor, kinds);
        if let Err(error) = &outcome {
            self.stop(error);
        }
        for answer in accepted {
            reply(answer, outcome.clone());
        }
        self.watch.reached(Point::AfterAck);
    }

    /// Whoever asks after the answer sees it.
    fn stop(&self, error: &StoreError) {
        tracing::error!(%error, "a write failed; the store accepts no more");
        self.stopped.get_or_init(|| error.to_string());
    }

    /// What a commit would change, given what the commits before it change; an error leaves no trace.
    fn judge(
        &self,
        ops: Vec<Op>,
        happenings: Vec<(Chain, Happening)>,
        before: &Rows,
        floor: u64,
    ) -> Result<(Rows, u64), StoreError> {
        let mut changed = Rows::new();
        let mut floor = floor;
        for Op { key, expect, write } in ops {
            let version = match changed.get(&key).or_else(|| before.get(&key)) {
                Some(staged) => staged.version,
                None => self.stored_version(&key, expect)?,
            };
            let met = match expect {
                Expect::Any => true,
                Expect::Absent => version == 0,
                Expect::Present => version != 0,
                Expect::Version(wanted) => version == wanted,
            };
            if !met {
                let shown = key.shown();
                return Err(StoreError::Conflict { table: shown.table, key: shown.key });
            }
            match write {
                Write::Nothing => {}
                Write::Ensure(_) if version != 0 => {}
                Write::Put(json) | Write::Ensure(json) => {
                    let next = if version == 0 { floor } else { version }.saturating_add(1);
                    let row = self.envelope.close(key.bytes(), next, &json)?;
                    changed.insert(key, Staged { version: next, row: Some(row) });
                }
                Write::Delete => {
                    floor = floor.max(version);
                    changed.insert(key, Staged { version: 0, row: None });
                }
            }
        }
        for (chain, happening) in happenings {
            self.append(&chain, happening, before, &mut changed, floor)?;
        }
        Ok((changed, floor))
    }

    /// Continues the log of each tenant that has rows in a commit. A number is used up even where the write fails then:
    /// after that there is no further one.
    fn append_logs(
        &mut self,
        logs: Vec<(TenantId, Vec<u8>)>,
        changed: &mut Rows,
        floor: u64,
    ) -> Result<(), StoreError> {
        for (tenant, json) in logs {
            let last = match self.last_logs.get(&tenant) {
                Some(last) => *last,
                None => last_log(&*self.backend, &tenant)?,
            };
            let number = last.saturating_add(1);
            let (key, version) = (keys::log(&tenant, number), floor.saturating_add(1));
            let row = Some(self.envelope.close(key.bytes(), version, &json)?);
            changed.insert(key, Staged { version, row });
            self.last_logs.insert(tenant, number);
        }
        Ok(())
    }

    /// Continues a chain. A chain whose end cannot be read, or that has an entry behind its end, is not continued: then
    /// the whole commit is refused, because what changes without an entry has not happened.
    fn append(
        &self,
        chain: &Chain,
        happening: Happening,
        before: &Rows,
        changed: &mut Rows,
        floor: u64,
    ) -> Result<(), StoreError> {
        let row_of = |key: &Key, changed: &Rows| match changed.get(key).or_else(|| before.get(key)) {
            Some(staged) => Ok(staged.row.clone()),
            None => self.backend.get(key.bytes()),
        };
        let head_key = keys::audit_head(chain);
        let (version, head) = match row_of(&head_key, changed)? {
            None => (floor, None),
            Some(row) => {
                let (version, json) = self.envelope.open(head_key.bytes(), &row)?;
                let head: Head = serde_json::from_slice(&json).map_err(|_| damaged(head_key.bytes()))?;
                (version, Some(head))
            }
        };
        let entry = self.chains.following(head.as_ref(), chain, happening);
        let entry_key = keys::audit_entry(chain, entry.number);
        if row_of(&entry_key, changed)?.is_some() {
            return Err(StoreError::AuditBroken { chain: chain.to_string(), number: entry.number });
        }
        let head = entry.as_head();
        self.stage(changed, entry_key, floor.saturating_add(1), &entry)?;
        self.stage(changed, head_key, version.saturating_add(1), &head)
    }

    fn stage(
        &self,
        changed: &mut Rows,
        key: Key,
        version: u64,
        value: &impl Serialize,
    ) -> Result<(), StoreError> {
        let json = serde_json::to_vec(value).map_err(|error| StoreError::NotJson {
            what: "an audit entry".to_owned(),
            reason: error.to_string(),
        })?;
        let row = Some(self.envelope.close(key.bytes(), version, &json)?);
        changed.insert(key, Staged { version, row });
        Ok(())
    }

    fn stored_version(&self, key: &Key, expect: Expect) -> Result<u64, StoreError> {
        let Some(row) = self.backend.get(key.bytes())? else { return Ok(0) };
        match self.envelope.version(key.bytes(), &row) {
            Ok(version) => Ok(version),
            // Whoever expects nothing of a damaged row may replace or delete it: that is the way to repair one.
            Err(_) if expect == Expect::Any => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn make_durable(&mut self, rows: Rows, floor: u64, kinds: Vec<Kind>) -> Result<(), StoreError> {
        let mut batch: Vec<Change> = rows
            .into_iter()
            .map(|(key, staged)| Change { key: key.bytes().to_vec(), row: staged.row })
            .collect();
        if batch.is_empty() {
            return Ok(());
        }
        if floor > self.floor {
            let key = keys::version_floor();
            let row = self.envelope.close(key.bytes(), 1, floor.to_string().as_bytes())?;
            batch.push(Change { key: key.bytes().to_vec(), row: Some(row) });
        }
        self.watch.begin(kinds);
        self.backend.apply(&batch)?;
        self.backend.sync()?;
        self.watch.reached(Point::BeforeAck);
        self.floor = floor;
        Ok(())
    }
}

/// The number of the tenant's last row of the log; 0 where there is none.
pub(crate) fn last_log(backend: &dyn Backend, tenant: &TenantId) -> Result<u64, StoreError> {
    let prefix = keys::logs(tenant);
    let span = Span { prefix: prefix.bytes(), after: None, order: Order::Descending, keys_only: true };
    let slice = backend.scan(span, 1)?;
    Ok(slice.rows.first().map_or(0, |(key, _)| keys::log_number(key)))
}

fn read_floor(backend: &dyn Backend, envelope: &Envelope) -> Result<u64, StoreError> {
    let key = keys::version_floor();
    match backend.get(key.bytes())? {
        None => Ok(0),
        Some(row) => {
            let (_, json) = envelope.open(key.bytes(), &row)?;
            serde_json::from_slice(&json).map_err(|_| damaged(key.bytes()))
        }
    }
}

fn reply(answer: oneshot::Sender<Result<(), StoreError>>, outcome: Result<(), StoreError>) {
    // The caller may have gone; the commit has happened all the same.
    let _gone = answer.send(outcome);
}
