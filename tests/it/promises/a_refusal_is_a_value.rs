//! A denial names gate, reason and remedy, does not trap the guest, and leaves a row.

use lockgate::LogFilter;
use lockgate::domain::exchange::ExchangeOutcome;
use lockgate::domain::log::LogEvent;
use serde_json::json;

use crate::harness::Probed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guest_goes_on_after_a_denial_and_the_operator_finds_it_in_the_log() {
    let probed = Probed::new().await;
    let url = &probed.echo.url;
    let requests = json!({ "requests": [
        { "method": "GET", "url": format!("{url}/things/1") },
        { "method": "POST", "url": format!("{url}/things") },
        { "method": "GET", "url": format!("{url}/things/2") },
    ] });
    let seen = probed.ask("fetch_all", requests).await;
    assert_eq!(seen[0]["status"], 200, "{seen}");
    assert_eq!(seen[1]["denied"]["gate"], "scope", "{seen}");
    assert_eq!(seen[2]["status"], 200, "{seen}");
    let remedy = seen[1]["denied"]["remedy"].as_str().unwrap();
    assert!(remedy.contains("things:write"), "the remedy does not name the scope: {remedy}");

    let rows = probed.tenant.logs(LogFilter::default(), 100).unwrap().items;
    let denied = rows.iter().filter(|row| {
        let LogEvent::Exchange { exchange } = &row.event else { return false };
        matches!(&exchange.outcome, ExchangeOutcome::Denied { denial } if denial.remedy == remedy)
    });
    assert_eq!(denied.count(), 1, "{rows:?}");
}
