//! Runs: list, show, cancel.

pub(crate) mod args;

use std::process::ExitCode;

use server::dto::{Page, Run};

use self::args::{OfFlowArgs, RunsArgs, RunsVerb};
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: RunsArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or_else(|| RunsVerb::List(OfFlowArgs::default())) {
        RunsVerb::List(of) => {
            let page = client.list(&["runs"], &of.query(), of.limit).await?;
            screen.answer::<Page<Run>>(page, show::runs::list)?;
        }
        RunsVerb::Show { id } => {
            let run = client.get(&["runs", &id], &[]).await?;
            screen.answer::<Run>(run, show::runs::one)?;
        }
        RunsVerb::Cancel { id } => {
            let run = client.order(&["runs", &id, "cancel"]).await?;
            screen.answer::<Run>(run, show::runs::one)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
