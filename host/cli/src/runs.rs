//! Runs: list, show, cancel.

pub(crate) mod args;

use std::process::ExitCode;

use anyhow::Context as _;
use server::dto::{LogEntry, Page, Run};

use self::args::{OfFlowArgs, RunsArgs, RunsVerb};
use crate::cassettes;
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{Screen, say};
use crate::show;

/// Batches of a run whose records are looked at.
const BATCHES_MAX: usize = 100;

pub(crate) async fn run(args: RunsArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or_else(|| RunsVerb::List(OfFlowArgs::default())) {
        RunsVerb::List(of) => {
            let page = client.list(&["runs"], &of.query(), of.limit).await?;
            screen.answer::<Page<Run>>(page, show::runs::list)?;
        }
        RunsVerb::Show { id, records } => {
            let run = client.get(&["runs", &id], &[]).await?;
            screen.answer::<Run>(run, show::runs::one)?;
            if records > 0 && !screen.json {
                let batches = settled(&client, &id).await?;
                let text = show::runs::records(&batches, records);
                if !text.is_empty() {
                    say(&text);
                    let id = show::inert(&id);
                    screen.hint(&format!("\nall attempts: lockgate logs --run {id} --settled --limit 500"));
                }
            }
        }
        RunsVerb::Cassette { id, attempt, list } => {
            cassettes::of_run(&client, screen, &id, attempt.map(usize::from), list).await?;
        }
        RunsVerb::Cancel { id } => {
            let run = client.order(&["runs", &id, "cancel"]).await?;
            screen.answer::<Run>(run, show::runs::one)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What became of the newest batches of a run, newest first.
async fn settled(client: &Client, run: &str) -> Result<Vec<LogEntry>, Failure> {
    let page = client.list(&["logs"], &[("run", run), ("settled", "true")], BATCHES_MAX).await?;
    let page: Page<LogEntry> = serde_json::from_value(page).context("reading the records of the run")?;
    Ok(page.items)
}
