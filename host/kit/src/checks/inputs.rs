//! Checks of inputs that nobody thought of: strange, empty and huge ones.

use domain::schema::sample::Kind;
use lockgate_testing::Outcome;

use crate::material::{Material, Target, always, call_action, told};
use crate::report::Verdict;

pub(super) async fn unicode(material: &Material<'_>) -> Verdict {
    taken(material, "inputs.unicode", Kind::Unicode).await
}

pub(super) async fn empty(material: &Material<'_>) -> Verdict {
    taken(material, "inputs.empty", Kind::Empty).await
}

pub(super) async fn huge(material: &Material<'_>) -> Verdict {
    taken(material, "inputs.huge", Kind::Huge).await
}

/// An input that the schema allows may come to an error; it never ends the call, which would take its batch along.
async fn taken(material: &Material<'_>, name: &'static str, kind: Kind) -> Verdict {
    let (mut messages, mut judged, mut why) = (Vec::new(), 0, None);
    for action in &material.manifest().actions {
        let Some(input) = material.made(action, kind) else {
            why = Some(format!("no such input could be made that the schema of {} allows", action.name));
            continue;
        };
        for status in [404, 200] {
            let target = Target {
                what: format!("the action {}", action.name),
                profile: material.profile(),
                call: call_action(&action.name, vec![input.clone()]),
                exchanges: Vec::new(),
                is_poll: false,
            };
            match material.run(&target, always(status, None)).await {
                Err(unready) => why = Some(unready.to_string()),
                Ok(ran) => {
                    judged += 1;
                    if let Outcome::Ended(_) = &ran.outcome {
                        let shown = lockgate_testing::compare::shown(&input);
                        messages.push(format!(
                            "the action {} was given {shown}, which its schema allows, and {}; return an error for an input \
                             that cannot be used, or narrow the schema",
                            action.name,
                            told(&ran.outcome)
                        ));
                        break;
                    }
                }
            }
        }
    }
    if judged == 0 {
        let why = why.unwrap_or_else(|| "the connector has no action".to_owned());
        return Verdict::skipped(name, format!("{why}; a test with a `profile` shows how it is called"));
    }
    Verdict::of(name, messages)
}
