//! `lockgate poll`: reads pages of a component's trigger on this machine.

pub(crate) mod args;

use std::process::ExitCode;

use anyhow::Context as _;
use domain::cassette::Outcome;

use self::args::PollArgs;
use crate::failure::Failure;
use crate::files;
use crate::local::show::Over;
use crate::local::{self, local, offered};

/// A source that has more pages than this turns in a circle, or is no test.
const PAGES_MAX: usize = 10_000;

pub(crate) async fn run(args: PollArgs) -> Result<ExitCode, Failure> {
    let cursor = args.cursor.as_deref().map(files::json).transpose().context("--cursor")?;
    let mut cursor = cursor.map(|cursor| cursor.to_string());
    let here = Box::pin(local::open(&args.local)).await?;
    offered("trigger", &args.trigger, here.manifest.triggers.iter().map(|trigger| trigger.name.as_str()))?;
    for _ in 0..PAGES_MAX {
        let report = Box::pin(here.tenant.rehearse_poll(&here.profile, &args.trigger, cursor.as_deref()));
        let over = Over::of(report.await.map_err(local)?, Outcome::of_poll);
        let (good, next) = match &over.outcome {
            Outcome::Page { next, more, .. } => (true, more.then(|| next.clone())),
            _ => (false, None),
        };
        over.show(&args.local)?;
        if !good {
            return Ok(ExitCode::FAILURE);
        }
        match next {
            Some(next) if args.all && next.is_some() && next != cursor => cursor = next,
            Some(_) if args.all => {
                return Err(Failure::Usage(
                    "the page promises another one and gives no cursor that leads there".to_owned(),
                ));
            }
            _ => break,
        }
    }
    here.host.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
