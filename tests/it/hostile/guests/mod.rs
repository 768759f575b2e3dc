//! What the code of a guest tries against the host and against other tenants: a fixture for each way to misbehave.

mod breaking;
mod cancelled;
mod growth;
mod handles;
mod logs;
mod loops;
mod retries;
mod smuggling;
mod standard_http;
mod uploads;
mod values;
mod waiting;

use lockgate::domain::Blame;
use lockgate::{Error, Kind};
use serde_json::Value;

use crate::harness::aftermath::Scene;
use crate::harness::raw::raw;

/// Calls a fixture and looks around afterwards: the call ends with this code, which is in the log once and once in
/// the audit trail, and says nothing of what was in memory.
async fn ends_as(scene: &Scene, name: &str, codes: &[&str]) {
    let profile = scene.install(raw(name)).await;
    let error = match scene.call(&profile).await {
        Err(error) => error,
        Ok(value) => panic!("{name} returned {value}"),
    };
    is_the_guests_own(name, &error, codes);
    assert_eq!(scene.failures(&profile), [error.code], "{name}: the rows of the log");
    let audited = scene.audited("action.called", &format!("{profile}/act"));
    assert_eq!(audited, [error.code], "{name}: the entries of the trail");
}

/// Calls a fixture that gets away with it, and gives what it returned.
async fn returns(scene: &Scene, name: &str) -> Value {
    let profile = scene.install(raw(name)).await;
    let value = scene.call(&profile).await;
    assert!(scene.failures(&profile).is_empty(), "{name}: {value:?}");
    assert_eq!(scene.audited("action.called", &format!("{profile}/act")), ["completed"], "{name}");
    value.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn is_the_guests_own(name: &str, error: &Error, codes: &[&str]) {
    assert!(codes.contains(&error.code), "{name} ended as {}: {error}", error.code);
    assert_eq!((error.kind, error.blame), (Kind::Guest, Blame::Guest), "{name}: {error}");
    let text = error.to_string();
    assert!(!text.contains("0x") && text.len() < 200 && text.is_ascii(), "{name} says too much: {text}");
}
