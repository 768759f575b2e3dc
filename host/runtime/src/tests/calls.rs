//! What a call returns, and what of it the host believes.

use std::sync::Arc;

use domain::call::{Fault, GuestError, Inbound, Level};

use super::guest::{Guest, transform};
use super::rooms::{NOW_MS, call, input, link, link_as};
use crate::{CallFor, Kind};

/// Data that makes `run` return one JSON text: `len` bytes at 0x40.
fn one_text(len: u8) -> String {
    format!(
        r#"(data (i32.const 0x400) "\00\05\00\00\01\00\00\00")
           (data (i32.const 0x500) "\00\00\00\00\00\00\00\00\40\00\00\00\{len:02x}\00\00\00")"#
    )
}

const RETURN: &str = "(i32.const 0x400)";

fn returning(text: &str) -> Guest {
    let items = format!("{} (data (i32.const 0x40) {text:?})", one_text(text.len() as u8));
    Guest { run: RETURN.to_owned(), items, ..Guest::default() }
}

#[tokio::test]
async fn a_batch_has_one_json_result_per_input() {
    let linked = link(returning("[1]").component()).await;
    let report = linked.run(&call(), "act", &[input()]).await;
    assert_eq!(report.outcome, Ok(vec![Ok("[1]".to_owned())]));
    assert!(report.usage.memory_bytes == 4 << 16 && report.usage.wall_us > 0);

    let none = linked.run(&call(), "act", &[]).await;
    assert_eq!(none.outcome.unwrap_err().fault, Fault::BrokenContract);
}

#[tokio::test]
async fn an_answer_that_is_not_json_breaks_the_contract() {
    let linked = link(returning("[1").component()).await;
    let failure = linked.run(&call(), "act", &[input()]).await.outcome.unwrap_err();
    assert_eq!(failure.fault, Fault::BrokenContract);
}

#[tokio::test]
async fn an_answer_above_its_limit_is_refused() {
    let linked = link(returning("[1,2,3]").component()).await;
    let mut call = call();
    call.limits.output_bytes = 6;
    let failure = linked.run(&call, "act", &[input()]).await.outcome.unwrap_err();
    assert_eq!(failure.fault, Fault::OutputLimit);
}

#[tokio::test]
async fn each_call_has_fresh_memory() {
    let count = "(i32.store8 (i32.const 0x40) (i32.add (i32.load8_u (i32.const 0x40)) (i32.const 1)))";
    let guest = Guest {
        run: format!("{count} {RETURN}"),
        items: format!("{} (data (i32.const 0x40) \"0\")", one_text(1)),
        ..Guest::default()
    };
    let linked = link(guest.component()).await;
    for _ in 0..3 {
        assert_eq!(linked.run(&call(), "act", &[input()]).await.outcome, Ok(vec![Ok("1".to_owned())]));
    }
}

#[tokio::test]
async fn a_check_succeeds_or_says_why_not() {
    assert_eq!(link(Guest::default().component()).await.check(&call()).await.outcome, Ok(Ok(())));

    // Discriminants: error, then `rate-limited(some(5))`.
    let items = r#"(data (i32.const 0x400) "\01\00\00\00\00\00\00\00\04\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\05")"#;
    let guest = Guest { items: items.to_owned(), ..Guest::default() };
    let answer = link(guest.component()).await.check(&call()).await.outcome;
    assert_eq!(answer, Ok(Err(GuestError::RateLimited { wait_ms: Some(5) })));
}

#[tokio::test]
async fn a_poll_gives_a_page() {
    // ok(page { records: [("k", "{}")], next: some("1"), more: true })
    let items = r#"(data (i32.const 0x400) "\00\00\00\00\00\00\00\00\00\05\00\00\01\00\00\00\01\00\00\00\00\06\00\00\01\00\00\00\01")
        (data (i32.const 0x500) "\08\06\00\00\01\00\00\00\10\06\00\00\02\00\00\00")
        (data (i32.const 0x600) "1") (data (i32.const 0x608) "k") (data (i32.const 0x610) "{}")"#;
    let guest = Guest { poll: RETURN.to_owned(), items: items.to_owned(), ..Guest::default() };
    let page =
        link(guest.component()).await.poll(&call(), "orders", Some("0")).await.outcome.unwrap().unwrap();
    assert_eq!((page.next.as_deref(), page.more, page.records.len()), (Some("1"), true, 1));
    assert_eq!((page.records[0].key.as_str(), page.records[0].body.as_str()), ("k", "{}"));
}

#[tokio::test]
async fn a_trap_says_which_and_nothing_else() {
    let linked = link(Guest::default().component()).await;
    let failure = linked.run(&call(), "act", &[input()]).await.outcome.unwrap_err();
    assert_eq!(failure.fault, Fault::Trap);
    assert_eq!(failure.message, "the guest trapped: wasm `unreachable` instruction executed");
    let event = Inbound { headers: vec![("a".to_owned(), b"b".to_vec())], body: Vec::new() };
    assert_eq!(linked.receive(&call(), "hook", event).await.outcome.unwrap_err().fault, Fault::Trap);
}

#[tokio::test]
async fn values_that_break_the_abi_end_the_call_and_only_the_call() {
    for (name, items) in [
        ("a list beyond memory", r#"(data (i32.const 0x400) "\00\05\00\00\ff\ff\ff\7f")"#),
        ("a list whose end overflows", r#"(data (i32.const 0x400) "\f8\ff\ff\ff\ff\00\00\00")"#),
        ("an unaligned list", r#"(data (i32.const 0x400) "\01\05\00\00\01\00\00\00")"#),
        (
            "a discriminant out of range",
            r#"(data (i32.const 0x400) "\00\05\00\00\01\00\00\00") (data (i32.const 0x500) "\07")"#,
        ),
        (
            "text that is not UTF-8",
            r#"(data (i32.const 0x400) "\00\05\00\00\01\00\00\00")
               (data (i32.const 0x500) "\00\00\00\00\00\00\00\00\40\00\00\00\01\00\00\00") (data (i32.const 0x40) "\ff")"#,
        ),
    ] {
        let guest = Guest { run: RETURN.to_owned(), items: items.to_owned(), ..Guest::default() };
        let failure =
            link(guest.component()).await.run(&call(), "act", &[input()]).await.outcome.unwrap_err();
        assert!(matches!(failure.fault, Fault::Trap | Fault::OutputLimit), "{name}: {failure:?}");
        assert!(!failure.message.contains("0x") && failure.message.len() < 200, "{name}: {failure}");
    }
}

#[tokio::test]
async fn an_allocator_that_lies_is_caught() {
    for realloc in ["(i32.const -1)", "(i32.const 3)", "unreachable"] {
        let guest = Guest { realloc: realloc.to_owned(), ..Guest::default() };
        let failure =
            link(guest.component()).await.run(&call(), "act", &[input()]).await.outcome.unwrap_err();
        assert_eq!(failure.fault, Fault::Trap, "{realloc}");
    }
}

const LOG: &str = r#"
    (import "lockgate:connector/logging@0.1.0" (instance $logging
      (type $level' (enum "debug" "info" "warn" "error"))
      (export "level" (type $level (eq $level')))
      (export "log" (func (param "level" $level) (param "message" string) (param "fields" (list (tuple string string)))))))
    (core module $memory_module (memory (export "memory") 4))
    (core instance $shared (instantiate $memory_module))
    (core func $log (canon lower (func $logging "log") (memory (core memory $shared "memory"))))
    (core instance $host (export "log" (func $log)) (export "memory" (memory $shared "memory")))"#;

fn logging(check: &str, items: &str) -> Guest {
    Guest {
        imports: LOG.to_owned(),
        with: r#"(with "host" (instance $host))"#.to_owned(),
        core_imports: r#"(import "host" "memory" (memory 4)) (import "host" "log" (func $log (param i32 i32 i32 i32 i32)))"#
            .to_owned(),
        memory: r#"(export "memory" (memory 0))"#.to_owned(),
        check: format!("{check} i32.const 0x400"),
        items: items.to_owned(),
        ..Guest::default()
    }
}

#[tokio::test]
async fn log_lines_are_stamped_bounded_and_inert() {
    let check = "(local $i i32) (loop (call $log (i32.const 2) (i32.const 0x40) (i32.const 5) (i32.const 0) (i32.const 0))
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 1000))))";
    let guest = logging(check, r#"(data (i32.const 0x40) "a\0a\1b[J")"#);
    let report = link(guest.component()).await.check(&call()).await;
    assert_eq!(report.outcome, Ok(Ok(())));
    assert_eq!(report.log.len(), 257);
    assert_eq!((report.log[0].level, report.log[0].message.as_str()), (Level::Warn, "a\\n\\u{1b}[J"));
    assert_eq!(report.log[0].at.as_ms(), NOW_MS);
    assert!(report.log[256].message.starts_with("744 lines dropped"));
}

#[tokio::test]
async fn a_host_call_copies_no_more_than_it_may() {
    let check = "(call $log (i32.const 0) (i32.const 0x40) (i32.const 5000) (i32.const 0) (i32.const 0))";
    let mut call = call();
    call.limits.host_call_bytes = 1_000;
    call.limits.output_bytes = 1_000;
    let report = link(logging(check, "").component()).await.check(&call).await;
    assert_eq!(report.outcome.unwrap_err().fault, Fault::OutputLimit);
}

#[tokio::test]
async fn a_connector_sees_its_own_profile() {
    let guest = Guest {
        imports: r#"
            (import "lockgate:connector/profile@0.1.0" (instance $profile (export "config" (func (result string)))))
            (core module $memory_module (memory (export "memory") 4)
              (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0x40)))
            (core instance $shared (instantiate $memory_module))
            (core func $config
              (canon lower (func $profile "config") (memory (core memory $shared "memory")) (realloc (core func $shared "realloc"))))
            (core instance $host (export "config" (func $config)) (export "memory" (memory $shared "memory")))"#
            .to_owned(),
        with: r#"(with "host" (instance $host))"#.to_owned(),
        core_imports: r#"(import "host" "memory" (memory 4)) (import "host" "config" (func $config (param i32)))"#
            .to_owned(),
        memory: r#"(export "memory" (memory 0))"#.to_owned(),
        // The result of `config`, pointer and length, is written where the returned text is described.
        run: format!("(call $config (i32.const 0x508)) {RETURN}"),
        items: one_text(0),
        ..Guest::default()
    };
    let call = CallFor { config: Arc::from(r#"{"shop":"x"}"#), ..call() };
    let report = link(guest.component()).await.run(&call, "act", &[input()]).await;
    assert_eq!(report.outcome, Ok(vec![Ok(r#"{"shop":"x"}"#.to_owned())]));
}

#[tokio::test]
async fn a_transform_drops_keeps_or_refuses_each_record() {
    // One `ok(none)`, all zero.
    let body = "(i32.store (i32.const 0x400) (i32.const 0x500)) (i32.store (i32.const 0x404) (i32.const 1)) (i32.const 0x400)";
    let linked = link_as(Kind::Transform, transform(body)).await;
    let report = linked.transform(&call(), ".", &["{}".to_owned()]).await;
    assert_eq!(report.outcome, Ok(vec![Ok(None)]));
    assert_eq!(linked.check(&call()).await.outcome.unwrap_err().fault, Fault::NotOffered);
}

#[tokio::test]
async fn a_connector_is_no_transform() {
    let linked = link(Guest::default().component()).await;
    let failure = linked.transform(&call(), ".", &[]).await.outcome.unwrap_err();
    assert_eq!(failure.fault, Fault::NotOffered);
}
