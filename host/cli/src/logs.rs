//! The log of a tenant: once, or as it grows.

pub(crate) mod args;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use server::dto::{LogEntry, LogLine, Page};

use self::args::LogsArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{self, Screen};
use crate::show;

/// After an end of the connection, the time until the next one; longer each time that it cannot be had.
const WAIT_MIN: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(10);

pub(crate) async fn run(args: LogsArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    let query = args.query();
    if args.follow {
        return follow(&client, screen, &query, args.limit).await;
    }
    let page = client.list(&["logs"], &query, args.limit).await?;
    screen.answer::<Page<LogEntry>>(page, show::logs::list)?;
    Ok(ExitCode::SUCCESS)
}

/// The newest rows, and then each as it is written. Rows are numbered: whoever comes back with the number of the last
/// one misses none and sees none twice.
pub(crate) async fn follow(
    client: &Client,
    screen: Screen,
    query: &[(&str, &str)],
    first: usize,
) -> Result<ExitCode, Failure> {
    // Asked before the rows are: where none of them is wanted, what is written in between is still read.
    let mut tail = Tail::newest(client).await?;
    let wanted = rows(client.list(&["logs"], query, first).await?);
    tail.last = wanted.first().and_then(number).unwrap_or(0).max(tail.last);
    for row in wanted.iter().take(first).rev() {
        print(screen, row)?;
    }
    tail.follow(client, screen, query).await
}

/// How far the log has been read.
pub(crate) struct Tail {
    /// The number of the last row that was printed.
    last: u64,
    is_connected: bool,
}

impl Tail {
    /// Behind every row that is there.
    pub(crate) async fn newest(client: &Client) -> Result<Self, Failure> {
        let newest = rows(client.list(&["logs"], &[], 1).await?);
        Ok(Self { last: newest.first().and_then(number).unwrap_or(0), is_connected: false })
    }

    /// Prints each row that is written from where it is, or was. Whoever stops this can go on with it later.
    pub(crate) async fn follow(
        &mut self,
        client: &Client,
        screen: Screen,
        query: &[(&str, &str)],
    ) -> Result<ExitCode, Failure> {
        let (mut wait, mut is_told, mut was_connected) = (WAIT_MIN, false, false);
        loop {
            self.is_connected = false;
            let ended = self.read(client, screen, query).await;
            if self.is_connected {
                (wait, is_told, was_connected) = (WAIT_MIN, false, true);
            }
            match ended {
                // The host ends a stream now and then, to look at the token again.
                Ok(()) => {}
                Err(failure) if was_connected && passes(&failure) => {
                    if !is_told {
                        screen.hint(&format!("the connection is gone; reading on behind row {}", self.last));
                        is_told = true;
                    }
                }
                Err(failure) => return Err(failure),
            }
            tokio::time::sleep(wait).await;
            wait = wait.saturating_mul(2).min(WAIT_MAX);
        }
    }

    async fn read(&mut self, client: &Client, screen: Screen, query: &[(&str, &str)]) -> Result<(), Failure> {
        let after = self.last.to_string();
        let mut query = query.to_vec();
        query.extend([("follow", "true"), ("after", &after)]);
        let mut lines = client.follow(&["logs"], &query).await?;
        self.is_connected = true;
        while let Some(line) = lines.next().await? {
            print(screen, &line)?;
            self.last = number(&line).map_or(self.last, |number| number.max(self.last));
        }
        Ok(())
    }
}

/// Whether it is worth coming back: the host restarts, or its places for readers are taken for now.
fn passes(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable { .. } | Failure::Lost { .. } => true,
        Failure::Problem(problem) => problem.status == 429 || problem.status >= 500,
        Failure::NotOurs { .. } | Failure::Local(_) | Failure::Usage(_) => false,
    }
}

fn rows(mut page: Value) -> Vec<Value> {
    match page.get_mut("items").map(Value::take) {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    }
}

fn number(row: &Value) -> Option<u64> {
    row.get("number").and_then(Value::as_u64)
}

fn print(screen: Screen, row: &Value) -> Result<(), Failure> {
    if screen.json {
        screen::say(&screen::inert_json_line(row));
    } else {
        let line: LogLine = serde_json::from_value(row.clone()).context("reading a row of the log")?;
        screen::say(&show::logs::line(&line));
    }
    Ok(())
}
