//! Checks over every call that was made: where its requests went, what it told, and what it used.

use std::collections::BTreeSet;

use domain::Gate;
use domain::exchange::ExchangeOutcome;
use lockgate_testing::{Answer, Fault, Vendor, file};
use serde_json::{Value, json};

use crate::material::{Material, always, echoing};
use crate::profile::CANARY;
use crate::report::Verdict;

/// Just below what a host reads of one answer.
const HUGE_ANSWER_BYTES: usize = 7 << 20;

/// Sees to it that there are calls to look at, also where this is the only check.
async fn called(material: &Material<'_>) {
    if !material.stand.seen().is_empty() {
        return;
    }
    for target in material.targets() {
        let exchanges = crate::material::unlimited(&target.exchanges);
        let vendor = Vendor::new(exchanges).otherwise(Answer::json(404, &json!({})), None);
        // What cannot be called shows nothing.
        let _ = material.run(&target, vendor).await;
    }
}

pub(super) async fn declared(material: &Material<'_>) -> Verdict {
    called(material).await;
    let seen = material.stand.seen();
    let mut told = BTreeSet::new();
    for seen in seen.iter().filter(|seen| !seen.on_purpose) {
        for row in &seen.exchanges {
            if let ExchangeOutcome::Denied { denial } = &row.outcome
                && !matches!(
                    denial.gate,
                    Gate::Budget
                        | Gate::Capability
                        | Gate::Credential
                        | Gate::Address
                        | Gate::Headers
                        | Gate::Normalise
                )
            {
                let line = lockgate_testing::compare::shown(&json!(row.request_line()));
                told.insert(format!("{} tried {line}: {denial}", seen.what));
            }
        }
    }
    if seen.iter().all(|seen| seen.exchanges.is_empty()) {
        return Verdict::skipped("scopes.declared", "no call sent a request; add a test that does");
    }
    Verdict::of("scopes.declared", told.into_iter().collect())
}

pub(super) async fn least(material: &Material<'_>) -> Verdict {
    called(material).await;
    let seen = material.stand.seen();
    let mut told = BTreeSet::new();
    let mut judged = false;
    for seen in &seen {
        let Some(declared) = &seen.declared else { continue };
        for scope in seen.exchanges.iter().filter_map(|row| row.scope.as_ref()) {
            judged = true;
            if !declared.contains(scope) {
                told.insert(format!(
                    "{} used the scope {scope:?}, which it does not name in its `scopes`; a profile that was granted only \
                     what it names would refuse it",
                    seen.what
                ));
            }
        }
    }
    if !judged {
        return Verdict::skipped("scopes.least", "no action or trigger sent a request; add a test that does");
    }
    Verdict::of("scopes.least", told.into_iter().collect())
}

pub(super) async fn secrets(material: &Material<'_>) -> Verdict {
    let mut targets = material.targets();
    for target in &mut targets {
        mark(&material.manifest().config, &mut target.profile);
        // Without a credential there is nothing that a vendor could echo.
        if !material.manifest().auth.is_empty() {
            let _ = material.run(target, echoing()).await;
        }
        let exchanges = crate::material::unlimited(&target.exchanges);
        let vendor = Vendor::new(exchanges).otherwise(Answer::json(404, &json!({})), None);
        let _ = material.run(target, vendor).await;
    }
    let seen = material.stand.seen();
    if seen.is_empty() {
        return Verdict::skipped("secrets.hidden", "nothing could be called; add a test with a `profile`");
    }
    let told: BTreeSet<String> = seen
        .iter()
        .filter(|seen| seen.told.contains(CANARY))
        .map(|seen| {
            format!(
                "a secret stands in a log line, a result, an error or a request of {}: keep settings that are secret out of \
                 them, and have what is sent declared in `auth` or `secrets`, so that the host adds it",
                seen.what
            )
        })
        .collect();
    Verdict::of("secrets.hidden", told.into_iter().collect())
}

/// Puts a canary into every setting that its schema calls a secret.
fn mark(schema: &Value, profile: &mut file::Profile) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let says = |key: &str, value: Value| property.get(key) == Some(&value);
        let is_secret = says("writeOnly", json!(true)) || says("format", json!("password"));
        if is_secret && says("type", json!("string")) {
            profile.config.insert(name.clone(), json!(CANARY));
        }
    }
}

pub(super) async fn limits(material: &Material<'_>) -> Verdict {
    called(material).await;
    for target in material.targets() {
        let _ = material.run(&target, always(200, Some(Fault::HugeBody { bytes: HUGE_ANSWER_BYTES }))).await;
    }
    let seen = material.stand.seen();
    if seen.is_empty() {
        return Verdict::skipped("limits.kept", "nothing could be called; add a test with a `profile`");
    }
    let over = seen.iter().filter(|seen| !seen.on_purpose).filter_map(|seen| {
        let ended = seen.ended.as_ref().filter(|ended| ended.fault.ends_with("_limit"))?;
        let mib = seen.memory_bytes >> 20;
        Some(format!(
            "{}: {ended}; it used {mib} MiB of memory; work on smaller pieces, and read no more than is needed",
            seen.what
        ))
    });
    let told: BTreeSet<String> = over.collect();
    Verdict::of("limits.kept", told.into_iter().collect())
}
