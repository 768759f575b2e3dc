//! `lockgate build`: makes a component of the project in this folder, with the tools of its language.

pub(crate) mod args;
mod js;
mod python;
pub(crate) mod rust;
mod tool;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use scaffold::Language;
use serde_json::json;

use self::args::BuildArgs;
use crate::failure::Failure;
use crate::project::Project;
use crate::screen::{self, Screen};

/// What a build has made.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) component: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) took: Duration,
}

pub(crate) async fn run(args: BuildArgs) -> Result<ExitCode, Failure> {
    let project = Project::find(&args.dir)?;
    let built = Box::pin(build(&project)).await?;
    let screen = Screen { json: args.json };
    if screen.json {
        let done = json!({
            "name": project.name,
            "language": project.language.name(),
            "component": built.component,
            "bytes": built.bytes,
            "took_ms": u64::try_from(built.took.as_millis()).unwrap_or(u64::MAX),
        });
        screen::say(&screen::inert_json(&done));
    } else {
        screen::say(&described(&built));
        screen.hint("\nnext: lockgate test");
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the project, whatever it is written in. What its tools say goes to stderr as it comes.
pub(crate) async fn build(project: &Project) -> Result<Built, Failure> {
    let project = project.clone();
    // Compilers take long: the threads that serve a host are not for waiting.
    let building = tokio::task::spawn_blocking(move || {
        let watch = Stopwatch::start();
        let component = match project.language {
            Language::Rust => rust::build(&project)?,
            Language::JavaScript => js::build(&project)?,
            Language::Python => python::build(&project)?,
        };
        let found = std::fs::metadata(&component)
            .with_context(|| format!("the build left no component at {}", component.display()))?;
        Ok(Built { component, bytes: found.len(), took: watch.elapsed() })
    });
    building.await.context("waiting for the build")?
}

/// What somebody wants to know of a component that was just built.
pub(crate) fn described(built: &Built) -> String {
    let kib = built.bytes.div_ceil(1024);
    format!("{} · {kib} KiB · {:.1} s", built.component.display(), built.took.as_secs_f32())
}

/// Measures how long something takes, for people.
struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "how long a compiler takes decides nothing")]
    fn start() -> Self {
        Self(std::time::Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
