//! Another version for a profile: what it asks for, and the way to it.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use server::dto::{Consent, Diff, NewCanary, Profile, Upgrade};

use super::args::CanaryArgs;
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
) -> Result<(), Failure> {
    let profile = client.post(&["profiles", name, "upgrade"], Some(&Upgrade { version })).await?;
    screen.answer::<Profile>(profile, show::profiles::one)?;
    Ok(())
}

pub(super) async fn canary(client: &Client, screen: Screen, args: CanaryArgs) -> Result<(), Failure> {
    let CanaryArgs { name, version, percent, promote, stop } = args;
    let path = ["profiles", &name, "canary"];
    let profile = if promote {
        client.order(&["profiles", &name, "canary", "promote"]).await?
    } else if stop {
        client.delete(&path).await?
    } else {
        client.put(&path, &NewCanary { version, percent }).await?
    };
    screen.answer::<Profile>(profile, show::profiles::one)?;
    Ok(())
}

pub(super) async fn consent(
    client: &Client,
    screen: Screen,
    name: &str,
    version: String,
    seen: Option<String>,
) -> Result<(), Failure> {
    let diff = match seen {
        Some(seen) => seen,
        None => ask(client, name, &version).await?,
    };
    let profile = client.post(&["profiles", name, "consent"], Some(&Consent { version, diff })).await?;
    screen.answer::<Profile>(profile, show::profiles::one)?;
    Ok(())
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
