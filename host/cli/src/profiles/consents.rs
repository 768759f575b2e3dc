//! `lockgate profiles connect`: the link, and the wait for the consent.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use server::dto::{Connect, Profile};

use crate::client::Client;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::show;

const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// As long as the link is good.
const LOOKS_MAX: usize = 1_200;

/// Done when the credential has another version, or when the link is over.
pub(crate) async fn connect(
    client: &Client,
    screen: Screen,
    name: &str,
    wait: bool,
) -> Result<ExitCode, Failure> {
    let before = profile(client, name).await?.authorisation.version;
    let made = client.order(&["profiles", name, "connect"]).await?;
    screen.answer::<Connect>(made, |connect| {
        format!("open in a browser, before {}:\n{}", connect.expires_at, connect.url)
    })?;
    if !wait {
        return Ok(ExitCode::SUCCESS);
    }
    let spinner = screen.spinner(format!("waiting for the consent to {name}"));
    for _ in 0..LOOKS_MAX {
        tokio::time::sleep(LOOK_AGAIN).await;
        let now = profile(client, name).await?;
        let over = now.authorisation.hand_off_until.is_none();
        if now.authorisation.version != before || over {
            drop(spinner);
            let connected = now.authorisation.version != before && now.credential_set;
            let now = serde_json::to_value(now).context("writing the profile")?;
            screen.answer::<Profile>(now, show::profiles::one)?;
            return Ok(if connected { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    drop(spinner);
    screen.hint("nobody has consented in time; the link is no longer good");
    Ok(ExitCode::FAILURE)
}

async fn profile(client: &Client, name: &str) -> Result<Profile, Failure> {
    let profile = client.get(&["profiles", name], &[]).await?;
    Ok(serde_json::from_value(profile).context("reading the profile")?)
}
