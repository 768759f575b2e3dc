//! `lockgate new`: writes a project that builds and passes its own tests at once.

pub(crate) mod args;
mod openapi;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use scaffold::{Language, Project, Sdk};
use serde_json::json;

use self::args::NewArgs;
use crate::failure::Failure;
use crate::screen::{self, Screen};

pub(crate) fn run(args: NewArgs) -> Result<ExitCode, Failure> {
    let sdk = match &args.sdk {
        None => Sdk::Own,
        Some(path) => Sdk::Checkout(checkout(path)?),
    };
    let project =
        Project::new(&args.name, args.lang, sdk).map_err(|error| Failure::Usage(error.to_string()))?;
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(project.name()));
    let generated = match &args.openapi {
        Some(document) => Some(openapi::generate(&project, document, &args.only)?),
        None => None,
    };
    let mut files = project.frame();
    match &generated {
        Some(generated) => files.extend(generated.files.iter().cloned()),
        None => files.extend(project.example()),
    }
    scaffold::write(&files, &folder).context("writing the project")?;
    written(&project, &folder, files.len(), generated.as_ref(), Screen { json: args.json });
    Ok(ExitCode::SUCCESS)
}

/// Where the SDK of a checkout is, as it is reached from anywhere.
fn checkout(path: &Path) -> anyhow::Result<PathBuf> {
    let whole =
        path.canonicalize().with_context(|| format!("looking for a checkout at {}", path.display()))?;
    if !whole.join("sdk-guest").is_dir() || !whole.join("wit/v0").is_dir() {
        anyhow::bail!("{} is no checkout of Lockgate: it has no `sdk-guest` and `wit`", path.display());
    }
    Ok(whole)
}

/// Says what was done, and what comes next.
fn written(
    project: &Project,
    folder: &Path,
    files: usize,
    generated: Option<&openapi::Generated>,
    screen: Screen,
) {
    let shown = folder.display();
    if screen.json {
        let done = json!({
            "name": project.name(),
            "language": project.language().name(),
            "folder": folder,
            "files": files,
            "openapi": generated.map(openapi::Generated::told),
        });
        screen::say(&screen::inert_json(&done));
        return;
    }
    screen::say(&format!(
        "{} is in {shown}: a connector in {}, with its tests",
        project.name(),
        spelled(project.language())
    ));
    if let Some(generated) = generated {
        generated.say();
    }
    screen::note(&format!("\nnext:\n  cd {shown}\n  lockgate build\n  lockgate test"));
}

fn spelled(language: Language) -> &'static str {
    match language {
        Language::Rust => "Rust",
        Language::JavaScript => "JavaScript",
        Language::Python => "Python",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_project_may_have_is_one_that_a_host_takes() {
        let long = "a".repeat(63);
        for name in ["a", "book-shop", "crm2", "a--b", &long] {
            assert!(Project::new(name, Language::Rust, Sdk::Own).is_ok(), "{name}");
            assert!(name.parse::<domain::ConnectorName>().is_ok(), "{name}");
        }
    }
}
