//! Another version for a profile: what it asks for, and the way to it.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::Context as _;
use server::dto::{Consent, Diff, NewCanary, Profile, Upgrade};

use super::args::{AgainstArgs, CanaryArgs};
use super::judging::{Moving, may_move};
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::{self, Screen};
use crate::show;

pub(super) async fn diff(
    client: &Client,
    screen: Screen,
    name: &str,
    version: Option<&str>,
) -> Result<(), Failure> {
    let query: Vec<_> = version.map(|version| ("version", version)).into_iter().collect();
    let answer = client.get(&["profiles", name, "diff"], &query).await?;
    let diff: Diff = screen.answer(answer, show::versions::diff)?;
    let (name, version) = (show::inert(name), show::inert(&diff.to.version));
    let verb = if diff.asks_more { "consent" } else { "upgrade" };
    screen.hint(&format!("\nnext: lockgate profiles {verb} {name} {version}"));
    Ok(())
}

pub(super) async fn upgrade(
    client: &Client,
    screen: Screen,
    name: &str,
    version: Option<String>,
    against: &AgainstArgs,
) -> Result<ExitCode, Failure> {
    let Some(Moving { version }) = may_move(client, screen, name, version, against).await? else {
        return Ok(ExitCode::FAILURE);
    };
    let profile = client.post(&["profiles", name, "upgrade"], Some(&Upgrade { version })).await?;
    screen.answer::<Profile>(profile, show::profiles::one)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn canary(client: &Client, screen: Screen, args: CanaryArgs) -> Result<ExitCode, Failure> {
    let CanaryArgs { name, version, percent, promote, stop, against } = args;
    let path = ["profiles", &name, "canary"];
    let profile = if stop {
        client.delete(&path).await?
    } else {
        let version =
            if promote && against.against_cassettes { tried(client, &name).await? } else { version };
        let Some(Moving { version }) = may_move(client, screen, &name, version, &against).await? else {
            return Ok(ExitCode::FAILURE);
        };
        match promote {
            true => client.order(&["profiles", &name, "canary", "promote"]).await?,
            false => client.put(&path, &NewCanary { version, percent }).await?,
        }
    };
    screen.answer::<Profile>(profile, show::profiles::one)?;
    Ok(ExitCode::SUCCESS)
}

/// The version that is tried now, if one is.
async fn tried(client: &Client, name: &str) -> Result<Option<String>, Failure> {
    let profile = client.get(&["profiles", name], &[]).await?;
    let profile: Profile = serde_json::from_value(profile).context("reading the profile")?;
    let canary = profile.canary.filter(|canary| canary.percent.is_some());
    let none = || Failure::Usage(format!("{} tries no other version", show::inert(name)));
    Ok(Some(canary.ok_or_else(none)?.version))
}

pub(super) async fn consent(
    client: &Client,
    screen: Screen,
    name: &str,
    (version, seen): (String, Option<String>),
    against: &AgainstArgs,
) -> Result<ExitCode, Failure> {
    if may_move(client, screen, name, Some(version.clone()), against).await?.is_none() {
        return Ok(ExitCode::FAILURE);
    }
    let diff = match seen {
        Some(seen) => seen,
        None => ask(client, name, &version).await?,
    };
    let profile = client.post(&["profiles", name, "consent"], Some(&Consent { version, diff })).await?;
    screen.answer::<Profile>(profile, show::profiles::one)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows the difference and asks. The digest of what was shown is what is consented to, whatever happens meanwhile.
async fn ask(client: &Client, name: &str, version: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "nobody is there to ask: name what you have seen with --diff, from `lockgate profiles diff --json`"
                .to_owned(),
        ));
    }
    let answer = client.get(&["profiles", name, "diff"], &[("version", version)]).await?;
    let diff: Diff = serde_json::from_value(answer).context("reading the difference")?;
    screen::note(&show::versions::diff(&diff));
    screen::note("Let the connector do this? What is added is granted. Type `yes`:");
    let mut said = String::new();
    std::io::stdin().read_line(&mut said).context("reading the answer")?;
    if said.trim() == "yes" { Ok(diff.digest) } else { Err(Failure::Usage("nothing was changed".to_owned())) }
}
