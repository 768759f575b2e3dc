//! A tenant with one flow between two scripted profiles, and as many processes over its store as a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::audit::{Actor, Chain, Happening, Subject, Verb};
use domain::canary::Canary;
use domain::connector::{Connector, ConnectorRef};
use domain::dead_letter::DeadLetter;
use domain::event::{EventKind, Subscription};
use domain::flow::{DeliveryPolicy, Destination, Flow, FlowState, Mapping, Parcel, Seen, Source};
use domain::hook::{Hook, HookLimits};
use domain::profile::{Grant, Profile, Status};
use domain::retry::RetryPolicy;
use domain::run::{Cause, Run};
use domain::{Clock, DeadLetterId, Digest, FlowName, HookId, Randomness, RunId, TenantId, Timestamp};
use serde_json::json;
use store::{
    Change, Commit, DeadLetters as _, Expect, FlowStates as _, Flows as _, KeyEncryptionKey, Outbox as _,
    Paging, Place, Profiles as _, Runs as _, SeenRecords as _, Store, StoreOptions, Tenant,
};
use tokio::sync::watch;
use tokio::time::Instant;

use super::script::{Gives, Script, Scripted, page};
use crate::options::Options;
use crate::pipeline::Pipeline;
use crate::room::Room;
use crate::trigger::trigger;
use crate::work::work;

/// Real time that a test can push forward.
pub(crate) struct TestClock {
    began: Instant,
    skew_ms: AtomicI64,
    /// How far each reading moves it: no two readings are the same.
    pub(crate) step_ms: AtomicI64,
}

impl TestClock {
    pub(crate) fn now_for_tests(&self) -> Timestamp {
        self.now()
    }

    pub(crate) fn push(&self, ms: i64) {
        self.skew_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let elapsed_ms = i64::try_from(self.began.elapsed().as_millis()).unwrap();
        let skew_ms = self.skew_ms.fetch_add(self.step_ms.load(Ordering::SeqCst), Ordering::SeqCst);
        Timestamp::from_ms(1_700_000_000_000 + elapsed_ms + skew_ms)
    }
}

#[derive(Default)]
pub(crate) struct TestRandomness(AtomicU64);

impl Randomness for TestRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let n = self.0.fetch_add(1, Ordering::SeqCst).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *byte = (n >> 56) as u8;
        }
    }
}

/// What a person did, so that the rows of a test are there.
fn by_a_person(tenant: &TenantId) -> Change {
    let now = Timestamp::from_ms(0);
    let happening = Happening::new(now, Actor::Library, Verb::ProfileCreated, Subject::tenant(tenant));
    Change::new(Chain::Tenant(tenant.clone()), happening)
}

pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) clock: Arc<TestClock>,
    randomness: Arc<TestRandomness>,
    pub(crate) script: Arc<Script>,
    pub(crate) tenant: TenantId,
    pub(crate) flow: FlowName,
    pub(crate) options: Options,
    /// Never stops anything.
    stop: watch::Sender<bool>,
}

impl Bench {
    /// A source that gives these pages, one after the other.
    pub(crate) async fn new(pages: &[&[&str]]) -> Self {
        let key = KeyEncryptionKey::from_bytes(std::array::from_fn(|n| (n * n) as u8)).unwrap();
        let options = StoreOptions { place: Place::Memory, key };
        let bench = Self {
            store: Store::open(options, &TestRandomness::default()).unwrap(),
            clock: Arc::new(TestClock {
                began: Instant::now(),
                skew_ms: AtomicI64::new(0),
                step_ms: AtomicI64::new(0),
            }),
            randomness: Arc::default(),
            script: Arc::default(),
            tenant: "acme".parse().unwrap(),
            flow: "deals".parse().unwrap(),
            options: Options::default(),
            stop: watch::Sender::new(false),
        };
        bench.give(pages);
        let mut commit = by_a_person(&bench.tenant);
        commit
            .commit()
            .put_tenant(&Tenant { id: bench.tenant.clone(), created_at: bench.clock.now() }, Expect::Absent);
        for name in ["crm", "bill"] {
            commit.put_connector(&bench.tenant, &connector(name, true), Expect::Absent);
            commit.put_profile(&bench.tenant, &profile(name), Expect::Absent);
        }
        commit.put_flow(&bench.tenant, &flow(&bench.flow), Expect::Absent);
        bench.store.commit(commit).await.unwrap();
        bench
    }

    pub(crate) fn give(&self, pages: &[&[&str]]) {
        let last = pages.len();
        let pages: Vec<Gives> = (1..).zip(pages).map(|(n, keys)| page(keys, n, n < last)).collect();
        *self.script.pages.lock().unwrap() = pages;
    }

    /// A process of its own over the same store.
    pub(crate) fn room(&self) -> Arc<Room> {
        let sandbox = Arc::new(Scripted(Arc::clone(&self.script)));
        let (clock, randomness) = (Arc::clone(&self.clock), Arc::clone(&self.randomness));
        Arc::new(Room::new(self.store.clone(), sandbox, clock, randomness, self.options.clone()))
    }

    pub(crate) fn pipeline(&self) -> Pipeline {
        let sandbox = Arc::new(Scripted(Arc::clone(&self.script)));
        let (clock, randomness) = (Arc::clone(&self.clock), Arc::clone(&self.randomness));
        Pipeline::over(self.store.clone(), sandbox, clock, randomness, self.options.clone())
    }

    pub(crate) async fn trigger(&self) -> RunId {
        self.trigger_flow(self.flow.as_str()).await
    }

    pub(crate) async fn trigger_flow(&self, name: &str) -> RunId {
        let flow = name.parse().unwrap();
        trigger(&self.room(), &self.tenant, &flow, Cause::Manual, &Actor::Library, None).await.unwrap()
    }

    pub(crate) async fn work(&self, run: &RunId) -> Run {
        self.work_in(self.room(), run).await;
        self.run(run)
    }

    pub(crate) async fn work_in(&self, room: Arc<Room>, run: &RunId) {
        work(room, self.tenant.clone(), run.clone(), self.stop.subscribe()).await.unwrap();
    }

    pub(crate) async fn replay(&self, id: &DeadLetterId) -> RunId {
        crate::replay::replay(&self.room(), &self.tenant, id, &Actor::Library, crate::replay::How::default())
            .await
            .unwrap()
    }

    /// A whole run.
    pub(crate) async fn once(&self) -> Run {
        let run = self.trigger().await;
        self.work(&run).await
    }

    /// What was handed to the committer happens though nobody waits for it any more; this waits for it.
    pub(crate) async fn settled(&self) {
        let mut commit = Commit::new();
        commit.require_tenant(&self.tenant, Expect::Present);
        self.store.commit(commit).await.unwrap();
    }

    pub(crate) async fn change_flow(&self, change: impl FnOnce(&mut Flow)) {
        let mut flow = self.store.flow(&self.tenant, &self.flow).unwrap().unwrap().value;
        change(&mut flow);
        let mut commit = by_a_person(&self.tenant);
        commit.put_flow(&self.tenant, &flow, Expect::Any);
        self.store.commit(commit).await.unwrap();
    }

    pub(crate) async fn add_flow(&self, name: &str) {
        let mut commit = by_a_person(&self.tenant);
        commit.put_flow(&self.tenant, &flow(&name.parse().unwrap()), Expect::Absent);
        self.store.commit(commit).await.unwrap();
    }

    pub(crate) async fn add_flow_with(&self, name: &str, change: impl FnOnce(&mut Flow)) {
        let mut flow = flow(&name.parse().unwrap());
        change(&mut flow);
        let mut commit = by_a_person(&self.tenant);
        commit.put_flow(&self.tenant, &flow, Expect::Absent);
        self.store.commit(commit).await.unwrap();
    }

    /// The profile from now on uses another version of its connector.
    pub(crate) async fn upgrade(&self, name: &str, version: &str) {
        let mut newer = connector(name, true);
        newer.version = version.parse().unwrap();
        let mut commit = by_a_person(&self.tenant);
        commit.put_connector(&self.tenant, &newer, Expect::Absent);
        self.store.commit(commit).await.unwrap();
        self.change_profile(name, |profile| profile.connector.version = newer.version.clone()).await;
    }

    /// The profile from now on tries another version for all but one of a hundred runs.
    pub(crate) async fn try_version(&self, name: &str, version: &str) {
        let mut newer = connector(name, true);
        newer.version = version.parse().unwrap();
        let mut commit = by_a_person(&self.tenant);
        commit.put_connector(&self.tenant, &newer, Expect::Absent);
        self.store.commit(commit).await.unwrap();
        let since = self.now();
        self.change_profile(name, |profile| {
            let mut moved = profile.clone();
            moved.connector.version = newer.version.clone();
            profile.canary = Some(Canary::new(moved, 99, since));
        })
        .await;
    }

    /// All that the tenant is told from now on waits for one who asked for it.
    pub(crate) async fn subscribe(&self, name: &str) {
        let subscription = Subscription {
            name: name.parse().unwrap(),
            url: "https://ops.example.com/hook".to_owned(),
            kinds: [EventKind::ConnectorVersionRolledBack].into(),
            enabled: true,
            disabled_because: None,
            failing_since: None,
            previous_until: None,
            created_at: self.now(),
            updated_at: self.now(),
        };
        let mut commit = by_a_person(&self.tenant);
        commit.put_subscription(&self.tenant, &subscription, Expect::Absent);
        self.store.commit(commit).await.unwrap();
    }

    pub(crate) async fn remove_connector(&self, name: &str, version: &str) {
        let gone = ConnectorRef { name: name.parse().unwrap(), version: version.parse().unwrap() };
        let mut commit = by_a_person(&self.tenant);
        commit.delete_connector(&self.tenant, &gone, Expect::Present);
        self.store.commit(commit).await.unwrap();
    }

    /// Another tenant with the same rows, whose source has been read to its end and whose outbox holds these records.
    pub(crate) async fn add_tenant(&self, name: &str, keys: &[String], cursor: usize) -> TenantId {
        let tenant: TenantId = name.parse().unwrap();
        let mut commit = by_a_person(&tenant);
        let row = Tenant { id: tenant.clone(), created_at: self.clock.now() };
        commit.commit().put_tenant(&row, Expect::Absent);
        for name in ["crm", "bill"] {
            commit.put_connector(&tenant, &connector(name, true), Expect::Absent);
            commit.put_profile(&tenant, &profile(name), Expect::Absent);
        }
        commit.put_flow(&tenant, &flow(&self.flow), Expect::Absent);
        let state =
            FlowState { cursor: Some(json!(cursor)), next_seq: keys.len() as u64, ..FlowState::default() };
        commit.commit().put_flow_state(&tenant, &self.flow, &state, Expect::Absent);
        for (seq, key) in (0..).zip(keys) {
            let parcel = Parcel {
                seq,
                run: RunId::make(&*self.clock, &*self.randomness),
                key: key.parse().unwrap(),
                idempotency_key: key.clone(),
                body: json!({ "key": key }),
                accepted_at: self.clock.now(),
                attempts: Vec::new(),
                forgiven: 0,
                next_at: self.clock.now(),
                replay_of: None,
            };
            commit.commit().put_parcel(&tenant, &self.flow, &parcel, Expect::Absent);
        }
        self.store.commit(commit).await.unwrap();
        tenant
    }

    pub(crate) async fn change_profile(&self, name: &str, change: impl FnOnce(&mut Profile)) {
        let mut profile = self.profile(name);
        change(&mut profile);
        let mut commit = by_a_person(&self.tenant);
        commit.put_profile(&self.tenant, &profile, Expect::Any);
        self.store.commit(commit).await.unwrap();
    }

    pub(crate) async fn map_with(&self, program: &str) {
        self.change_flow(|flow| flow.mapping = Some(Mapping { jq: program.to_owned() })).await;
    }

    /// The destination's action from now on takes inputs of this schema only.
    pub(crate) async fn take_only(&self, schema: serde_json::Value) {
        let mut bill = connector("bill", true);
        bill.manifest.actions[0].input = schema;
        let mut commit = by_a_person(&self.tenant);
        commit.put_connector(&self.tenant, &bill, Expect::Any);
        self.store.commit(commit).await.unwrap();
    }

    /// The source's trigger from now on declares records of this schema.
    pub(crate) async fn give_only(&self, schema: serde_json::Value) {
        let mut crm = connector("crm", true);
        crm.manifest.triggers[0].record = schema;
        let mut commit = by_a_person(&self.tenant);
        commit.put_connector(&self.tenant, &crm, Expect::Any);
        self.store.commit(commit).await.unwrap();
    }

    /// The source's records from now on come from webhooks, through this hook.
    pub(crate) async fn listen(&self) -> Hook {
        let mut crm = connector("crm", true);
        crm.manifest.triggers[0].kind =
            serde_json::from_value(json!({ "webhook": { "scheme": { "kind": "github" } } })).unwrap();
        let hook = Hook {
            id: HookId::make(&*self.randomness),
            profile: "crm".parse().unwrap(),
            trigger: "deals".to_owned(),
            enabled: true,
            limits: HookLimits::default(),
            created_at: self.clock.now(),
            rotated_at: None,
            previous: None,
        };
        let mut commit = by_a_person(&self.tenant);
        commit.put_connector(&self.tenant, &crm, Expect::Any);
        commit.put_hook(&self.tenant, &hook, Expect::Absent);
        self.store.commit(commit).await.unwrap();
        hook
    }

    /// The destination's action from now on declares outputs of this schema.
    pub(crate) async fn answer_with(&self, schema: serde_json::Value) {
        let mut bill = connector("bill", true);
        bill.manifest.actions[0].output = schema;
        let mut commit = by_a_person(&self.tenant);
        commit.put_connector(&self.tenant, &bill, Expect::Any);
        self.store.commit(commit).await.unwrap();
    }

    /// The destination's action from now on does not recognise a repeated attempt.
    pub(crate) async fn forget_idempotency(&self) {
        let mut commit = by_a_person(&self.tenant);
        commit.put_connector(&self.tenant, &connector("bill", false), Expect::Any);
        self.store.commit(commit).await.unwrap();
    }

    pub(crate) fn profile(&self, name: &str) -> Profile {
        self.store.profile(&self.tenant, &name.parse().unwrap()).unwrap().unwrap().value
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn status(&self, name: &str) -> Status {
        self.profile(name).status(self.clock.now()).0
    }

    pub(crate) fn run(&self, id: &RunId) -> Run {
        self.store.run(&self.tenant, id).unwrap().unwrap().value
    }

    pub(crate) fn runs(&self) -> Vec<Run> {
        let page = self.store.runs(&self.tenant, Some(&self.flow), &Paging::first(100)).unwrap();
        page.items.into_iter().map(|row| row.value).collect()
    }

    pub(crate) fn parcels(&self) -> Vec<Parcel> {
        let parcels = self.store.parcels(&self.tenant, &self.flow, 500).unwrap();
        parcels.into_iter().map(|row| row.value).collect()
    }

    pub(crate) fn letters(&self) -> Vec<DeadLetter> {
        let page = self.store.dead_letters(&self.tenant, Some(&self.flow), &Paging::first(100)).unwrap();
        page.items.into_iter().map(|row| row.value).collect()
    }

    pub(crate) fn seen(&self, key: &str) -> Option<Seen> {
        self.store.seen(&self.tenant, &self.flow, &key.parse().unwrap()).unwrap()
    }

    pub(crate) fn state(&self) -> FlowState {
        self.store.flow_state(&self.tenant, &self.flow).unwrap().value
    }
}

fn connector(name: &str, idempotent: bool) -> Connector {
    let mut action =
        json!({ "name": "invoice", "title": "Invoice", "effect": "write", "input": {}, "output": {} });
    if idempotent {
        action["idempotency"] = json!({ "header": "Idempotency-Key" });
    }
    let manifest = json!({
        "name": name, "version": "1.0.0", "title": name, "category": "finance",
        "hosts": ["https://api.example.com"], "scopes": [], "actions": [action],
        "triggers": [{ "name": "deals", "title": "Deals", "kind": "poll", "record": {} }],
    });
    Connector {
        name: name.parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
        digest: Digest::of(name.as_bytes()),
        size_bytes: 1,
        manifest: serde_json::from_value(manifest).unwrap(),
        imports: Vec::new(),
        exports: Vec::new(),
        uploaded_at: Timestamp::from_ms(0),
    }
}

fn profile(name: &str) -> Profile {
    let connector = ConnectorRef { name: name.parse().unwrap(), version: "1.0.0".parse().unwrap() };
    let hosts = [serde_json::from_value(json!("https://api.example.com")).unwrap()].into();
    let profile = Profile::new(name.parse().unwrap(), connector, json!({}), None, Timestamp::from_ms(0));
    let mut profile = Profile { grant: Grant { hosts, ..Grant::default() }, ..profile };
    profile.restand(Timestamp::from_ms(0));
    profile
}

fn flow(name: &FlowName) -> Flow {
    Flow {
        name: name.clone(),
        source: Source { profile: "crm".parse().unwrap(), trigger: "deals".to_owned() },
        mapping: None,
        destination: Destination { profile: "bill".parse().unwrap(), action: "invoice".to_owned() },
        schedule: None,
        delivery: DeliveryPolicy {
            batch: 3,
            retry: RetryPolicy {
                attempts_max: 3,
                base_ms: 1,
                cap_ms: 5,
                wait_max_ms: 1_000,
                ..RetryPolicy::default()
            },
            ..DeliveryPolicy::default()
        },
        enabled: true,
        created_at: Timestamp::from_ms(0),
        version: 1,
        updated_at: None,
    }
}
