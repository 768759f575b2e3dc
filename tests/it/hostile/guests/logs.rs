//! Floods of log lines and lines that pretend: bounded, charged to the guest, and never in the host's own fields.

use lockgate::domain::ProfileName;
use lockgate::domain::call::LogLine;
use lockgate::domain::log::{LogEntry, LogEvent};
use lockgate::{Kind, LogFilter};
use serde_json::json;

use super::{ends_as, returns};
use crate::harness::aftermath::{Scene, limits};
use crate::harness::raw::raw;

fn rows(scene: &Scene, profile: &ProfileName) -> Vec<LogEntry> {
    let filter = LogFilter { profile: Some(profile), ..LogFilter::default() };
    scene.mallory.logs(filter, 500).unwrap().items
}

fn lines(scene: &Scene, profile: &ProfileName) -> Vec<LogLine> {
    let line = |row: LogEntry| match row.event {
        LogEvent::Line { line } => Some(line),
        _ => None,
    };
    rows(scene, profile).into_iter().filter_map(line).collect()
}

/// A million host calls may end at the limit of time or all be made; what is kept is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_lines_costs_the_guest_its_time_and_the_host_a_few_rows() {
    let scene = Scene::new().await;
    let profile = scene.install(raw("logs_a_million_lines")).await;
    if let Err(error) = scene.call(&profile).await {
        assert_eq!(error.code, "cpu_limit");
    }
    let lines = lines(&scene, &profile);
    let kept_bytes: usize = lines.iter().map(|line| line.message.len()).sum();
    assert!((1..=limits().log_lines as usize + 1).contains(&lines.len()), "{} lines", lines.len());
    assert!(kept_bytes <= limits().log_bytes + 200, "{kept_bytes} bytes");
    assert_eq!(lines.iter().filter(|line| line.message.contains("lines dropped")).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn standard_output_is_bounded_like_the_log() {
    let scene = Scene::new().await;
    let mut all = Vec::new();
    for action in ["stdout_flood", "stdout_giant"] {
        let hog = match all.first() {
            None => install_hog(&scene).await,
            Some(hog) => ProfileName::clone(hog),
        };
        let (tenant, of) = (scene.mallory.clone(), hog.clone());
        let called = scene.during(async move { tenant.call(&of, action, vec![json!({})], None).await }).await;
        if let Err(error) = called {
            assert_eq!((error.kind, error.code), (Kind::Guest, "cpu_limit"), "{action}");
        }
        all.push(hog);
    }
    let kept = lines(&scene, &all[0]);
    assert!(kept.len() <= 2 * (limits().log_lines as usize + 1), "{} lines", kept.len());
    assert!(kept.iter().all(|line| line.message.len() <= 4_100));
    assert!(kept.iter().any(|line| line.message.contains("lines dropped")));
}

async fn install_hog(scene: &Scene) -> ProfileName {
    scene.mallory.upload(lockgate_tests::guests::HOG.to_vec()).await.unwrap();
    crate::harness::profile(&scene.mallory, "hog", "hog", &scene.echo.url, crate::harness::CANARY, &[])
        .await
        .name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_giant_line_is_more_than_a_host_call_takes() {
    let scene = Scene::new().await;
    ends_as(&scene, "logs_one_giant_line", &["output_limit"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_of_a_guest_stay_its_own() {
    let scene = Scene::new().await;
    assert_eq!(returns(&scene, "logs_fields_of_the_host").await, 1);
    let profile: ProfileName = "logs-fields-of-the-host".parse().unwrap();
    let row = &rows(&scene, &profile)[0];
    assert_eq!(
        (row.connector.name.as_str(), row.profile.as_ref()),
        ("logs-fields-of-the-host", Some(&profile))
    );
    assert_eq!(row.run, None);
    let LogEvent::Line { line } = &row.event else { panic!("another event") };
    assert_eq!(
        line.fields[..2],
        [("tenant".to_owned(), "other".to_owned()), ("run".to_owned(), "other".to_owned())]
    );
    assert_eq!(line.fields.len(), 32, "of a thousand");
    assert!(
        scene.acme.logs(LogFilter::default(), 100).unwrap().items.is_empty(),
        "it reached another tenant"
    );
}
