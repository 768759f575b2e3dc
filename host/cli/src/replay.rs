//! `lockgate replay`: plays cassettes to a component, exactly or to judge another version.

pub(crate) mod args;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use domain::cassette::{Cassette, Divergence, FILE_BYTES_MAX, Judged, Judgement, Mode, Tally, Verdict};
use lockgate::{Error, Kind, Played};
use serde_json::{Value, json};

use self::args::ReplayArgs;
use crate::failure::Failure;
use crate::local::{self, local};
use crate::screen::{inert_json, note, say};
use crate::{files, show};

/// Cassettes that one command plays.
const FILES_MAX: usize = 10_000;

pub(crate) async fn run(args: ReplayArgs) -> Result<ExitCode, Failure> {
    let files = found(&args.cassettes)?;
    // All of them first: nothing is played where one of them cannot be.
    let mut cassettes = Vec::with_capacity(files.len());
    for path in files {
        cassettes.push((read(&path)?, path));
    }
    let bytes = local::component(args.component.as_deref())?;
    let host = local::host(None, args.cache).await?;
    let component = host.component(bytes).await.map_err(local)?;
    let mode = if args.judge { Mode::Judge } else { Mode::Exact };
    let mut tally = Tally::default();
    for (cassette, path) in cassettes {
        let cassette = Arc::new(cassette);
        let played = Box::pin(host.play(&component, Arc::clone(&cassette), mode)).await.map_err(local)?;
        let judged = verdict(&played, mode);
        tally.count(judged.judgement);
        let version = &component.manifest.version;
        if args.json {
            say(&inert_json(&told(&path, &cassette, version, &played, &judged)));
        } else {
            say(line(&path, &cassette, &judged).trim_end_matches('\n'));
        }
    }
    host.shutdown().await;
    if !args.json && tally.all() > 1 {
        note(&format!("\n{}", tally.summary()));
    }
    Ok(if tally.verdict(0) == Verdict::Same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The files that are named, and those in the folders that are, in order.
fn found(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| format!("reading {}", path.display()))?;
            let mut inside: Vec<PathBuf> = entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.is_file() && path.extension().is_some_and(|end| end == "json"))
                .take(FILES_MAX)
                .collect();
            inside.sort();
            if inside.is_empty() {
                return Err(Failure::Usage(format!("{} holds no file that ends in .json", path.display())));
            }
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    if files.len() > FILES_MAX {
        return Err(Failure::Usage(format!("play at most {FILES_MAX} cassettes at once")));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Cassette, Failure> {
    let bytes = files::read(path, FILE_BYTES_MAX as u64)?;
    let refused = |code: &'static str, reason: String| {
        let message = format!("{}: {reason}", path.display());
        local(Error::new(Kind::Refused, code, message))
    };
    let cassette =
        Cassette::read(&bytes).map_err(|invalid| refused("invalid_cassette", invalid.to_string()))?;
    match cassette.unplayable() {
        Some(reason) => Err(refused("cassette_unplayable", reason)),
        None => Ok(cassette),
    }
}

/// An exact replay is judged by whether it was left.
fn verdict(played: &Played, mode: Mode) -> Judged {
    match (&played.judged, &played.divergence) {
        (Some(judged), _) if mode == Mode::Judge => judged.clone(),
        (_, None) => Judged { judgement: Judgement::Same, differences: Vec::new() },
        (_, Some(divergence)) => {
            Judged { judgement: Judgement::OutputsDiffer, differences: vec![divergence.clone()] }
        }
    }
}

fn told(path: &Path, cassette: &Cassette, version: &str, played: &Played, judged: &Judged) -> Value {
    let exact = played.judged.is_none();
    json!({
        "cassette": path.display().to_string(),
        "connector": cassette.connector.to_string(),
        "call": cassette.call.name(),
        "recorded": cassette.outcome.code(),
        "version": version,
        "outcome": played.outcome.code(),
        "verdict": word(judged, exact),
        "differences": judged.differences,
    })
}

fn word(judged: &Judged, exact: bool) -> &'static str {
    match judged.judgement {
        Judgement::Same => "same",
        _ if exact => "diverged",
        other => other.as_str(),
    }
}

fn line(path: &Path, cassette: &Cassette, judged: &Judged) -> String {
    let word = show::judgements::words(judged.judgement.as_str());
    let one = |difference: &Divergence| format!("  {}\n", show::inert(&difference.to_string()));
    let exact_only = judged.differences.len() == 1 && judged.judgement == Judgement::OutputsDiffer;
    let word = if exact_only && judged.differences.iter().any(|one| one.host_call.is_some()) {
        "diverged".to_owned()
    } else {
        word
    };
    let differences: String = judged.differences.iter().map(one).collect();
    let call = show::inert(&cassette.call.name());
    format!("{}: {word} ({}, {call})\n{differences}", path.display(), cassette.connector)
}
