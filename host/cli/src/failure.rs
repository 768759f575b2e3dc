//! How a command ends badly: a sentence, a hint, and an exit status that scripts can decide by.

use std::process::ExitCode;

use domain::text::inert;
use lockgate::Kind;
use server::Problem;
use server::dto::Blame;

use crate::screen;

/// Longer sentences are cut: they come from elsewhere.
const SHOWN_BYTES_MAX: usize = 4_000;

/// The exit status of an explanation that ends in a refusal: nothing failed, and the answer is no.
pub(crate) const DENIED: u8 = 7;

#[derive(Debug)]
pub(crate) enum Failure {
    /// The host answered with a problem.
    Problem(Problem),
    /// Nobody answered.
    Unreachable { url: String, cause: String },
    /// Somebody was there, and the connection broke before the answer was here.
    Lost { url: String, cause: String },
    /// The answer is none of a Lockgate host.
    NotOurs { url: String, cause: String },
    /// Something on this machine.
    Local(anyhow::Error),
    /// The command line is well formed and still makes no sense.
    Usage(String),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Local(error)
    }
}

impl Failure {
    /// Says it, and gives the status to exit with.
    pub(crate) fn report(self) -> ExitCode {
        screen::complain(&self.sentence());
        if let Some(hint) = self.hint() {
            screen::note(&format!("hint: {hint}"));
        }
        ExitCode::from(self.status())
    }

    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Problem(problem) => {
                let detail = inert(&problem.detail, SHOWN_BYTES_MAX);
                let code = inert(&problem.code, 100);
                match problem.blame {
                    // Whoever reads this: nothing to add.
                    Blame::Operator => format!("{detail} [{code}]"),
                    blame => format!("{detail} [{code}, to be solved by the {}]", actor(blame)),
                }
            }
            Self::Unreachable { url, cause } => {
                format!("no host answers at {url}: {}", inert(cause, SHOWN_BYTES_MAX))
            }
            Self::Lost { url, cause } => {
                let cause = inert(cause, SHOWN_BYTES_MAX);
                format!("the connection to {url} was lost before the answer was here: {cause}")
            }
            Self::NotOurs { url, cause } => {
                format!("what answers at {url} is no Lockgate host: {}", inert(cause, SHOWN_BYTES_MAX))
            }
            Self::Local(error) => inert(&format!("{error:#}"), SHOWN_BYTES_MAX),
            Self::Usage(sentence) => sentence.clone(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Problem(problem) => match (problem.status, &problem.correlation) {
                (401, _) => Some(
                    "set LOCKGATE_TOKEN or pass --token-file; an operator makes a token with `lockgate tokens create`"
                        .to_owned(),
                ),
                (_, Some(correlation)) => Some(format!("the host's log says more about {}", inert(correlation, 100))),
                _ => None,
            },
            Self::Unreachable { .. } => {
                Some("`lockgate serve --data DIR` starts a host; --url or LOCKGATE_URL says where it is".to_owned())
            }
            Self::Lost { .. } => Some(
                "a change may have been made all the same: look (`lockgate audit list`) before it is asked for again"
                    .to_owned(),
            ),
            Self::NotOurs { .. } => Some("check --url or LOCKGATE_URL".to_owned()),
            Self::Local(_) => None,
            Self::Usage(_) => Some("`--help` shows examples".to_owned()),
        }
    }

    fn status(&self) -> u8 {
        match self {
            Self::Problem(problem) => match problem.status {
                401 | 403 => 5,
                404 if problem.code != "no_such_route" => 4,
                400 | 409 | 413 | 415 | 422 | 424 | 429 => 3,
                _ => 1,
            },
            Self::Unreachable { .. } | Self::Lost { .. } | Self::NotOurs { .. } => 6,
            Self::Local(error) => match error.downcast_ref::<lockgate::Error>().map(|error| error.kind) {
                Some(Kind::Invalid | Kind::Refused | Kind::Conflict | Kind::TooLarge | Kind::OverQuota) => 3,
                _ => 1,
            },
            Self::Usage(_) => 2,
        }
    }
}

/// Who has to act, in words that need no glossary.
pub(crate) fn actor(blame: Blame) -> &'static str {
    match blame {
        Blame::Guest => "connector's author",
        Blame::Host => "people who run the host",
        Blame::Remote => "remote system",
        Blame::Operator => "operator (configuration, credential or grant)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, code: &str) -> Failure {
        Failure::Problem(Problem {
            kind: "".into(),
            title: "".into(),
            status,
            detail: "no\u{1b}[2J".to_owned(),
            code: code.to_owned(),
            blame: Blame::Operator,
            correlation: None,
            retry_after_s: None,
        })
    }

    #[test]
    fn each_kind_of_problem_has_its_exit_status() {
        for (status, exit) in [
            (400, 3),
            (401, 5),
            (403, 5),
            (404, 4),
            (409, 3),
            (413, 3),
            (415, 3),
            (422, 3),
            (429, 3),
            (500, 1),
            (502, 1),
            (503, 1),
        ] {
            assert_eq!(problem(status, "x").status(), exit, "{status}");
        }
        assert_eq!(problem(404, "no_such_route").status(), 1);
        let error = lockgate::Error::new(Kind::Refused, "x", "y");
        assert_eq!(Failure::Local(anyhow::Error::new(error).context("opening")).status(), 3);
    }

    #[test]
    fn a_sentence_from_elsewhere_cannot_move_the_cursor() {
        let sentence = problem(400, "x").sentence();
        assert!(sentence.contains("\\u{1b}") && !sentence.contains('\u{1b}'), "{sentence}");
    }
}
