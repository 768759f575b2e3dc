//! `lockgate diff OLD NEW`: what changed between two versions of a connector, and whether the version numbers say so.

pub(crate) mod args;
mod version;

use std::process::ExitCode;

use domain::compat::{self, Comparison, Kind, Step, Verdict};
use serde_json::json;

use self::args::DiffArgs;
use self::version::{Named, Versions};
use crate::failure::Failure;
use crate::screen::{Screen, inert_json, say};
use crate::show;

/// The versions do not say what changed.
const TOO_SMALL: u8 = 1;

pub(crate) async fn run(args: DiffArgs) -> Result<ExitCode, Failure> {
    let screen = Screen { json: args.remote.json };
    let (old, new) = (Named::of(&args.old), Named::of(&args.new));
    let versions = Versions::new(&args.remote, args.cache, &[&old, &new]).await?;
    let spinner = screen.spinner("looking at both components".to_owned());
    let (old, new) = (versions.get(&old).await?, versions.get(&new).await?);
    drop(spinner);
    versions.end().await;
    let comparison = compat::compare_kept(old.side(), new.side());
    let verdict = comparison.verdict(&old.version, &new.version);
    if screen.json {
        let told = json!({
            "changes": comparison.changes,
            "left_out": comparison.left_out,
            "step": comparison.step,
            "old": verdict.old,
            "new": verdict.new,
            "least": verdict.least,
            "enough": verdict.enough,
        });
        say(&inert_json(&told));
    } else {
        say(shown(&new.manifest.name, &comparison, &verdict).trim_end());
    }
    Ok(if verdict.enough { ExitCode::SUCCESS } else { ExitCode::from(TOO_SMALL) })
}

fn shown(name: &str, comparison: &Comparison, verdict: &Verdict) -> String {
    let mut text = String::new();
    for (kind, title) in [
        (Kind::Breaking, "breaking: what worked may not work any more"),
        (Kind::Permission, "permission: it asks for more, and somebody has to consent"),
        (Kind::Additive, "additive: it offers more"),
        (Kind::Neutral, "neutral: other words, or less asked for"),
    ] {
        let changes: Vec<_> = comparison.changes.iter().filter(|change| change.kind == kind).collect();
        if changes.is_empty() {
            continue;
        }
        text.push_str(&format!("{title}\n"));
        for change in changes {
            text.push_str(&format!("  {}: {}\n", show::inert(&change.place), show::inert(&change.what)));
        }
        text.push('\n');
    }
    if comparison.left_out > 0 {
        text.push_str(&format!("and {} changes more\n\n", comparison.left_out));
    }
    let step = match comparison.step {
        Step::None => "nothing changed that anybody can see".to_owned(),
        step => format!("this is a {} step", step.as_str()),
    };
    let Verdict { old, new, least, enough } = verdict;
    let says = if *enough { "which says so" } else { "which is too little" };
    text.push_str(&format!(
        "{}: {step}: after {old} at least {least}; it is {new}, {says}\n",
        show::inert(name)
    ));
    text
}

#[cfg(test)]
mod tests {
    use domain::compat::Change;

    use super::*;

    #[test]
    fn the_worst_is_shown_first_and_the_last_line_says_what_to_do() {
        let change = |kind, place: &str| Change { kind, place: place.to_owned(), what: "w\u{1b}".to_owned() };
        let changes = vec![change(Kind::Breaking, "/actions/a"), change(Kind::Neutral, "/title")];
        let comparison = Comparison { changes, step: Step::Major, left_out: 0 };
        let verdict = comparison.verdict(&"1.2.0".parse().unwrap(), &"1.3.0".parse().unwrap());
        let text = shown("shop", &comparison, &verdict);
        assert!(text.starts_with("breaking"), "{text}");
        assert!(text.ends_with(
            "shop: this is a major step: after 1.2.0 at least 2.0.0; it is 1.3.0, which is too little\n"
        ));
        assert!(text.contains("/actions/a: w\\u{1b}") && !text.contains("additive:"), "{text}");
    }
}
