//! Every limit ends the call that exceeds it, and no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::call::{CallFailure, Fault, Inbound};
use tokio::time::{Instant, timeout};

use super::guest::Guest;
use super::rooms::{call, input, link};
use crate::CallFor;

async fn failure_of(guest: Guest, call: &CallFor) -> CallFailure {
    link(guest.component()).await.run(call, "act", &[input()]).await.outcome.unwrap_err()
}

const SPIN: &str = "(loop br 0) unreachable";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_loops_end_and_do_not_starve_others() {
    let spinning = link(Guest { run: SPIN.to_owned(), ..Guest::default() }.component()).await;
    let honest = link(Guest::default().component()).await;
    let ended = Arc::new(AtomicUsize::new(0));
    let spinners: Vec<_> = (0..4)
        .map(|_| {
            let (spinning, ended) = (spinning.clone(), Arc::clone(&ended));
            tokio::spawn(async move {
                let mut call = call();
                call.limits.cpu_ms = 600;
                let report = spinning.run(&call, "act", &[input()]).await;
                ended.fetch_add(1, Ordering::SeqCst);
                report.outcome.unwrap_err().fault
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(honest.check(&call()).await.outcome, Ok(Ok(())));
    assert_eq!(ended.load(Ordering::SeqCst), 0, "the honest call came before the first spinner ended");
    for spinner in spinners {
        assert_eq!(spinner.await.unwrap(), Fault::CpuLimit);
    }
}

#[tokio::test]
async fn loops_outside_the_exported_function_end_too() {
    let in_start = Guest { items: "(func $f (loop br 0)) (start $f)".to_owned(), ..Guest::default() };
    let in_realloc = Guest { realloc: SPIN.to_owned(), ..Guest::default() };
    let after_return = Guest {
        run: "(i32.store (i32.const 0x404) (i32.const 0)) (i32.const 0x400)".to_owned(),
        items: "(func (export \"after\") (param i32) (loop br 0))".to_owned(),
        run_options: "(post-return (core func $i \"after\"))".to_owned(),
        ..Guest::default()
    };
    for (name, guest) in [("start", in_start), ("realloc", in_realloc), ("post-return", after_return)] {
        assert_eq!(failure_of(guest, &call()).await.fault, Fault::CpuLimit, "{name}");
    }
}

#[tokio::test]
async fn every_exported_function_may_loop_and_none_for_long() {
    let spin = || SPIN.to_owned();
    let loops = Guest { check: spin(), run: spin(), poll: spin(), receive: spin(), ..Guest::default() };
    let linked = link(loops.component()).await;
    let event = Inbound { headers: Vec::new(), body: Vec::new() };
    let faults = [
        linked.check(&call()).await.outcome.unwrap_err().fault,
        linked.run(&call(), "act", &[input()]).await.outcome.unwrap_err().fault,
        linked.poll(&call(), "things", None).await.outcome.unwrap_err().fault,
        linked.receive(&call(), "hook", event).await.outcome.unwrap_err().fault,
    ];
    assert_eq!(faults, [Fault::CpuLimit; 4]);
}

#[tokio::test]
async fn memory_is_bounded() {
    let run = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let report = link(Guest { run: run.to_owned(), ..Guest::default() }.component())
        .await
        .run(&call(), "act", &[input()])
        .await;
    let failure = report.outcome.unwrap_err();
    assert_eq!(failure.fault, Fault::MemoryLimit);
    // Four pages from the start, then sixteen at a time.
    assert_eq!(report.usage.memory_bytes, (4 + 63 * 16) << 16);
    assert!(failure.message.contains("67108864"), "{failure}");
}

#[tokio::test]
async fn memory_that_is_too_large_from_the_start_is_the_same_failure() {
    let guest = Guest { memory: "(memory (export \"memory\") 1025)".to_owned(), ..Guest::default() };
    assert_eq!(failure_of(guest, &call()).await.fault, Fault::MemoryLimit);
}

#[tokio::test]
async fn tables_are_bounded() {
    let guest = Guest {
        run: "(loop (br_if 0 (i32.ne (table.grow (ref.null func) (i32.const 0x7fffffff)) (i32.const -1)))) unreachable"
            .to_owned(),
        items: "(table 1 funcref)".to_owned(),
        ..Guest::default()
    };
    assert_eq!(failure_of(guest, &call()).await.fault, Fault::TableLimit);
}

#[tokio::test]
async fn recursion_is_bounded() {
    let guest = Guest {
        run: "(call $deeper) unreachable".to_owned(),
        items: "(func $deeper (call $deeper) (call $deeper))".to_owned(),
        ..Guest::default()
    };
    assert_eq!(failure_of(guest, &call()).await.fault, Fault::StackLimit);
}

#[tokio::test]
async fn handles_are_bounded() {
    let guest = Guest {
        imports: r#"(type $thing (resource (rep i32))) (core func $new (canon resource.new $thing))
            (core instance $host (export "new" (func $new)))"#
            .to_owned(),
        core_imports: r#"(import "host" "new" (func $new (param i32) (result i32)))"#.to_owned(),
        with: r#"(with "host" (instance $host))"#.to_owned(),
        run: "(loop (drop (call $new (i32.const 1))) br 0) unreachable".to_owned(),
        ..Guest::default()
    };
    assert_eq!(failure_of(guest, &call()).await.fault, Fault::HandleLimit);
}

#[tokio::test]
async fn the_wall_clock_bounds_a_call_that_has_time_to_run() {
    let mut call = call();
    call.limits.cpu_ms = 60_000;
    call.limits.wall_ms = 100;
    let guest = Guest { run: SPIN.to_owned(), ..Guest::default() };
    assert_eq!(failure_of(guest, &call).await.fault, Fault::WallLimit);
}

#[tokio::test]
async fn a_call_that_is_cancelled_anywhere_leaves_the_host_whole() {
    let linked = link(Guest { run: SPIN.to_owned(), ..Guest::default() }.component()).await;
    for ms in 0..30 {
        let call = call();
        assert!(timeout(Duration::from_millis(ms), linked.run(&call, "act", &[input()])).await.is_err());
    }
    let began = Instant::now();
    assert_eq!(linked.check(&call()).await.outcome, Ok(Ok(())));
    assert!(began.elapsed() < Duration::from_secs(20));
}
