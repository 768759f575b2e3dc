//! The one writer: takes commits from a bounded queue, and makes one batch and one sync of those that wait together.
//!
//! Every commit is judged in order, against the rows as the commits before it leave them. One whose precondition
//! fails leaves nothing behind and disturbs no other. Nobody gets an answer before the sync has returned; readers
//! may see a row a moment earlier.
//!
//! After a failed batch or sync nobody knows what is on the disk: the kernel may have dropped what it could not
//! write, and a second sync would succeed without it. So there is no second one, and no further write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::backend::{Backend, Change};
use crate::commit::{Commit, Expect, Op, Write};
use crate::envelope::Envelope;
use crate::error::StoreError;
use crate::keys::{self, Key};

/// Commits that may wait. Beyond, callers wait before they can hand one in.
const QUEUE_MAX: usize = 1_024;

/// A group's bounds: what shares one sync, and what is in memory at once.
const GROUP_COMMITS_MAX: usize = 512;
const GROUP_BYTES_MAX: usize = 16 << 20;

pub(crate) struct Committer {
    queue: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

struct Request {
    ops: Vec<Op>,
    bytes: usize,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

impl Committer {
    pub(crate) fn start(backend: Arc<dyn Backend>, envelope: Envelope) -> Result<Self, StoreError> {
        let (queue, requests) = mpsc::channel(QUEUE_MAX);
        let floor = read_floor(&*backend, &envelope)?;
        let mut writer = Writer { backend, envelope, floor, stopped: None };
        let thread = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(move || writer.serve(requests))
            .map_err(|error| StoreError::Engine { doing: "start the committer", cause: error.to_string() })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    pub(crate) async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let gone = || StoreError::Stopped { cause: "the committer has ended".to_owned() };
        let (answer, answered) = oneshot::channel();
        let bytes = commit.bytes();
        let request = Request { ops: commit.ops, bytes, answer };
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(request).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
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
    /// The highest version that a deleted row ever had. New rows begin above it, so that a version which someone
    /// read before a deletion never fits a row that was made after it.
    floor: u64,
    stopped: Option<String>,
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
        for Request { ops, answer, .. } in group {
            let judged = match &self.stopped {
                Some(cause) => Err(StoreError::Stopped { cause: cause.clone() }),
                None => self.judge(ops, &rows, floor),
            };
            match judged {
                Ok((changed, new_floor)) => {
                    rows.extend(changed);
                    floor = new_floor;
                    accepted.push(answer);
                }
                Err(error) => reply(answer, Err(error)),
            }
        }
        let outcome = self.make_durable(rows, floor);
        if let Err(error) = &outcome {
            tracing::error!(%error, "a write failed; the store accepts no more");
            self.stopped = Some(error.to_string());
        }
        for answer in accepted {
            reply(answer, outcome.clone());
        }
    }

    /// What a commit would change, given what the commits before it change; an error leaves no trace.
    fn judge(&self, ops: Vec<Op>, before: &Rows, floor: u64) -> Result<(Rows, u64), StoreError> {
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
                    let row = self.envelope.close(key.bytes(), next, &json);
                    changed.insert(key, Staged { version: next, row: Some(row) });
                }
                Write::Delete => {
                    floor = floor.max(version);
                    changed.insert(key, Staged { version: 0, row: None });
                }
            }
        }
        Ok((changed, floor))
    }

    fn stored_version(&self, key: &Key, expect: Expect) -> Result<u64, StoreError> {
        let Some(row) = self.backend.get(key.bytes())? else { return Ok(0) };
        match self.envelope.open(key.bytes(), &row) {
            Ok((version, _)) => Ok(version),
            // Whoever expects nothing of a damaged row may replace or delete it: that is the way to repair one.
            Err(_) if expect == Expect::Any => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn make_durable(&mut self, rows: Rows, floor: u64) -> Result<(), StoreError> {
        let mut batch: Vec<Change> = rows
            .into_iter()
            .map(|(key, staged)| Change { key: key.bytes().to_vec(), row: staged.row })
            .collect();
        if batch.is_empty() {
            return Ok(());
        }
        if floor > self.floor {
            let key = keys::version_floor();
            let row = self.envelope.close(key.bytes(), 1, floor.to_string().as_bytes());
            batch.push(Change { key: key.bytes().to_vec(), row: Some(row) });
        }
        self.backend.apply(&batch)?;
        self.backend.sync()?;
        self.floor = floor;
        Ok(())
    }
}

fn read_floor(backend: &dyn Backend, envelope: &Envelope) -> Result<u64, StoreError> {
    let key = keys::version_floor();
    match backend.get(key.bytes())? {
        None => Ok(0),
        Some(row) => {
            let (_, json) = envelope.open(key.bytes(), &row)?;
            serde_json::from_slice(json).map_err(|_| crate::envelope::damaged(key.bytes()))
        }
    }
}

fn reply(answer: oneshot::Sender<Result<(), StoreError>>, outcome: Result<(), StoreError>) {
    // The caller may have gone; the commit has happened all the same.
    let _gone = answer.send(outcome);
}
