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
/// How far back a look goes for rows that it has not printed: more than a second mostly brings.
const LOOK_BACK: usize = 500;
const LOOK_BACK_AFTER_A_BURST: usize = 10_000;

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
    let mut rows = look(client, query, first.max(LOOK_BACK)).await?;
    for row in rows.iter().take(first).rev() {
        print(screen, row)?;
    }
    loop {
        let printed: HashSet<String> = rows.iter().map(Value::to_string).collect();
        let since = rows.iter().map(at).min().unwrap_or_default().to_owned();
        tokio::time::sleep(LOOK_EVERY).await;
        rows = look(client, query, LOOK_BACK).await?;
        if rows.len() >= LOOK_BACK && !rows.iter().any(|row| printed.contains(&row.to_string())) {
            rows = look(client, query, LOOK_BACK_AFTER_A_BURST).await?;
        }
        // What is older than the last look saw was there before it.
        let fresh =
            rows.iter().filter(|row| at(row) >= since.as_str() && !printed.contains(&row.to_string()));
        let fresh: Vec<_> = fresh.collect();
        for row in fresh.into_iter().rev() {
            print(screen, row)?;
        }
    }
}

async fn look(client: &Client, query: &[(&str, &str)], rows_max: usize) -> Result<Vec<Value>, Failure> {
    let page = client.list(&["logs"], query, rows_max).await?;
    Ok(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default())
}

/// The times of the API are all of one length, so that their texts compare as they do.
fn at(row: &Value) -> &str {
    row.get("at").and_then(Value::as_str).unwrap_or_default()
}

fn print(screen: Screen, row: &Value) -> Result<(), Failure> {
    if screen.json {
        screen::say(&screen::inert_json_line(row));
    } else {
        let entry: LogEntry = serde_json::from_value(row.clone()).context("reading a row of the log")?;
        screen::say(&show::logs::entry(&entry));
    }
    Ok(())
}
