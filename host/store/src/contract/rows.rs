//! Rows: order, pages, versions, checks, isolation, size.

use serde_json::{Value, json};

use crate::backend::{Change, Order};
use crate::contract::{Bench, for_each_backend, key};
use crate::{Commit, Expect, PAGE_ITEMS_MAX, Paging, ROW_BYTES_MAX, Store, StoreError, keys};

for_each_backend!(
    rows_come_in_order_and_in_pages,
    a_cursor_leads_nowhere_else,
    a_version_grows_and_never_returns,
    large_rows_are_kept_and_larger_ones_refused,
    a_row_that_is_replaced_is_read_whole,
    a_damaged_row_is_refused_by_name,
    exchanged_rows_are_refused,
    a_damaged_row_can_be_replaced_and_deleted,
    a_tenant_sees_no_other,
);

async fn rows_come_in_order_and_in_pages(bench: Bench) {
    let store = bench.open();
    let mut commit = Commit::new();
    for number in (0..300_u32).rev() {
        commit.put(key("t", &format!("{number:04}")), &number, Expect::Absent);
    }
    store.commit(commit).await.unwrap();
    let prefix = keys::logs(&"t".parse().unwrap());
    for (order, expected) in
        [(Order::Ascending, (0..300).collect::<Vec<u32>>()), (Order::Descending, (0..300).rev().collect())]
    {
        for limit in [1, 7, 100, 299, 300, PAGE_ITEMS_MAX, usize::MAX] {
            let mut found = Vec::new();
            let mut paging = Paging::first(limit);
            loop {
                let page = store.list::<u32>(&prefix, order, &paging).unwrap();
                assert!(page.items.len() <= limit);
                found.extend(page.items.into_iter().map(|row| row.value));
                match page.next {
                    Some(next) => paging = Paging::after(next, limit),
                    None => break,
                }
            }
            assert_eq!(found, expected, "{order:?} in pages of {limit}");
        }
    }
    assert_eq!(store.count(&prefix).unwrap(), 300);
    assert_eq!(store.names(&prefix, 2).unwrap(), ["0000", "0001"]);
    let exact = store.list::<u32>(&prefix, Order::Ascending, &Paging::first(300)).unwrap();
    assert_eq!(exact.next, None, "a page that ends the list says so");
}

async fn a_cursor_leads_nowhere_else(bench: Bench) {
    let store = bench.open();
    let mut commit = Commit::new();
    commit.put(key("a", "row"), &1, Expect::Any);
    commit.put(key("b", "row"), &2, Expect::Any);
    store.commit(commit).await.unwrap();
    let prefix = keys::logs(&"a".parse().unwrap());
    let long = "A".repeat(4_000);
    for bad in ["?", "%", "a b", long.as_str()] {
        let refused = store.list::<u32>(&prefix, Order::Ascending, &Paging::after(bad, 10));
        assert_eq!(refused.unwrap_err(), StoreError::BadCursor, "{bad:.20}");
    }
    // `_` repeated decodes to bytes above every key; the other way nothing lies before the empty cursor.
    for (order, cursor) in [(Order::Ascending, "____"), (Order::Descending, "____"), (Order::Descending, "")]
    {
        let page = store.list::<u32>(&prefix, order, &Paging::after(cursor, 10)).unwrap();
        assert!(page.items.iter().all(|row| row.value == 1), "{order:?} {cursor:?}");
    }
}

async fn a_version_grows_and_never_returns(bench: Bench) {
    let store = bench.open();
    let name = key("t", "row");
    let version = |store: &Store| store.read::<u32>(&name).unwrap().map(|row| row.version);
    let mut seen = Vec::new();
    let mut write = async |expect| {
        let mut commit = Commit::new();
        commit.put(name.clone(), &7, expect);
        store.commit(commit).await.unwrap();
        let now = version(&store).unwrap();
        assert!(seen.iter().all(|before| *before < now), "{now} after {seen:?}");
        seen.push(now);
        now
    };
    let first = write(Expect::Absent).await;
    assert_eq!(write(Expect::Version(first)).await, first + 1);
    let last = write(Expect::Present).await;
    let mut commit = Commit::new();
    commit.delete(name.clone(), Expect::Version(last));
    store.commit(commit).await.unwrap();
    assert_eq!(version(&store), None);
    write(Expect::Version(0)).await;
    write(Expect::Any).await;
}

async fn large_rows_are_kept_and_larger_ones_refused(bench: Bench) {
    let store = bench.open();
    // With its quotes, exactly as large as a row may be.
    let sizes = [4_000, 4_070, 4_071, 4_096, 4_100, 8_192, 100_000, ROW_BYTES_MAX - 2];
    for size in sizes {
        let text: String = (0..size).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
        for version in 0..3 {
            let text = format!("{}{}", version, &text[1..]);
            let mut commit = Commit::new();
            commit.put(key("t", &format!("row-{size}")), &text, Expect::Any);
            store.commit(commit).await.unwrap();
            let row = store.read::<String>(&key("t", &format!("row-{size}"))).unwrap().unwrap();
            assert!(row.value == text, "{size} bytes");
        }
    }
    let prefix = keys::logs(&"t".parse().unwrap());
    assert_eq!(store.list::<String>(&prefix, Order::Ascending, &Paging::first(100)).unwrap().items.len(), 8);
    assert_eq!(store.count(&prefix).unwrap(), 8);

    let mut commit = Commit::new();
    commit.put(key("t", "other"), &1, Expect::Any);
    commit.put(key("t", "huge"), &"a".repeat(ROW_BYTES_MAX - 1), Expect::Any);
    let refused = store.commit(commit).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { bytes, .. } if bytes == ROW_BYTES_MAX + 1), "{refused}");
    assert!(store.read::<u32>(&key("t", "other")).unwrap().is_none(), "the rest of the commit happened");

    let mut commit = Commit::new();
    for size in sizes {
        commit.delete(key("t", &format!("row-{size}")), Expect::Present);
    }
    store.commit(commit).await.unwrap();
    assert_eq!(store.count(&prefix).unwrap(), 0);
    let spilled = std::fs::read_dir(bench.path().join("sled").join("blobs")).map_or(0, Iterator::count);
    assert_eq!(spilled, 0, "sled wrote files of its own that it never removes");
}

async fn a_row_that_is_replaced_is_read_whole(bench: Bench) {
    let store = bench.open();
    let name = key("t", "row");
    let put = async |number: usize| {
        let mut commit = Commit::new();
        commit.put(name.clone(), &vec![number; 5_000], Expect::Any);
        store.commit(commit).await.unwrap();
    };
    put(0).await;
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reads = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) || reads == 0 {
                let row = store.read::<Vec<usize>>(&name).unwrap().unwrap().value;
                assert!(row.len() == 5_000 && row.iter().all(|number| *number == row[0]));
                reads += 1;
            }
        });
        let writes = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                for number in 1..20 {
                    put(number).await;
                }
            });
        });
        let written = writes.join();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reads.join().unwrap();
        written.unwrap();
    });
}

async fn a_damaged_row_is_refused_by_name(bench: Bench) {
    let store = bench.open();
    let mut commit = Commit::new();
    commit.put(key("t", "good"), &1, Expect::Any);
    commit.put(key("t", "spoilt"), &2, Expect::Any);
    store.commit(commit).await.unwrap();
    let spoilt = key("t", "spoilt");
    flip_a_bit(&store, &spoilt);

    let expected = StoreError::Damaged { table: "logs".to_owned(), key: "t/spoilt".to_owned() };
    assert_eq!(store.read::<u32>(&spoilt).unwrap_err(), expected);
    let prefix = keys::logs(&"t".parse().unwrap());
    assert_eq!(store.list::<u32>(&prefix, Order::Ascending, &Paging::default()).unwrap_err(), expected);
    assert_eq!(store.read::<u32>(&key("t", "good")).unwrap().unwrap().value, 1);
    let mut commit = Commit::new();
    commit.put(spoilt, &3, Expect::Present);
    assert_eq!(store.commit(commit).await.unwrap_err(), expected, "a decision on a damaged row");
}

async fn exchanged_rows_are_refused(bench: Bench) {
    let store = bench.open();
    let (one, two) = (key("t", "one"), key("u", "one"));
    let mut commit = Commit::new();
    commit.put(one.clone(), &1, Expect::Any);
    commit.put(two.clone(), &2, Expect::Any);
    store.commit(commit).await.unwrap();
    let backend = &store.inner().backend;
    let (first, second) = (backend.get(one.bytes()).unwrap(), backend.get(two.bytes()).unwrap());
    let change = |key: &crate::keys::Key, row| Change { key: key.bytes().to_vec(), row };
    backend.apply(&[change(&one, second), change(&two, first)]).unwrap();
    for name in [one, two] {
        assert!(matches!(store.read::<u32>(&name), Err(StoreError::Damaged { .. })));
    }
}

async fn a_damaged_row_can_be_replaced_and_deleted(bench: Bench) {
    let store = bench.open();
    for delete in [false, true] {
        let name = key("t", "row");
        let mut commit = Commit::new();
        commit.put(name.clone(), &1, Expect::Any);
        store.commit(commit).await.unwrap();
        flip_a_bit(&store, &name);
        let mut commit = Commit::new();
        match delete {
            true => commit.delete(name.clone(), Expect::Any),
            false => commit.put(name.clone(), &2, Expect::Any),
        }
        store.commit(commit).await.unwrap();
        assert_eq!(store.read::<u32>(&name).unwrap().map(|row| row.value), (!delete).then_some(2));
    }
}

async fn a_tenant_sees_no_other(bench: Bench) {
    let store = bench.open();
    let tenants = ["a", "a-b", "a-", "aa", "b", "0"];
    let mut commit = Commit::new();
    for tenant in tenants {
        commit.put(key(tenant, "row"), &json!({ "of": tenant }), Expect::Absent);
    }
    store.commit(commit).await.unwrap();
    for tenant in tenants {
        for order in [Order::Ascending, Order::Descending] {
            let prefix = keys::logs(&tenant.parse().unwrap());
            let page = store.list::<Value>(&prefix, order, &Paging::default()).unwrap();
            let of: Vec<_> = page.items.iter().map(|row| row.value["of"].clone()).collect();
            assert_eq!(of, [json!(tenant)]);
        }
    }
}

fn flip_a_bit(store: &Store, name: &crate::keys::Key) {
    let backend = &store.inner().backend;
    let mut row = backend.get(name.bytes()).unwrap().unwrap();
    let middle = row.len() / 2;
    row[middle] ^= 1;
    backend.apply(&[Change { key: name.bytes().to_vec(), row: Some(row) }]).unwrap();
}
