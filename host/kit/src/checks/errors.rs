//! Checks of errors: for each way in which a vendor refuses or fails, the class that a connector returns.
//!
//! What is right is the host's own reading of the answer, by the manifest's rules first: a connector may narrow it and
//! never widen it.

use domain::retry::Class;
use lockgate_testing::{Exchange, Failed, Fault, Outcome, Reply, Vendor};
use serde_json::Value;
use wit::Effect;

use crate::material::{Material, Target, always, told};
use crate::report::Verdict;
use crate::stand::Ran;

/// What the vendor asks for with its 429.
const RETRY_AFTER_S: u64 = 7;

/// One way in which a vendor refuses or fails.
#[derive(Clone, Debug)]
struct Way {
    status: u16,
    fault: Option<Fault>,
    /// For messages.
    seen: String,
}

fn ways(name: &str) -> Vec<Way> {
    let status = |status: u16| Way { status, fault: None, seen: format!("the vendor answered {status}") };
    let fails = |fault: Fault, seen: &str| Way { status: 200, fault: Some(fault), seen: seen.to_owned() };
    match name {
        "errors.429" => vec![fails(
            Fault::RateLimited { retry_after_s: RETRY_AFTER_S },
            &format!("the vendor answered 429 with `Retry-After: {RETRY_AFTER_S}`"),
        )],
        "errors.5xx" => vec![status(500), status(503)],
        "errors.timeout" => vec![fails(Fault::SlowHead, "the vendor did not answer in time")],
        "errors.broken_json" => {
            vec![fails(Fault::BrokenJson, "the vendor answered 200 with half of a JSON text")]
        }
        other => {
            other.strip_prefix("errors.").and_then(|code| code.parse().ok()).map(status).into_iter().collect()
        }
    }
}

pub(super) async fn judge(material: &Material<'_>, name: &'static str) -> Verdict {
    let (mut messages, mut judged, mut quiet) = (Vec::new(), 0, Vec::new());
    for way in ways(name) {
        for target in material.targets() {
            let vendor = always(way.status, way.fault.clone());
            match material.run(&target, vendor).await {
                Err(unready) => quiet.push(format!("{}: {unready}", target.what)),
                Ok(ran) if ran.exchanges.is_empty() => quiet.push(format!("{} sends nothing", target.what)),
                Ok(ran) => {
                    judged += 1;
                    if ignores_the_body(material, &target, &way, &ran).await {
                        continue;
                    }
                    messages.extend(wrong(material, &target, &way, &ran, "every request"));
                }
            }
            for (at, exchange) in target.exchanges.iter().enumerate().skip(1) {
                let vendor = failing_at(&target.exchanges, at, &way);
                let Ok(ran) = material.run(&target, vendor).await else { continue };
                // It is judged where the error came from the request that failed, and not from what the test lacks.
                let met =
                    ran.vendor.used().contains(&(at + 1)) && way.fault.as_ref() != Some(&Fault::BrokenJson);
                if met && ran.exchanges.last().is_some_and(|row| row.class.is_some()) {
                    messages.extend(wrong(material, &target, &way, &ran, &exchange.request.line()));
                }
            }
        }
    }
    if judged == 0 {
        let why = quiet.first().cloned().unwrap_or_else(|| "the connector sends nothing".to_owned());
        let how = "add a test with a `profile` and an input with which it sends a request";
        return Verdict::skipped(name, format!("{why}; {how}"));
    }
    messages.dedup();
    Verdict::of(name, messages)
}

/// The same exchanges, one of which fails.
fn failing_at(exchanges: &[Exchange], at: usize, way: &Way) -> Vendor {
    let exchanges = exchanges.iter().enumerate().map(|(number, exchange)| {
        if number != at {
            return exchange.clone();
        }
        let reply = Reply { status: way.status, ..Reply::default() };
        Exchange { reply, fault: way.fault.clone(), ..exchange.clone() }
    });
    Vendor::new(exchanges.collect())
}

/// Whether the body of a good answer makes no difference to it: then a broken one need not either.
async fn ignores_the_body(material: &Material<'_>, target: &Target, way: &Way, ran: &Ran) -> bool {
    if way.fault != Some(Fault::BrokenJson) || failure(&ran.outcome).is_some() || target.is_poll {
        return false;
    }
    // A text that is handed on as it came is none that could be broken.
    if matches!(&ran.outcome, Outcome::Results(results) if matches!(results.first(), Some(Ok(Value::String(_)))))
    {
        return true;
    }
    let whole = material.run(target, always(200, None)).await;
    whole.is_ok_and(|whole| whole.outcome == ran.outcome)
}

fn failure(outcome: &Outcome) -> Option<&Failed> {
    match outcome {
        Outcome::Failed(failed) => Some(failed),
        Outcome::Results(results) => results.first().and_then(|result| result.as_ref().err()),
        _ => None,
    }
}

/// What is wrong with the outcome, if anything.
fn wrong(material: &Material<'_>, target: &Target, way: &Way, ran: &Ran, at: &str) -> Option<String> {
    let Target { what, .. } = target;
    let Way { seen, .. } = way;
    if let Outcome::Ended(ended) = &ran.outcome {
        return Some(format!("{what}: {seen} to {at}, and {ended}; return an error"));
    }
    let row = ran.exchanges.iter().rev().find(|row| row.class.is_some()).or(ran.exchanges.last())?;
    let right = Right::of(row.class, row.status(), only_reads(material, target));
    let Some(failed) = failure(&ran.outcome) else {
        return (!right.or_good).then(|| {
            format!("{what}: {seen} to {at}, and {}; return the error {}", told(&ran.outcome), right.said())
        });
    };
    if !right.classes.contains(&failed.class.as_str()) {
        // A request that a gate refused is another check's.
        if failed.class == "denied" {
            return None;
        }
        return Some(format!("{what}: {seen} to {at}, and {failed} came; return the error {}", right.said()));
    }
    let asked_ms = row.asked_ms.filter(|_| failed.class == "rate_limited")?;
    let passed_on = failed.wait_ms.is_some_and(|wait_ms| wait_ms >= asked_ms);
    (!passed_on).then(|| {
        let told = failed.wait_ms.map_or_else(|| "no time".to_owned(), |ms| format!("{ms} ms"));
        format!("{what}: {seen} to {at}, and the error asks to wait {told}; pass on the {asked_ms} ms that the host read")
    })
}

/// Whether the call changes nothing at the remote, as far as its manifest says.
fn only_reads(material: &Material<'_>, target: &Target) -> bool {
    let Some(name) = &target.call.action else { return true };
    material.manifest().actions.iter().any(|action| action.name == *name && action.effect == Effect::Read)
}

/// The classes that are right.
struct Right {
    classes: &'static [&'static str],
    /// Whether a result is as right.
    or_good: bool,
}

impl Right {
    fn of(class: Option<Class>, status: Option<u16>, only_reads: bool) -> Self {
        let (classes, or_good): (&'static [&'static str], bool) = match class {
            Some(Class::Auth) => (&["auth_required"], false),
            Some(Class::RateLimited) => (&["rate_limited"], false),
            // What is there already may be as good as a success: the connector knows.
            Some(Class::Conflict) => (&["conflict"], true),
            // What is gone may be an answer as well.
            Some(Class::Data) if matches!(status, Some(404 | 410)) => (&["not_found"], true),
            Some(Class::Data) => (&["invalid", "permanent"], false),
            // Some systems say so of a credential.
            Some(Class::Permanent) => (&["permanent", "auth_required", "invalid"], false),
            Some(Class::TransientSafe | Class::Transient) => (&["transient"], false),
            // Some systems take a question as a POST: to ask it again does no harm.
            Some(Class::Ambiguous) if only_reads => (&["transient", "ambiguous"], false),
            Some(Class::Ambiguous) => (&["ambiguous"], false),
            Some(Class::Done) => (&[], true),
            Some(Class::ConnectorFault) | None => (&["permanent", "transient", "ambiguous"], false),
        };
        Self { classes, or_good }
    }

    fn said(&self) -> String {
        self.classes.join(" or ").replace('_', "-")
    }
}
