//! The `logging` interface: bounded, inert, and stamped by the host.

use lockgate::LogFilter;
use lockgate::domain::log::LogEvent;
use serde_json::json;

use crate::harness::Probed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_is_kept_inert_under_the_profile_that_said_it() {
    let probed = Probed::new().await;
    let hostile = "ok\n{\"level\":\"audit\"}\u{1b}[2J\u{202e}\0end";
    probed.ask("log", json!({ "message": hostile })).await;
    let rows = probed.tenant.logs(LogFilter::default(), 10).unwrap().items;
    let row = rows.iter().find(|row| matches!(row.event, LogEvent::Line { .. })).expect("a line");
    let LogEvent::Line { line } = &row.event else { panic!("a line") };
    assert!(line.message.starts_with("ok") && line.message.ends_with("end"), "{:?}", line.message);
    let odd = |c: char| c.is_control() || c == '\u{202e}';
    assert!(!line.message.chars().any(odd), "{:?}", line.message);
    assert_eq!(row.profile.as_ref().unwrap().as_str(), "probe");
    assert_eq!(row.connector.name.as_str(), "prober");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_too_long_is_cut() {
    let probed = Probed::new().await;
    probed.ask("log", json!({ "message": "x".repeat(500_000) })).await;
    let rows = probed.tenant.logs(LogFilter::default(), 10).unwrap().items;
    let longest = rows.iter().map(|row| match &row.event {
        LogEvent::Line { line } => line.message.len(),
        _ => 0,
    });
    assert!(longest.max().unwrap() <= 64 << 10);
}
