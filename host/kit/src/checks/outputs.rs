//! Checks of what comes out: results and records against the schemas that the manifest promises.

use std::collections::BTreeSet;

use domain::schema;
use lockgate_testing::{Outcome, Record};

use crate::material::Material;
use crate::report::Verdict;
use crate::testing::case_of;

pub(super) async fn actions(material: &Material<'_>) -> Verdict {
    let name = "actions.output";
    let (mut messages, mut untested, mut judged) = (Vec::new(), Vec::new(), 0);
    for action in &material.manifest().actions {
        let tests: Vec<_> = material.good_action(action).collect();
        if tests.is_empty() {
            untested.push(action.name.as_str());
        }
        for test in tests {
            let Ok(case) = case_of(test) else { continue };
            let Ok(ran) = material.stand.run(case, &format!("the action {}", action.name)).await else {
                continue;
            };
            let Outcome::Results(results) = ran.outcome else { continue };
            for result in results.into_iter().flatten() {
                judged += 1;
                if let Err(problems) = schema::check(&action.output, &result) {
                    messages.push(format!(
                        "in the test {:?}, {} returned what its output schema does not allow: {}; a flow that relies on \
                         the schema would break",
                        test.name,
                        action.name,
                        problems.join("; ")
                    ));
                }
            }
        }
    }
    if judged == 0 && messages.is_empty() {
        let (of, actions) = match untested.as_slice() {
            [] => return Verdict::skipped(name, "the connector has no action, or none succeeds in a test"),
            [one] => ("the action", (*one).to_owned()),
            many => ("one of the actions", many.join(", ")),
        };
        return Verdict::skipped(
            name,
            format!("no test shows a success of {of} {actions}; add one in tests/"),
        );
    }
    Verdict::of(name, messages)
}

pub(super) async fn records(material: &Material<'_>) -> Verdict {
    let name = "triggers.record";
    let (mut messages, mut judged) = (Vec::new(), 0);
    for trigger in &material.manifest().triggers {
        let is_it = |call: &lockgate_testing::file::Call| {
            call.poll.as_ref() == Some(&trigger.name) || call.receive.as_ref() == Some(&trigger.name)
        };
        for test in material.good(is_it) {
            let Ok(case) = case_of(test) else { continue };
            let Ok(ran) = material.stand.run(case, &format!("the trigger {}", trigger.name)).await else {
                continue;
            };
            let (Outcome::Page { records, .. } | Outcome::Records(records)) = ran.outcome else { continue };
            judged += records.len();
            messages.extend(of_records(&test.name, trigger, &records));
        }
    }
    if judged == 0 && messages.is_empty() {
        let triggers = &material.manifest().triggers;
        let Some(first) = triggers.first() else {
            return Verdict::skipped(name, "the connector has no trigger");
        };
        let how = format!(
            "no test brings a record; add one in tests/ with `call: {{poll: {}}}` (or `receive`)",
            first.name
        );
        return Verdict::skipped(name, how);
    }
    Verdict::of(name, messages)
}

fn of_records(test: &str, trigger: &wit::Trigger, records: &[Record]) -> Vec<String> {
    let mut messages = Vec::new();
    for (at, record) in records.iter().enumerate() {
        if record.key.trim().is_empty() {
            messages.push(format!(
                "in the test {test:?}, record {at} of {} has no key; a key identifies a record in its source",
                trigger.name
            ));
        }
        if let Err(problems) = schema::check(&trigger.record, &record.body) {
            messages.push(format!(
                "in the test {test:?}, record {at} of {} breaks its schema: {}",
                trigger.name,
                problems.join("; ")
            ));
        }
    }
    let keys: BTreeSet<&str> = records.iter().map(|record| record.key.as_str()).collect();
    if keys.len() < records.len() {
        messages.push(format!(
            "in the test {test:?}, {} brought {} records under {} keys; a host takes the second of a key for the first",
            trigger.name,
            records.len(),
            keys.len()
        ));
    }
    messages
}
