//! The log of a tenant: once, or as it grows.

pub(crate) mod args;

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use server::dto::{LogEntry, Page};

use self::args::LogsArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{self, Screen};
use crate::show;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How far back a look goes for rows that it has not printed: more than a second brings.
const LOOK_BACK: usize = 2_000;

pub(crate) async fn run(args: LogsArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    let mut query = Vec::new();
    if let Some(run) = args.run.as_deref() {
        query.push(("run", run));
    }
    if let Some(profile) = args.profile.as_deref() {
        query.push(("profile", profile));
    }
    if args.follow {
        return follow(&client, screen, &query, args.limit).await;
    }
    let page = client.list(&["logs"], &query, args.limit).await?;
    screen.answer::<Page<LogEntry>>(page, show::logs::list)?;
    Ok(ExitCode::SUCCESS)
}

/// Rows have no number of their own: what was printed is remembered for as long as a look can still meet it.
async fn follow(
    client: &Client,
    screen: Screen,
    query: &[(&str, &str)],
    first: usize,
) -> Result<ExitCode, Failure> {
    let mut printed: HashSet<String> = HashSet::new();
    let mut look_back = first;
    loop {
        let page = client.list(&["logs"], query, look_back).await?;
        let rows = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        let fresh = rows.iter().filter(|row| !printed.contains(&row.to_string()));
        let fresh: Vec<_> = fresh.cloned().collect();
        for row in fresh.into_iter().rev() {
            if screen.json {
                screen::say(&screen::inert_json_line(&row));
            } else {
                let entry: LogEntry = serde_json::from_value(row).context("reading a row of the log")?;
                screen::say(&show::logs::entry(&entry));
            }
        }
        printed = rows.iter().map(Value::to_string).collect();
        look_back = LOOK_BACK;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
