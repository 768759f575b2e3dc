//! Fills the outbox of a flow as a host leaves it that was stopped in the midst of a long run.

use std::path::Path;

use domain::flow::{FlowState, Parcel, Seen};
use domain::{Clock as _, FlowName, RunId, TenantId};
use lockgate::{Engine, OsRandomness, SystemClock};
use store::{Commit, Expect, KeyEncryptionKey, Place, Store, StoreError, StoreOptions};

/// What one commit of the filling has.
const PART: u64 = 1_000;

/// Puts so many numbered records into the data folder of a host that does not run.
#[expect(clippy::expect_used, reason = "a number is a key")]
pub async fn queue(
    folder: &Path,
    engine: Engine,
    tenant: &TenantId,
    flow: &FlowName,
    run: &RunId,
    records: u64,
) -> Result<Store, StoreError> {
    let key = KeyEncryptionKey::from_file(&folder.join("lockgate.key"))?;
    let place = Place::Dir { path: folder.to_owned(), engine };
    let store = Store::open(StoreOptions { place, key }, &OsRandomness)?;
    let now = SystemClock.now();
    for start in (1..=records).step_by(PART as usize) {
        let mut commit = Commit::new();
        for seq in start..(start + PART).min(records + 1) {
            let parcel = Parcel {
                seq,
                run: run.clone(),
                key: format!("r-{seq}").parse().expect("a key"),
                idempotency_key: format!("queued-{seq}"),
                body: serde_json::json!({ "n": seq, "label": format!("record {seq}") }),
                accepted_at: now,
                attempts: Vec::new(),
                forgiven: 0,
                next_at: now,
                replay_of: None,
            };
            let seen = Seen::Accepted { at: now, run: Some(parcel.run.clone()), seq: Some(parcel.seq) };
            commit.put_seen(tenant, flow, &parcel.key, &seen, Expect::Absent);
            commit.put_parcel(tenant, flow, &parcel, Expect::Absent);
        }
        store.commit(commit).await?;
    }
    let mut commit = Commit::new();
    let state = FlowState { next_seq: records + 1, cursor: Some(records.into()), ..FlowState::default() };
    commit.put_flow_state(tenant, flow, &state, Expect::Any);
    store.commit(commit).await?;
    Ok(store)
}
