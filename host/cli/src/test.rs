//! `lockgate test`: the author's tests and the conformance kit, on the laptop and without a network.

pub(crate) mod args;
mod files;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use console::style;
use kit::{CHECKS, Options, Report, Stand, State, Verdict};
use serde_json::json;

use self::args::TestArgs;
use self::files::TestFile;
use crate::failure::Failure;
use crate::files::{COMPONENT_BYTES_MAX, read};
use crate::project::Project;
use crate::screen::{self, Screen};
use crate::show::inert;

pub(crate) async fn run(args: TestArgs) -> Result<ExitCode, Failure> {
    let screen = Screen { json: args.json };
    let (component, folder) = Box::pin(subject(&args)).await?;
    let files = match args.tests.as_ref().or(folder.as_ref()) {
        Some(folder) => files::of_folder(folder, args.tests.is_some())?,
        None => Vec::new(),
    };
    if args.list {
        list(screen, &files, args.only.as_deref());
        return Ok(ExitCode::SUCCESS);
    }
    let spinner = screen.spinner("admitting the component".to_owned());
    let bytes = read(&component, COMPONENT_BYTES_MAX)?;
    let options = Options { artefacts: args.cache.artefacts(), ..Options::default() };
    let stand = Box::pin(Stand::open(bytes, options)).await.map_err(anyhow::Error::new)?;
    let connector = stand.connector();
    let mut report =
        Report { connector: format!("{}@{}", connector.name, connector.version), ..Report::default() };
    let only = args.only.as_deref();
    for file in &files {
        spinner.say(format!("testing {}", file.name));
        report.tests.extend(Box::pin(verdicts(&stand, file, only)).await);
    }
    let tests: Vec<_> = files.iter().filter_map(|file| file.tests.as_ref().ok()).flatten().cloned().collect();
    spinner.say("asking what every connector has to do".to_owned());
    report.checks = Box::pin(kit::conformance(&stand, &tests, only)).await;
    drop(spinner);
    if report.tests.is_empty() && report.checks.is_empty() {
        return Err(Failure::Usage(format!(
            "nothing is named {:?}; `lockgate test --list` says what there is",
            only.unwrap_or_default()
        )));
    }
    if screen.json {
        let value = serde_json::to_value(&report).unwrap_or_default();
        screen::say(&screen::inert_json(&value));
    } else {
        screen::say(shown(&report).trim_end());
    }
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The component, built where that is needed, and the folder of its tests.
async fn subject(args: &TestArgs) -> Result<(PathBuf, Option<PathBuf>), Failure> {
    if args.path.is_file() {
        return Ok((args.path.clone(), None));
    }
    let project = Project::find(&args.path)?;
    if !args.list && project.is_stale() {
        screen::note("building first: a source is newer than the component");
        Box::pin(crate::build::build(&project)).await?;
    }
    Ok((project.component().to_owned(), Some(project.folder.join("tests"))))
}

async fn verdicts(stand: &Stand, file: &TestFile, only: Option<&str>) -> Vec<Verdict> {
    match &file.tests {
        Err(unusable) => vec![Verdict::of(&file.name, vec![unusable.clone()]).in_file(&file.name)],
        Ok(tests) => {
            let wanted: Vec<_> = tests
                .iter()
                .filter(|test| only.is_none_or(|only| test.name.contains(only)))
                .cloned()
                .collect();
            let verdicts = kit::tests(stand, &wanted).await;
            verdicts.into_iter().map(|verdict| verdict.in_file(&file.name)).collect()
        }
    }
}

fn list(screen: Screen, files: &[TestFile], only: Option<&str>) {
    let named =
        |name: &str| only.is_none_or(|only| name.contains(only) || name.split('.').next() == Some(only));
    let tests: Vec<(&str, &str)> = files
        .iter()
        .flat_map(|file| file.tests.iter().flatten().map(|test| (&*file.name, &*test.name)))
        .filter(|(_, name)| named(name))
        .collect();
    let checks: Vec<_> = CHECKS.iter().filter(|check| named(check.name)).collect();
    if screen.json {
        let tests: Vec<_> = tests.iter().map(|(file, name)| json!({"file": file, "name": name})).collect();
        let checks: Vec<_> =
            checks.iter().map(|check| json!({"name": check.name, "asks": check.asks})).collect();
        screen::say(&screen::inert_json(&json!({"tests": tests, "checks": checks})));
        return;
    }
    let tests = tests.iter().map(|(file, name)| format!("{}: {}", inert(file), inert(name)));
    let checks = checks.iter().map(|check| format!("{:<24}{}", check.name, check.asks));
    screen::say(&tests.chain(checks).collect::<Vec<_>>().join("\n"));
}

fn shown(report: &Report) -> String {
    let mut text = format!("{}\n", inert(&report.connector));
    let mut file = None;
    for verdict in &report.tests {
        if verdict.file != file {
            file.clone_from(&verdict.file);
            text.push_str(&format!("\n{}\n", inert(file.as_deref().unwrap_or("tests"))));
        }
        text.push_str(&one(verdict));
    }
    if !report.checks.is_empty() {
        text.push_str("\nconformance\n");
        report.checks.iter().for_each(|verdict| text.push_str(&one(verdict)));
    }
    let (passed, failed, skipped) =
        (report.count(State::Passed), report.count(State::Failed), report.count(State::Skipped));
    let failed = if failed > 0 {
        style(format!("{failed} failed")).red().bold()
    } else {
        style("0 failed".to_owned())
    };
    text.push_str(&format!("\n{passed} passed, {failed}, {skipped} skipped\n"));
    text
}

fn one(verdict: &Verdict) -> String {
    let mark = match verdict.state {
        State::Passed => style("✓").green(),
        State::Failed => style("✗").red(),
        State::Skipped => style("-").dim(),
    };
    let mut text = format!("  {mark} {}\n", inert(&verdict.name));
    for message in &verdict.messages {
        // A message of a parser has several lines, and shows where.
        for line in message.lines() {
            let line = inert(line);
            let line = if verdict.state == State::Skipped { style(line).dim() } else { style(line) };
            text.push_str(&format!("      {line}\n"));
        }
    }
    text
}

/// A path as it is shown: from this folder on where it lies below.
fn relative(path: &Path, from: &Path) -> String {
    path.strip_prefix(from).unwrap_or(path).display().to_string()
}
