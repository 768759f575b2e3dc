//! Another version, judged by recorded calls: by itself, and before something moves to it.

use std::process::ExitCode;

use anyhow::Context as _;
use server::dto::{Judgements, NewJudgement};

use super::args::AgainstArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{self, Screen};
use crate::show;

pub(super) async fn judge(
    client: &Client,
    screen: Screen,
    name: &str,
    new: NewJudgement,
) -> Result<ExitCode, Failure> {
    let spinner = screen.spinner(format!("playing what calls of {name} left behind"));
    let answer = client.post(&["profiles", name, "judge"], Some(&new)).await;
    drop(spinner);
    let judged: Judgements = screen.answer(answer?, |judged| show::judgements::all(name, judged))?;
    if !is_same(&judged) {
        return Ok(ExitCode::FAILURE);
    }
    let version = version(&judged);
    screen.hint(&format!("\nnext: lockgate profiles upgrade {} {}", show::inert(name), show::inert(version)));
    Ok(ExitCode::SUCCESS)
}

/// Whether a profile may move to this version: which one, and whether it does what the one in use did. Where nobody wants
/// to know, it may.
pub(super) async fn may_move(
    client: &Client,
    screen: Screen,
    name: &str,
    wanted: Option<String>,
    against: &AgainstArgs,
) -> Result<Option<Moving>, Failure> {
    if !against.against_cassettes {
        return Ok(Some(Moving { version: wanted }));
    }
    let new = NewJudgement { version: wanted, limit: None };
    let spinner = screen.spinner(format!("playing what calls of {name} left behind"));
    let answer = client.post(&["profiles", name, "judge"], Some(&new)).await;
    drop(spinner);
    let answer = answer?;
    let judged: Judgements =
        serde_json::from_value(answer.clone()).context("reading what the version makes of recorded calls")?;
    if is_same(&judged) || against.accept_differences {
        // The answer of the verb is the profile.
        screen::note(&show::judgements::all(name, &judged));
        return Ok(Some(Moving { version: Some(version(&judged).to_owned()) }));
    }
    screen.answer::<Judgements>(answer, |judged| show::judgements::all(name, judged))?;
    screen.hint("\nnothing was changed; --accept-differences goes on all the same");
    Ok(None)
}

/// To this version, or to the highest.
pub(super) struct Moving {
    pub(super) version: Option<String>,
}

fn is_same(judged: &Judgements) -> bool {
    judged.verdict == "same"
}

/// The very version that was judged: a higher one may have come meanwhile.
fn version(judged: &Judgements) -> &str {
    judged.version.split_once('@').map_or("", |(_, version)| version)
}
