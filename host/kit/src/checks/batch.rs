//! Checks of batches: one result per input, in order, and none that depends on another.

use lockgate_testing::{Outcome, Vendor};
use serde_json::Value;

use crate::material::{Material, Target, always, call_action, told, unlimited};
use crate::report::Verdict;

pub(super) async fn results(material: &Material<'_>) -> Verdict {
    let name = "batch.results";
    let (mut messages, mut single, mut judged) = (Vec::new(), Vec::new(), 0);
    for action in &material.manifest().actions {
        // Whatever the inputs come to, there is a result for each.
        if let Some(input) = material.input(action) {
            let call = call_action(&action.name, vec![input; 3]);
            let what = format!("the action {}", action.name);
            let target =
                Target { what, profile: material.profile(), call, exchanges: Vec::new(), is_poll: false };
            if let Ok(ran) = material.run(&target, always(404, None)).await
                && let Outcome::Ended(ended) = &ran.outcome
                && ended.fault == "broken_contract"
            {
                messages.push(format!(
                    "{} was given 3 inputs: {ended}; return exactly one result per input, an error for one that failed",
                    action.name
                ));
                continue;
            }
        }
        let tests: Vec<_> =
            material.good_action(action).filter(|test| test.call.all_inputs().len() == 1).collect();
        let pair = tests.iter().find_map(|one| {
            let other = tests.iter().find(|other| {
                other.call.all_inputs() != one.call.all_inputs() && other.profile == one.profile
            })?;
            Some((*one, *other))
        });
        let Some((one, other)) = pair else {
            single.push(action.name.as_str());
            continue;
        };
        let target = |inputs: Vec<Value>| Target {
            what: format!("the action {}", action.name),
            profile: one.profile.clone(),
            call: call_action(&action.name, inputs),
            exchanges: Vec::new(),
            is_poll: false,
        };
        let (first, second) = (one.call.all_inputs(), other.call.all_inputs());
        let mut both = unlimited(&one.exchanges);
        both.extend(unlimited(&other.exchanges));
        let vendor = || Vendor::new(both.clone());
        let (Some(alone_first), Some(alone_second)) = (
            result_of(material, &target(first.clone()), vendor()).await,
            result_of(material, &target(second.clone()), vendor()).await,
        ) else {
            continue;
        };
        if alone_first == alone_second {
            continue;
        }
        let together = target([second, first].concat());
        let Ok(ran) = material.run(&together, vendor()).await else { continue };
        judged += 1;
        let expected = [alone_second, alone_first];
        match &ran.outcome {
            Outcome::Results(results) if results.iter().map(|result| result.as_ref().ok()).eq(expected.iter().map(Some)) => {}
            Outcome::Results(_) => messages.push(format!(
                "{} was given the inputs of the tests {:?} and {:?} together, and did not return their results in the \
                 order of the inputs; give each result the place of its input",
                action.name, other.name, one.name
            )),
            outcome => messages.push(format!("{} was given two inputs: {}", action.name, told(outcome))),
        }
    }
    if judged == 0 && messages.is_empty() {
        return match single.first() {
            None => Verdict::skipped(name, "the connector has no action whose results differ"),
            Some(action) => Verdict::skipped(
                name,
                format!(
                    "the order cannot be told; add a second test of {action} that succeeds, with another input"
                ),
            ),
        };
    }
    Verdict::of(name, messages)
}

pub(super) async fn independent(material: &Material<'_>) -> Verdict {
    let name = "batch.independent";
    let (mut messages, mut judged) = (Vec::new(), 0);
    for action in &material.manifest().actions {
        let Some(test) = material.good_action(action).find(|test| test.call.all_inputs().len() == 1) else {
            continue;
        };
        let target = Target {
            what: format!("the action {}", action.name),
            profile: test.profile.clone(),
            call: test.call.clone(),
            exchanges: Vec::new(),
            is_poll: false,
        };
        let vendor = || Vendor::new(unlimited(&test.exchanges));
        let inputs = test.call.all_inputs();
        let alone = result_of(material, &target, vendor()).await;
        let again = result_of(material, &target, vendor()).await;
        let (Some(alone), Some(again)) = (alone, again) else { continue };
        judged += 1;
        if alone != again {
            messages.push(format!(
                "{} returned something else when it was called again with the same input, the same clock and the same \
                 answers: {} and then {}",
                action.name,
                lockgate_testing::compare::shown(&alone),
                lockgate_testing::compare::shown(&again)
            ));
            continue;
        }
        let Ok(ran) = material.run(&target.on([inputs.clone(), inputs].concat()), vendor()).await else {
            continue;
        };
        // A key of its own makes the second input another request than the test expects.
        if !ran.problems.is_empty() {
            continue;
        }
        if let Outcome::Results(results) = &ran.outcome
            && let Some((at, other)) =
                results.iter().enumerate().find(|(_, result)| result.as_ref().ok() != Some(&alone))
        {
            let shown = match other {
                Ok(value) => lockgate_testing::compare::shown(value),
                Err(failed) => failed.to_string(),
            };
            messages.push(format!(
                "{} was given the same input twice in one batch and returned {} alone, {shown} as result {at}; keep \
                 nothing from one input to the next",
                action.name,
                lockgate_testing::compare::shown(&alone)
            ));
        }
    }
    if judged == 0 && messages.is_empty() {
        return Verdict::skipped(
            name,
            "no test shows a success of an action with one input; add one in tests/",
        );
    }
    Verdict::of(name, messages)
}

async fn result_of(material: &Material<'_>, target: &Target, vendor: Vendor) -> Option<Value> {
    match material.run(target, vendor).await.ok()?.outcome {
        Outcome::Results(results) => results.into_iter().next()?.ok(),
        _ => None,
    }
}
