//! A trap, a time-out, an out-of-memory: each ends in a row that says who is to blame, and harms nobody else.

use lockgate::domain::Blame;
use lockgate::domain::log::LogEvent;
use lockgate::{Kind, LogFilter};
use serde_json::json;

use crate::harness::{self, Probed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_misbehaviour_is_told_apart_and_the_host_goes_on() {
    let probed = Probed::new().await;
    for (name, guest) in [("spin", lockgate_tests::guests::SPIN), ("hog", lockgate_tests::guests::HOG)] {
        probed.tenant.upload(guest.to_vec()).await.unwrap();
        harness::profile(&probed.tenant, name, name, &probed.echo.url, harness::CANARY, &[]).await;
    }
    let cases = [
        ("spin", "spin", "cpu_limit"),
        ("hog", "memory_slowly", "memory_limit"),
        ("hog", "recurse", "stack_limit"),
        ("hog", "panic", "trap"),
    ];
    for (profile, action, code) in cases {
        let name = profile.parse().unwrap();
        let failed = probed.tenant.call(&name, action, vec![json!({})], None).await.unwrap_err();
        assert_eq!((failed.kind, failed.code, failed.blame), (Kind::Guest, code, Blame::Guest), "{failed}");
        let rows = probed
            .tenant
            .logs(LogFilter { profile: Some(&name), ..LogFilter::default() }, 100)
            .unwrap()
            .items;
        let row =
            rows.iter().find(|row| matches!(&row.event, LogEvent::Failed { code: kept, .. } if kept == code));
        assert!(row.is_some(), "{action} left no row: {rows:?}");
        assert_eq!(
            probed.ask("echo", json!({ "a": 1 })).await["a"],
            1,
            "the host is not well after {action}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_spins_does_not_hold_up_another() {
    let probed = Probed::new().await;
    probed.tenant.upload(lockgate_tests::guests::SPIN.to_vec()).await.unwrap();
    harness::profile(&probed.tenant, "spin", "spin", &probed.echo.url, harness::CANARY, &[]).await;
    let spinners: Vec<_> = (0..4)
        .map(|_| {
            let tenant = probed.tenant.clone();
            tokio::spawn(
                async move { tenant.call(&"spin".parse().unwrap(), "spin", vec![json!({})], None).await },
            )
        })
        .collect();
    for n in 0..20 {
        assert_eq!(probed.ask("echo", json!({ "n": n })).await["n"], n);
    }
    assert!(spinners.iter().any(|spinner| !spinner.is_finished()), "the guests were not spinning at all");
    for spinner in spinners {
        assert_eq!(spinner.await.unwrap().unwrap_err().code, "cpu_limit");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_log_lines_is_cut_and_says_so() {
    let probed = Probed::new().await;
    probed.tenant.upload(lockgate_tests::guests::HOG.to_vec()).await.unwrap();
    harness::profile(&probed.tenant, "hog", "hog", &probed.echo.url, harness::CANARY, &[]).await;
    let name = "hog".parse().unwrap();
    probed.tenant.call(&name, "log_flood", vec![json!({})], None).await.unwrap();
    let rows =
        probed.tenant.logs(LogFilter { profile: Some(&name), ..LogFilter::default() }, 500).unwrap().items;
    assert!((100..=300).contains(&rows.len()), "{} rows", rows.len());
    let said = rows
        .iter()
        .any(|row| matches!(&row.event, LogEvent::Line { line } if line.message.contains("dropped")));
    assert!(said, "nothing says that lines were dropped");
}
