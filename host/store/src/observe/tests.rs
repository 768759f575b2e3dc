//! Every commit passes every point in order, on every engine, and the kind is what its rows say.

use domain::flow::{FlowState, Seen};
use domain::oauth::TokenLease;
use domain::{FlowName, TenantId, Timestamp};

use super::*;
use crate::contract::Bench;
use crate::contract::samples::{Counting, letter, parcel, run};
use crate::{Commit, Engine, Expect};

#[derive(Default)]
struct Notes(Mutex<Vec<(Point, Vec<Kind>)>>);

impl Observer for Notes {
    fn reached(&self, point: Point, kinds: &[Kind]) {
        self.0.lock().unwrap().push((point, kinds.to_vec()));
    }
}

fn names() -> (TenantId, FlowName) {
    ("t".parse().unwrap(), "deals".parse().unwrap())
}

fn page() -> Commit {
    let ((tenant, flow), chance) = (names(), Counting::default());
    let mut commit = Commit::new();
    commit.put_parcel(&tenant, &flow, &parcel(1, 0, &chance), Expect::Any);
    let accepted = Seen::Accepted { at: Timestamp::from_ms(0), run: None, seq: None };
    commit.put_seen(&tenant, &flow, &"deal-1".parse().unwrap(), &accepted, Expect::Any);
    commit.put_flow_state(&tenant, &flow, &FlowState::default(), Expect::Any);
    commit.put_run(&tenant, &run("deals", 0, &chance), Expect::Any);
    commit
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_commit_passes_every_point_in_order() {
    for (engine, syncs) in [(Engine::Sled, 1), (Engine::Redb, 2)] {
        let bench = Bench::new(Some(engine));
        let notes = Arc::new(Notes::default());
        let store = bench.open_observed(notes.clone());
        for _ in 0..2 {
            store.commit(page()).await.unwrap();
        }
        drop(store);
        let notes = notes.0.lock().unwrap().clone();
        let one: Vec<Point> = std::iter::once(Point::BeforeAppend)
            .chain(std::iter::repeat_n(Point::BeforeSync, syncs))
            .chain([Point::BeforeAck, Point::AfterAck])
            .collect();
        let seen: Vec<Point> = notes.iter().map(|(point, _)| *point).collect();
        // A database that is closed may sync once more, for the group that was last under way.
        assert_eq!(seen.get(..2 * one.len()).unwrap(), one.repeat(2), "{engine}: {notes:?}");
        assert!(notes.iter().all(|(_, kinds)| kinds == &[Kind::Page]), "{engine}: {notes:?}");
    }
}

#[test]
fn the_kind_of_a_commit_is_what_its_rows_say() {
    let ((tenant, flow), chance) = (names(), Counting::default());
    let mut batch = Commit::new();
    batch.delete_parcel(&tenant, &flow, 1, Expect::Any);
    batch.put_run(&tenant, &run("deals", 0, &chance), Expect::Any);
    let mut buried = Commit::new();
    buried.delete_parcel(&tenant, &flow, 1, Expect::Any);
    buried.put_dead_letter(&tenant, &letter("deals", 0, &chance), Expect::Any);
    let mut lease = Commit::new();
    lease.put_run(&tenant, &run("deals", 0, &chance), Expect::Any);
    let mut asking = Commit::new();
    asking.put_token_lease(&tenant, &"crm".parse().unwrap(), &TokenLease::default(), Expect::Any);
    for (commit, kind) in [
        (page(), Kind::Page),
        (batch, Kind::Batch),
        (buried, Kind::DeadLetter),
        (lease, Kind::Lease),
        (asking, Kind::TokenLease),
    ] {
        assert_eq!(Kind::of(&commit.ops, &commit.happenings), kind);
    }
    for kind in Kind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    for point in Point::ALL {
        assert_eq!(point.as_str().parse(), Ok(point));
    }
}
