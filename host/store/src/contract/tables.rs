//! Tables: their order, their filters and the indexes that a put keeps true.

use domain::connector::{Connector, ConnectorRef};
use domain::dead_letter::DeadLetterState;
use domain::flow::{FlowState, Seen};
use domain::hook::{Hook, HookLimits, HookNotes, InboxEvent, Mark, Raw};
use domain::log::LogEntry;
use domain::run::RunStatus;
use domain::token::{Bearer, Role, Token};
use domain::{Digest, TenantId, Timestamp, TokenId};

use crate::contract::samples::{At, Counting, change, letter, log, parcel, run};
use crate::contract::{Bench, for_each_backend};
use crate::*;

for_each_backend!(
    runs_are_listed_newest_first_and_open_until_they_end,
    parcels_are_due_in_order_when_their_time_has_come,
    dead_letters_are_counted_while_they_are_parked,
    logs_are_filtered_and_pruned,
    the_latest_connector_is_the_highest_version,
    a_flow_state_begins_with_version_zero,
    an_observation_belongs_to_one_profile_of_one_tenant,
    what_was_seen_is_told_for_each_key,
    tenants_and_tokens_lie_beside_every_tenant,
    events_wait_in_order_for_their_flow,
    a_hook_is_found_by_its_id_alone_and_goes_whole,
    marks_are_forgotten_when_they_are_old,
);

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

async fn runs_are_listed_newest_first_and_open_until_they_end(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let mut runs: Vec<_> = (0..6)
        .map(|at| run(if at % 2 == 0 { "even" } else { "even-odd" }, at * 1_000, &randomness))
        .collect();
    let mut commit = Commit::new();
    runs.iter().for_each(|run| commit.put_run(&tenant, run, Expect::Absent));
    store.commit(commit).await.unwrap();
    runs[2].status = RunStatus::Running;
    runs[3].status = RunStatus::Partial;
    let mut commit = Commit::new();
    for at in [2, 3] {
        let version = store.run(&tenant, &runs[at].id).unwrap().unwrap().version;
        commit.put_run(&tenant, &runs[at], Expect::Version(version));
    }
    store.commit(commit).await.unwrap();

    let listed = |flow: Option<&str>, paging: &Paging| {
        let flow = flow.map(|flow| flow.parse().unwrap());
        store.runs(&tenant, flow.as_ref(), paging).unwrap().map(|row| row.value)
    };
    let newest: Vec<_> = runs.iter().rev().cloned().collect();
    assert_eq!(listed(None, &Paging::default()).items, newest);
    let even = [&runs[4], &runs[2], &runs[0]].map(Clone::clone);
    assert_eq!(listed(Some("even"), &Paging::default()).items, even);
    let first = listed(Some("even"), &Paging::first(2));
    assert_eq!(first.items, even[..2]);
    assert_eq!(listed(Some("even"), &Paging::after(first.next.unwrap(), 2)).items, even[2..]);
    assert_eq!(listed(Some("none"), &Paging::default()).items, []);

    let open: Vec<_> = store.open_runs(&tenant).unwrap().into_iter().map(|row| row.value).collect();
    assert_eq!(open, [0, 1, 2, 4, 5].map(|at: usize| runs[at].clone()));
}

async fn parcels_are_due_in_order_when_their_time_has_come(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let flow = "f".parse().unwrap();
    let mut commit = Commit::new();
    for seq in [300, 2, 10, 1] {
        commit.put_parcel(
            &tenant,
            &flow,
            &parcel(seq, if seq == 2 { 5_000 } else { 0 }, &randomness),
            Expect::Absent,
        );
    }
    commit.put_parcel(&tenant, &"f-2".parse().unwrap(), &parcel(1, 0, &randomness), Expect::Absent);
    store.commit(commit).await.unwrap();
    let due = |now, limit| -> Vec<u64> {
        let due = store.due(&tenant, &flow, Timestamp::from_ms(now), limit).unwrap();
        due.iter().map(|row| row.value.seq).collect()
    };
    assert_eq!(due(0, 100), [1, 10, 300]);
    assert_eq!(due(0, 2), [1, 10]);
    assert_eq!(due(0, 0), [] as [u64; 0]);
    assert_eq!(due(5_000, 100), [1, 2, 10, 300]);
    assert_eq!(
        due(-1, 100),
        [1, 2, 10, 300],
        "the clock was set back behind the moment they were written at"
    );
    assert_eq!(store.parcels(&tenant, &flow, 3).unwrap().len(), 3);
    assert_eq!(store.count_parcels(&tenant, &flow).unwrap(), 4);
    let more = |than| store.has_more_parcels(&tenant, &flow, than).unwrap();
    assert!(more(0) && more(3) && !more(4) && !more(usize::MAX));
    let mut commit = Commit::new();
    for seq in [1, 10, 300] {
        commit.delete_parcel(&tenant, &flow, seq, Expect::Present);
    }
    store.commit(commit).await.unwrap();
    assert_eq!(store.next_due(&tenant, &flow).unwrap(), Some(Timestamp::from_ms(5_000)));
    assert!(store.parcel(&tenant, &flow, 10).unwrap().is_none());
}

async fn dead_letters_are_counted_while_they_are_parked(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let mut letters: Vec<_> = (0..3).map(|at| letter("f", at, &randomness)).collect();
    letters.push(letter("g", 9, &randomness));
    let mut commit = Commit::new();
    letters.iter().for_each(|letter| commit.put_dead_letter(&tenant, letter, Expect::Absent));
    store.commit(commit).await.unwrap();
    let (f, g) = ("f".parse().unwrap(), "g".parse().unwrap());
    let parked = || {
        let count = |flow| store.count_parked(&tenant, flow).unwrap();
        (count(None), count(Some(&f)), count(Some(&g)))
    };
    assert_eq!(parked(), (4, 3, 1));
    for state in [
        DeadLetterState::Replaying { run: letters[0].run.clone(), by: None },
        DeadLetterState::Resolved { run: letters[0].run.clone(), at: Timestamp::from_ms(1), by: None },
    ] {
        letters[0].state = state;
        let mut commit = Commit::new();
        commit.put_dead_letter(&tenant, &letters[0], Expect::Present);
        store.commit(commit).await.unwrap();
        assert_eq!(parked(), (3, 2, 1));
    }
    letters[0].state = DeadLetterState::Parked;
    let mut commit = Commit::new();
    commit.put_dead_letter(&tenant, &letters[0], Expect::Present);
    store.commit(commit).await.unwrap();
    assert_eq!(parked(), (4, 3, 1));
    let page = store.dead_letters(&tenant, Some(&f), &Paging::default()).unwrap();
    let listed: Vec<_> = page.items.into_iter().map(|row| row.value).collect();
    assert_eq!(listed, [2, 1, 0].map(|at: usize| letters[at].clone()));
    assert_eq!(store.dead_letters(&tenant, None, &Paging::first(1)).unwrap().items[0].value, letters[3]);
    assert!(store.dead_letter(&"other".parse().unwrap(), &letters[0].id).unwrap().is_none());
}

async fn logs_are_filtered_and_pruned(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let entries: Vec<_> =
        (0..40).map(|at| log(if at % 4 == 0 { "crm" } else { "stripe" }, at / 2, &randomness)).collect();
    let mut commit = Commit::new();
    commit.append_logs(&tenant, &entries);
    store.commit(commit).await.unwrap();
    // Numbered by the committer, in the order of writing.
    let numbered = (1..).zip(&entries).map(|(number, entry)| LogEntry { number, ..entry.clone() });
    let numbered: Vec<LogEntry> = numbered.collect();
    let newest: Vec<_> = numbered.iter().rev().cloned().collect();
    let all = |filter: &LogFilter, limit| store.logs(&tenant, filter, &Paging::first(limit)).unwrap().items;
    assert_eq!(all(&LogFilter::default(), 100), newest);
    let crm = LogFilter { profile: Some("crm".parse().unwrap()), ..LogFilter::default() };
    assert_eq!(all(&crm, 100).len(), 10);
    assert!(all(&crm, 3).iter().all(|entry| entry.profile == crm.profile));
    let no_run = LogFilter { run: Some(domain::RunId::make(&At(0), &randomness)), ..LogFilter::default() };
    assert_eq!(all(&no_run, 100), []);

    assert!(store.prune_logs(&tenant, 40).unwrap().is_empty());
    store.commit(store.prune_logs(&tenant, 15).unwrap()).await.unwrap();
    assert_eq!(all(&LogFilter::default(), 100), newest[..15]);
}

async fn the_latest_connector_is_the_highest_version(bench: Bench) {
    let (store, tenant) = (bench.open(), tenant());
    let name: domain::ConnectorName = "stripe".parse().unwrap();
    let manifest = serde_json::json!({
        "name": "stripe", "version": "1.0.0", "title": "Stripe", "category": "finance", "hosts": [], "scopes": []
    });
    for version in ["1.9.0", "1.10.0", "1.10.0-rc.1", "0.2.0"] {
        let connector = Connector {
            name: name.clone(),
            version: version.parse().unwrap(),
            digest: Digest::of(version.as_bytes()),
            size_bytes: 1,
            manifest: serde_json::from_value(manifest.clone()).unwrap(),
            imports: Vec::new(),
            exports: Vec::new(),
            uploaded_at: Timestamp::from_ms(0),
        };
        let mut commit = change("t");
        commit.put_connector(&tenant, &connector, Expect::Absent);
        store.commit(commit).await.unwrap();
        let mut again = change("t");
        again.put_connector(&tenant, &connector, Expect::Absent);
        assert!(store.commit(again).await.unwrap_err().is_conflict(), "a version was written twice");
    }
    let latest = store.latest_connector(&tenant, &name).unwrap().unwrap().value;
    assert_eq!(latest.version.to_string(), "1.10.0");
    let versions = store.connector_versions(&tenant, &name).unwrap();
    let versions: Vec<_> = versions.iter().map(|connector| connector.version.to_string()).collect();
    assert_eq!(versions, ["0.2.0", "1.9.0", "1.10.0-rc.1", "1.10.0"]);
    assert_eq!(store.connectors(&tenant, &Paging::default()).unwrap().items.len(), 4);
    let exact = ConnectorRef { name, version: "0.2.0".parse().unwrap() };
    assert_eq!(store.connector(&tenant, &exact).unwrap().unwrap().value.digest, Digest::of(b"0.2.0"));
    assert!(store.latest_connector(&tenant, &"strip".parse().unwrap()).unwrap().is_none());
}

async fn an_observation_belongs_to_one_profile_of_one_tenant(bench: Bench) {
    let (store, tenant) = (bench.open(), tenant());
    let (crm, stripe) = ("crm".parse().unwrap(), "stripe".parse().unwrap());
    assert!(store.observation(&tenant, &crm).unwrap().is_none());
    let seen = domain::observation::Observation::new(Timestamp::from_ms(1), 60_000);
    let put = |expect| {
        let mut commit = Commit::new();
        commit.put_observation(&tenant, &crm, &seen, expect);
        store.commit(commit)
    };
    put(Expect::Absent).await.unwrap();
    assert!(put(Expect::Absent).await.unwrap_err().is_conflict());
    let row = store.observation(&tenant, &crm).unwrap().unwrap();
    assert_eq!(row.value, seen);
    put(Expect::Version(row.version)).await.unwrap();
    assert!(put(Expect::Version(row.version)).await.unwrap_err().is_conflict());
    assert!(store.observation(&tenant, &stripe).unwrap().is_none());
    assert!(store.observation(&"other".parse().unwrap(), &crm).unwrap().is_none());
}

async fn a_flow_state_begins_with_version_zero(bench: Bench) {
    let (store, tenant) = (bench.open(), tenant());
    let flow = "f".parse().unwrap();
    let state = store.flow_state(&tenant, &flow).unwrap();
    assert_eq!((state.version, &state.value), (0, &FlowState::default()));
    let next = FlowState { cursor: Some(serde_json::json!("after-7")), next_seq: 8, ..FlowState::default() };
    let put = async |version| {
        let mut commit = Commit::new();
        commit.put_flow_state(&tenant, &flow, &next, Expect::Version(version));
        store.commit(commit).await
    };
    put(0).await.unwrap();
    assert!(put(0).await.unwrap_err().is_conflict());
    assert_eq!(store.flow_state(&tenant, &flow).unwrap().value, next);
}

async fn what_was_seen_is_told_for_each_key(bench: Bench) {
    let (store, tenant) = (bench.open(), tenant());
    let flow = "f".parse().unwrap();
    let keys: Vec<domain::RecordKey> = ["a", "a b/ü", "c"].map(|key| key.parse().unwrap()).to_vec();
    let seen = Seen::Accepted { at: Timestamp::from_ms(5), run: None, seq: Some(7) };
    let mut commit = Commit::new();
    commit.put_seen(&tenant, &flow, &keys[1], &seen, Expect::Absent);
    store.commit(commit).await.unwrap();
    assert_eq!(store.seen_many(&tenant, &flow, &keys).unwrap(), [None, Some(seen.clone()), None]);
    let found = |start| store.seen_beginning(&tenant, &flow, start, 10).unwrap();
    assert_eq!(found("a "), [(keys[1].clone(), seen)]);
    assert!(found("a b/x").is_empty() && found("b").is_empty());
    assert_eq!(store.seen(&tenant, &"g".parse().unwrap(), &keys[1]).unwrap(), None);
}

async fn tenants_and_tokens_lie_beside_every_tenant(bench: Bench) {
    let (store, randomness) = (bench.open(), Counting::default());
    let created_at = Timestamp::from_ms(1);
    let token = Token {
        id: TokenId::make(&At(1), &randomness),
        bearer: Bearer::Tenant { tenant: tenant() },
        role: Role::Reader,
        hash: "00".repeat(32),
        created_at,
        expires_at: Some(Timestamp::from_ms(2)),
    };
    let row = Tenant { id: tenant(), created_at };
    let mut commit = change("t");
    commit.commit().put_tenant(&row, Expect::Absent);
    commit.put_token(&token, Expect::Absent);
    store.commit(commit).await.unwrap();
    assert_eq!(store.tenants(&Paging::default()).unwrap().items, std::slice::from_ref(&row));
    assert_eq!(store.tenant(&row.id).unwrap().unwrap().value, row);
    assert!(store.tenant(&"other".parse().unwrap()).unwrap().is_none());
    assert_eq!(store.tokens(&Paging::default()).unwrap().items, std::slice::from_ref(&token));
    let mut commit = change("t");
    commit.commit().require_tenant(&row.id, Expect::Present);
    commit.delete_token(&token.id, Expect::Present);
    store.commit(commit).await.unwrap();
    assert!(store.token(&token.id).unwrap().is_none());
}

fn event(at_ms: i64, next_ms: i64, body: usize, randomness: &Counting) -> InboxEvent {
    InboxEvent {
        id: domain::InboxId::make(Timestamp::from_ms(at_ms), u32::try_from(at_ms).unwrap(), randomness),
        hook: domain::HookId::make(randomness),
        trigger: "events".to_owned(),
        event_id: Some(format!("evt_{at_ms}")),
        headers: vec![("content-type".to_owned(), Raw(b"application/json".to_vec()))],
        body: Raw(vec![b'x'; body]),
        received_at: Timestamp::from_ms(at_ms),
        correlation: domain::CorrelationId::make(randomness),
        attempts: Vec::new(),
        next_at: Timestamp::from_ms(next_ms),
        replay_of: None,
    }
}

async fn events_wait_in_order_for_their_flow(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let (one, other) = ("f".parse().unwrap(), "f-2".parse().unwrap());
    let events = [(3, 0), (1, 0), (2, 9_000)].map(|(at, next)| event(at, next, 10, &randomness));
    let mut commit = Commit::new();
    events.iter().for_each(|event| commit.put_event(&tenant, &one, event, Expect::Absent));
    commit.put_event(&tenant, &other, &event(5, 0, 10, &randomness), Expect::Absent);
    store.commit(commit).await.unwrap();
    let due = |now, limit, bytes| -> Vec<i64> {
        let due = store.due_events(&tenant, &one, Timestamp::from_ms(now), limit, bytes).unwrap();
        due.iter().map(|row| row.value.received_at.as_ms()).collect()
    };
    assert_eq!(due(0, 10, 1_000), [1, 3]);
    assert_eq!(due(9_000, 10, 1_000), [1, 2, 3]);
    assert_eq!(
        (due(9_000, 2, 1_000), due(9_000, 10, 25), due(9_000, 10, 0)),
        (vec![1, 2], vec![1, 2], vec![1])
    );
    assert_eq!(store.next_event_at(&tenant, &one).unwrap(), Some(Timestamp::from_ms(0)));
    assert_eq!(store.flows_with_events(&tenant).unwrap(), [one.clone(), other]);
    assert_eq!((store.count_events(&tenant).unwrap(), store.count_events_of(&tenant, &one).unwrap()), (4, 3));
    let mut commit = Commit::new();
    events.iter().for_each(|event| commit.delete_event(&tenant, &one, &event.id, Expect::Present));
    store.commit(commit).await.unwrap();
    assert_eq!(store.next_event_at(&tenant, &one).unwrap(), None);
    assert_eq!(store.flows_with_events(&tenant).unwrap().len(), 1);
    assert!(store.flows_with_events(&"other".parse().unwrap()).unwrap().is_empty());
}

async fn a_hook_is_found_by_its_id_alone_and_goes_whole(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let hook = Hook {
        id: domain::HookId::make(&randomness),
        profile: "stripe".parse().unwrap(),
        trigger: "events".to_owned(),
        enabled: true,
        limits: HookLimits::default(),
        created_at: Timestamp::from_ms(0),
        rotated_at: None,
        previous: None,
    };
    let mut made = change("acme");
    made.put_hook(&tenant, &hook, Expect::Absent);
    store.commit(made).await.unwrap();
    assert_eq!(store.tenant_of_hook(&hook.id).unwrap(), Some(tenant.clone()));
    assert_eq!(store.hook(&tenant, &hook.id).unwrap().unwrap().value, hook);
    assert!(store.hook(&"other".parse().unwrap(), &hook.id).unwrap().is_none());
    let mut commit = Commit::new();
    let notes = HookNotes { accepted: 7, ..HookNotes::default() };
    commit.put_hook_notes(&tenant, &hook.id, &notes, Expect::Version(0));
    store.commit(commit).await.unwrap();
    assert_eq!(store.hook_notes(&tenant, &hook.id).unwrap().value.accepted, 7);
    let mut gone = change("acme");
    gone.delete_hook(&tenant, &hook.id, Expect::Present);
    store.commit(gone).await.unwrap();
    assert_eq!(store.tenant_of_hook(&hook.id).unwrap(), None);
    assert_eq!(
        (store.count_hooks(&tenant).unwrap(), store.hook_notes(&tenant, &hook.id).unwrap().version),
        (0, 0)
    );
}

async fn marks_are_forgotten_when_they_are_old(bench: Bench) {
    let (store, randomness, tenant) = (bench.open(), Counting::default(), tenant());
    let hook = domain::HookId::make(&randomness);
    let (old, new) = (Mark::of_event_id("old"), Mark::of_event_id("new"));
    let put = |mark: &Mark, at, expect| {
        let mut commit = Commit::new();
        commit.put_mark(&tenant, &hook, mark, Timestamp::from_ms(at), expect);
        store.commit(commit)
    };
    put(&old, 1_000, Expect::Absent).await.unwrap();
    put(&new, 9_000, Expect::Absent).await.unwrap();
    assert!(put(&old, 1_000, Expect::Absent).await.unwrap_err().is_conflict());
    let at = |mark: &Mark| store.marked(&tenant, &hook, mark).unwrap().map(|row| row.value.as_ms());
    let prune = async |before| {
        store.commit(store.prune_marks(&tenant, Timestamp::from_ms(before)).unwrap()).await.unwrap();
    };
    prune(1_000).await;
    assert_eq!((at(&old), at(&new)), (Some(1_000), Some(9_000)));
    // It comes again: the trace of its first time does not take the second with it.
    put(&old, 9_500, Expect::Present).await.unwrap();
    prune(5_000).await;
    assert_eq!((at(&old), at(&new)), (Some(9_500), Some(9_000)));
    prune(9_001).await;
    assert_eq!((at(&old), at(&new)), (Some(9_500), None));
    assert!(store.prune_marks(&tenant, Timestamp::from_ms(9_001)).unwrap().is_empty());
}
