//! Expressions that take too much: time, memory, depth. Each ends at a limit, and costs nobody else anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use lockgate::domain::Blame;
use lockgate::domain::flow::{DeliveryPolicy, Destination, Source};
use lockgate::{Kind, NewFlow};
use vendors::Faults;

use super::*;
use crate::harness::Town;

/// Limits that are hit within a blink, and still leave room for an honest program.
fn tight() -> Limits {
    Limits { cpu_ms: 100, memory_bytes: 32 << 20, ..Limits::default() }
}

/// Every program ends at one of these limits, soon; the next call works as if nothing had been.
async fn all_end(programs: &[String], limits: &[&str]) {
    let jq = Jq::with(tight()).await;
    for program in programs {
        let shown: String = program.chars().take(60).collect();
        let began = Instant::now();
        let outcome = jq.map(program, r#"{"a":1}"#).await;
        let took = began.elapsed();
        let code = outcome.err().unwrap_or("none");
        assert!(limits.contains(&code), "{shown} ended with {code}");
        // Ten times the limit, for a machine that does other things.
        assert!(took < Duration::from_secs(1), "{shown} took {took:?}");
    }
    assert_eq!(jq.gives(".a + 1", r#"{"a":1}"#).await, "2");
}

fn owned(programs: &[&str]) -> Vec<String> {
    programs.iter().map(|&program| program.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_ends_ends_at_a_limit() {
    let programs = owned(&[
        "def f: f; f",
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f(g): f(g | g); f(.)",
        "last(repeat(1))",
        "last(range(1e18))",
        "[range(1e18)]",
        "[limit(1e9; repeat(1))]",
        "until(false; .)",
        "[while(true; .)]",
        "[recurse(.)]",
        "reduce repeat(1) as $x (0; . + 1)",
        "first(repeat(1) | select(false))",
        "label $out | repeat(1) | select(. == 2)",
    ]);
    all_end(&programs, &["cpu_limit", "stack_limit", "memory_limit"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_grows_without_bound_ends_at_the_memory_or_the_output_limit() {
    let programs = owned(&[
        r#"reduce range(60) as $n ("x"; . + .)"#,
        "reduce range(60) as $n ([1]; . + .)",
        r#""a" * 9000000"#,
        "[range(3000000)]",
        "getpath([range(1e9)])",
        "[range(100000)] | tojson | . * 10000",
        // Forty levels that share one value, written out as 2^40 values.
        "reduce range(40) as $n ([1]; [., .]) | tojson | length",
        "reduce range(40) as $n ([1]; [., .]) | flatten",
        r#"("a" * 1000000) | gsub("a"; "bbbbbbbbbbbb") | length"#,
    ]);
    all_end(&programs, &["memory_limit", "cpu_limit", "output_limit", "trap"]).await;
    let jq = Jq::with(Limits { output_bytes: 1_000, ..tight() }).await;
    assert_eq!(jq.map(r#""a" * 2000"#, "1").await.err(), Some("output_limit"));
    assert_eq!(jq.gives(r#""a" * 3"#, "1").await, r#""aaa""#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_nests_too_deeply_overflows_the_guests_stack_and_nothing_else() {
    let nested =
        |open: &str, close: &str, levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    let programs = [
        nested("(", ")", 30_000),
        nested("[", "]", 30_000),
        nested("{a:", "}", 16_000),
        nested("-", "", 60_000),
        nested("\"\\(", ")\"", 13_000),
        nested("try ", "", 16_000),
        nested("if . then ", " end", 4_000),
        nested("1 as $x|", "", 8_000),
        nested("", "|1", 30_000),
        nested("", "+1", 30_000),
        nested("", "//1", 20_000),
        ".a".repeat(30_000),
        "reduce range(100000) as $n (1; [.]) | tojson".to_owned(),
        "reduce range(100000) as $n (1; [.]) | . == .".to_owned(),
        r#""[" * 100000 | fromjson"#.to_owned(),
    ];
    // A slow machine may be out of time before it is out of stack.
    all_end(&programs, &["stack_limit", "cpu_limit"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_whose_program_is_too_deep_or_too_long_is_refused_when_it_is_made() {
    let town = Town::new(Faults::none(), Faults::none()).await;
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    let deep = "(".repeat(30_000) + "1" + &")".repeat(30_000);
    for (program, code) in [(long, "invalid_flow"), (deep, "invalid_mapping")] {
        let new = NewFlow {
            name: "bad".parse().unwrap(),
            source: Source { profile: "crm".parse().unwrap(), trigger: "contacts".to_owned() },
            mapping: Some(Mapping { jq: program }),
            destination: Destination {
                profile: "stripe".parse().unwrap(),
                action: "create_customer".to_owned(),
            },
            schedule: None,
            delivery: DeliveryPolicy::default(),
        };
        let refused = town.tenant.create_flow(new).await.unwrap_err();
        assert_eq!((refused.kind, refused.code, refused.blame), (Kind::Invalid, code, Blame::Operator));
        assert!(refused.message.len() < 300, "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patterns_match_in_linear_time_and_are_small_or_refused() {
    let jq = Jq::new().await;
    let began = Instant::now();
    for (program, outcome) in [
        (r#"("a" * 30 + "!") | test("(a+)+$")"#, "false"),
        (r#"("x" * 100000) | test("(x+x+)+y")"#, "false"),
        (r#"("a" * 5000) | [match("(a*)*b")]"#, "[]"),
        (r#"("a" * 5000) | test("(a|aa)+$")"#, "true"),
        (r#"("a" * 5000 + "b") | test("^(a|a?)+$")"#, "false"),
    ] {
        assert_eq!(jq.gives(program, "1").await, outcome, "{program}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "patterns took {:?}", began.elapsed());
    for pattern in [
        r#""(a{1000}){1000}""#,
        r#""((a{100}){100}){100}""#,
        r#""a{99999999999}""#,
        r#""(?=a)a""#,
        r#"("(" * 20000) + (")" * 20000)"#,
        r#""[" * 60000"#,
    ] {
        let message = jq.refuses(&format!("\"a\" | test({pattern})"), "1").await;
        assert!(message.contains("invalid regex"), "{pattern}: {message}");
    }
}

/// One thread for everything: if the guest held it, nothing else would move.
#[tokio::test(flavor = "current_thread")]
async fn others_go_on_while_an_expression_spins() {
    let jq = Jq::with(Limits { cpu_ms: 400, ..tight() }).await;
    let beats = Arc::new(AtomicU32::new(0));
    let beating = beats.clone();
    let heart = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            beating.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert_eq!(jq.map("def f: f; f", "1").await, Err("cpu_limit"));
    heart.abort();
    let beats = beats.load(Ordering::SeqCst);
    assert!(beats >= 3, "{beats} beats while an expression span for 400 ms");
}
