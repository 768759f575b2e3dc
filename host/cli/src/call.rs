//! `lockgate call`: runs one action of a component on this machine.

pub(crate) mod args;

use std::process::ExitCode;

use anyhow::Context as _;
use domain::call::Input;
use domain::cassette::Outcome;
use domain::schema;
use serde_json::json;

use self::args::CallArgs;
use crate::failure::Failure;
use crate::files;
use crate::local::show::Over;
use crate::local::{self, local, offered};

pub(crate) async fn run(args: CallArgs) -> Result<ExitCode, Failure> {
    let bodies: Result<Vec<_>, _> = args.inputs.iter().map(|input| files::json(input)).collect();
    let mut bodies = bodies.context("--input")?;
    if bodies.is_empty() {
        bodies.push(json!({}));
    }
    let here = Box::pin(local::open(&args.local)).await?;
    let actions = &here.manifest.actions;
    offered("action", &args.action, actions.iter().map(|action| action.name.as_str()))?;
    if let Some(action) = actions.iter().find(|action| action.name == args.action) {
        for (at, body) in bodies.iter().enumerate() {
            schema::check(&action.input, body).map_err(|problems| {
                let problems = crate::show::inert(&problems.join("; "));
                Failure::Usage(format!("input {at} of {} breaks its schema: {problems}", args.action))
            })?;
        }
    }
    let inputs: Vec<Input> = bodies
        .iter()
        .enumerate()
        .map(|(at, body)| Input { key: format!("{}-{at}", args.key), body: body.to_string() })
        .collect();
    let report =
        Box::pin(here.tenant.rehearse_run(&here.profile, &args.action, &inputs)).await.map_err(local)?;
    here.host.shutdown().await;
    let over = Over::of(report, Outcome::of_run);
    let good = over.outcome.is_good();
    over.show(&args.local)?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
