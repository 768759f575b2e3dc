//! The conformance kit: what every connector has to do, whatever it is for.

mod batch;
mod describe;
mod errors;
mod inputs;
mod outputs;
mod paging;
mod reach;

use lockgate_testing::file::Test;

use crate::material::Material;
use crate::report::Verdict;
use crate::stand::Stand;

/// A check: its stable name, and what it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable: programs may decide by it.
    pub name: &'static str,
    /// In one sentence.
    pub asks: &'static str,
}

const fn check(name: &'static str, asks: &'static str) -> Check {
    Check { name, asks }
}

/// Every check, in the order in which they run: what is judged over all calls comes last.
pub const CHECKS: &[Check] = &[
    check("describe.deterministic", "two descriptions of the same component are the same"),
    check("describe.schemas", "every schema of the manifest can be met by a value"),
    check("describe.examples", "every example is valid against the schemas of its action"),
    check("actions.output", "every action returns what its output schema says"),
    check("triggers.record", "every trigger brings records that its schema allows, under keys of their own"),
    check("batch.results", "a batch has one result per input, in order"),
    check("batch.independent", "no result depends on another input or on an earlier call"),
    check("poll.ends", "reading page after page comes to an end"),
    check("poll.complete", "no record is left out or brought twice on the way through the pages"),
    check("poll.resumes", "reading goes on from every cursor with what lies behind it"),
    check("errors.400", "a refused request is an error that is not tried again"),
    check("errors.401", "a refused credential is the error auth-required"),
    check("errors.403", "a forbidden request is an error that is not tried again"),
    check("errors.404", "what is not there is the error not-found"),
    check("errors.409", "a conflict is the error conflict"),
    check("errors.429", "a limit is the error rate-limited, with the time that the remote asked to wait"),
    check("errors.5xx", "a failure of the remote may be tried again, or its outcome is unknown"),
    check("errors.timeout", "no answer in time may be tried again, or its outcome is unknown"),
    check("errors.broken_json", "an answer that is no JSON is an error, never a result"),
    check("inputs.unicode", "texts of any script and with any sign are taken"),
    check("inputs.empty", "inputs with nothing but what is required are taken"),
    check("inputs.huge", "inputs as large as they may be are taken or refused, and end no call"),
    check("scopes.declared", "no request leaves the declared hosts and scopes"),
    check("scopes.least", "no action or trigger uses a scope that it does not declare"),
    check("secrets.hidden", "no secret is in a log, a result or an error"),
    check("limits.kept", "no call comes to a limit of the sandbox"),
];

/// Asks everything, or what `only` names: a check, or the part of its name before the dot.
pub async fn conformance(stand: &Stand, tests: &[Test], only: Option<&str>) -> Vec<Verdict> {
    let material = Material { stand, tests };
    let mut verdicts = Vec::new();
    for check in CHECKS.iter().filter(|check| only.is_none_or(|only| is_named(check.name, only))) {
        verdicts.push(Box::pin(judge(&material, check.name)).await);
    }
    verdicts
}

/// Whether a check is the one, or one of those, that somebody names.
pub(crate) fn is_named(check: &str, only: &str) -> bool {
    check == only || check.split('.').next() == Some(only)
}

async fn judge(material: &Material<'_>, name: &'static str) -> Verdict {
    match name {
        "describe.deterministic" => describe::deterministic(material),
        "describe.schemas" => describe::schemas(material),
        "describe.examples" => describe::examples(material),
        "actions.output" => Box::pin(outputs::actions(material)).await,
        "triggers.record" => Box::pin(outputs::records(material)).await,
        "batch.results" => Box::pin(batch::results(material)).await,
        "batch.independent" => Box::pin(batch::independent(material)).await,
        "poll.ends" => Box::pin(paging::ends(material)).await,
        "poll.complete" => Box::pin(paging::complete(material)).await,
        "poll.resumes" => Box::pin(paging::resumes(material)).await,
        "inputs.unicode" => Box::pin(inputs::unicode(material)).await,
        "inputs.empty" => Box::pin(inputs::empty(material)).await,
        "inputs.huge" => Box::pin(inputs::huge(material)).await,
        "scopes.declared" => Box::pin(reach::declared(material)).await,
        "scopes.least" => Box::pin(reach::least(material)).await,
        "secrets.hidden" => Box::pin(reach::secrets(material)).await,
        "limits.kept" => Box::pin(reach::limits(material)).await,
        error => Box::pin(errors::judge(material, error)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_named_whole_or_by_its_group() {
        assert!(is_named("errors.429", "errors.429"));
        assert!(is_named("errors.429", "errors"));
        assert!(!is_named("errors.429", "errors.4"));
    }

    #[test]
    fn every_check_is_explained_to_authors() {
        let readme = include_str!("../../../sdk-guest/testing/README.md");
        for check in CHECKS {
            assert!(readme.contains(&format!("`{}`", check.name)), "{} is not in the README", check.name);
        }
    }
}
