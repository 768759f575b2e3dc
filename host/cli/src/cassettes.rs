//! Cassettes that a host keeps: listed, and printed as the file that `lockgate replay` reads.

pub(crate) mod args;

use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;
use server::dto::{KeptCassette, Page};

use self::args::{CassettesArgs, CassettesVerb};
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{Screen, inert_json, say};
use crate::show;

pub(crate) async fn run(args: CassettesArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or(CassettesVerb::List { profile: None }) {
        CassettesVerb::List { profile } => {
            let query: Vec<_> = profile.as_deref().map(|profile| ("profile", profile)).into_iter().collect();
            let page = client.get(&["cassettes"], &query).await?;
            screen.answer::<Page<KeptCassette>>(page, show::cassettes::list)?;
        }
        CassettesVerb::Show { id } => export(&client, &id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One cassette to stdout, as its file.
pub(crate) async fn export(client: &Client, id: &str) -> Result<(), Failure> {
    let cassette: Value = client.get(&["cassettes", id], &[]).await?;
    say(&inert_json(&cassette));
    Ok(())
}

/// One of a run's cassettes: the newest, or the one of this number from 1 on, or all of them as a list.
pub(crate) async fn of_run(
    client: &Client,
    screen: Screen,
    run: &str,
    attempt: Option<usize>,
    list: bool,
) -> Result<(), Failure> {
    let page = client.get(&["runs", run, "cassettes"], &[]).await?;
    if list {
        screen.answer::<Page<KeptCassette>>(page, show::cassettes::list)?;
        return Ok(());
    }
    let page: Page<KeptCassette> = serde_json::from_value(page).context("reading the run's cassettes")?;
    let chosen = match attempt {
        Some(number) => page.items.get(number.saturating_sub(1)),
        None => page.items.last(),
    };
    match chosen {
        Some(kept) => export(client, &kept.id).await,
        None if page.items.is_empty() => Err(Failure::Usage(
            "no cassette of this run is kept: an owner consents first, with `lockgate profiles record NAME`"
                .to_owned(),
        )),
        None => {
            Err(Failure::Usage(format!("{} cassettes of this run are kept; see --list", page.items.len())))
        }
    }
}
