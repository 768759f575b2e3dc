//! Profiles: made, granted, given their secrets, checked and called.

pub(crate) mod args;
mod consents;
mod judging;
mod recording;
mod versions;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;
use server::dto::{
    CallInputs, Called, Checked, CredentialPart, CredentialValue, Drift, NewAuth, NewJudgement, NewProfile,
    NewTracing, Page, Profile, ProfileSummary, Rights, SecretValue,
};

use self::args::{CreateArgs, ProfilesArgs, ProfilesVerb, RightsArgs, RunArgs};
use crate::client::Client;
use crate::failure::Failure;
use crate::files;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: ProfilesArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    match args.verb.unwrap_or(ProfilesVerb::List { status: None }) {
        ProfilesVerb::List { status } => {
            let mut page = client.list(&["profiles"], &[], usize::MAX).await?;
            // A status is worked out when it is asked for, so there is no index of it.
            if let (Some(status), Some(Value::Array(items))) = (status, page.get_mut("items")) {
                items.retain(|item| item.get("status").and_then(Value::as_str) == Some(&*status));
            }
            screen.answer::<Page<ProfileSummary>>(page, show::profiles::list)?;
        }
        ProfilesVerb::Show { name } => {
            let profile = client.get(&["profiles", &name], &[]).await?;
            screen.answer::<Profile>(profile, show::profiles::one)?;
        }
        ProfilesVerb::Create(args) => create(&client, screen, args).await?,
        ProfilesVerb::Grant(args) => change_rights(&client, screen, "grant", args).await?,
        ProfilesVerb::Revoke(args) => change_rights(&client, screen, "revoke", args).await?,
        ProfilesVerb::Credential { name, from_file, expires_at, expires_in, rotate_after } => {
            let profile = client.get(&["profiles", &name], &[]).await?;
            let profile: Profile = serde_json::from_value(profile).context("reading the profile")?;
            let credential = CredentialValue {
                expires_at,
                expires_in_s: expires_in,
                rotate_after_days: rotate_after,
                ..credential(&profile, from_file.as_deref())?
            };
            let profile = client.put(&["profiles", &name, "credential"], &credential).await?;
            screen.answer::<Profile>(profile, show::profiles::one)?;
        }
        ProfilesVerb::Connect { name, wait } => return consents::connect(&client, screen, &name, wait).await,
        ProfilesVerb::Disconnect { name } => {
            let profile = client.delete(&["profiles", &name, "connect"]).await?;
            screen.answer::<Profile>(profile, show::profiles::one)?;
        }
        ProfilesVerb::RenewToken { name } => {
            let profile = client.order(&["profiles", &name, "token"]).await?;
            screen.answer::<Profile>(profile, show::profiles::one)?;
        }
        ProfilesVerb::Secret { name, secret: secret_name, from_file } => {
            let value = secret(from_file.as_deref(), &format!("{secret_name} of {name} (not shown): "))?;
            client.put(&["profiles", &name, "secrets", &secret_name], &SecretValue { value }).await?;
            let profile = client.get(&["profiles", &name], &[]).await?;
            screen.answer::<Profile>(profile, show::profiles::one)?;
        }
        ProfilesVerb::Diff { name, version } => {
            versions::diff(&client, screen, &name, version.as_deref()).await?;
        }
        ProfilesVerb::Judge { name, version, limit } => {
            return judging::judge(&client, screen, &name, NewJudgement { version, limit }).await;
        }
        ProfilesVerb::Upgrade { name, version, against } => {
            return versions::upgrade(&client, screen, &name, version, &against).await;
        }
        ProfilesVerb::Consent { name, version, diff, against } => {
            return versions::consent(&client, screen, &name, (version, diff), &against).await;
        }
        ProfilesVerb::Enable { name } => {
            let profile = client.order(&["profiles", &name, "enable"]).await?;
            screen.answer::<Profile>(profile, show::profiles::one)?;
        }
        ProfilesVerb::Disable { name } => {
            let profile = client.order(&["profiles", &name, "disable"]).await?;
            screen.answer::<Profile>(profile, show::profiles::one)?;
        }
        ProfilesVerb::Delete { name } => {
            client.delete(&["profiles", &name]).await?;
            screen.hint(&format!("the profile {} is gone, and its secrets with it", show::inert(&name)));
        }
        ProfilesVerb::Record(args) => recording::record(&client, screen, args).await?,
        ProfilesVerb::Tracing { name, log_bodies, send_correlation } => {
            let new = NewTracing { log_bodies, send_correlation };
            let profile = client.put(&["profiles", &name, "tracing"], &new).await?;
            screen.answer::<Profile>(profile, show::profiles::one)?;
        }
        ProfilesVerb::Canary(args) => return versions::canary(&client, screen, args).await,
        ProfilesVerb::Drift { name, clear: true } => {
            client.delete(&["profiles", &name, "drift"]).await?;
            screen.hint(&format!(
                "what was met at {} is forgotten; what still differs is met again",
                show::inert(&name)
            ));
        }
        ProfilesVerb::Drift { name, clear: false } => {
            screen
                .answer::<Drift>(client.get(&["profiles", &name, "drift"], &[]).await?, show::drift::one)?;
        }
        ProfilesVerb::Refresh { name } => {
            let spinner = screen.spinner(format!("verifying {name}"));
            let profile = client.order(&["profiles", &name, "refresh"]).await;
            drop(spinner);
            screen.answer::<Profile>(profile?, show::profiles::one)?;
        }
        ProfilesVerb::Check { name } => return check(&client, screen, &name).await,
        ProfilesVerb::Run(args) => return call(&client, screen, args).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(client: &Client, screen: Screen, args: CreateArgs) -> Result<(), Failure> {
    let (connector, version) = match args.connector.split_once('@') {
        Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
        None => (args.connector, None),
    };
    let new = NewProfile {
        name: args.name,
        connector,
        version,
        config: args.config.as_deref().map(files::json).transpose().context("--config")?,
        auth: args.auth.map(|kind| NewAuth { kind, user: args.user.or(args.client_id) }),
        rate: args.rate,
        egress_address: args.egress_address.map(|address| address.to_string()),
    };
    let profile = client.create(&["profiles"], &new).await?;
    let profile: Profile = screen.answer(profile, show::profiles::one)?;
    let name = show::inert(&profile.name);
    if profile.auth.as_ref().is_some_and(|auth| auth.kind == "oauth2") {
        screen.hint(&format!("\nnext: lockgate profiles credential {name}    (the client's secret or key)"));
        screen.hint(&format!(
            "next: lockgate profiles connect {name}       (where a person consents; grant first)"
        ));
    } else if profile.auth.is_some() {
        screen.hint(&format!("\nnext: lockgate profiles credential {name}"));
    }
    screen.hint(&format!("next: lockgate profiles grant {name} --all    (or host by host, scope by scope)"));
    Ok(())
}

async fn change_rights(client: &Client, screen: Screen, verb: &str, args: RightsArgs) -> Result<(), Failure> {
    let rights = if args.all {
        all_rights(client, verb, &args.name).await?
    } else if args.hosts.is_empty() && args.scopes.is_empty() {
        return Err(Failure::Usage(format!("name what to {verb} with --host and --scope, or say --all")));
    } else {
        Rights { hosts: args.hosts, scopes: args.scopes }
    };
    let profile = client.post(&["profiles", &args.name, verb], Some(&rights)).await?;
    screen.answer::<Profile>(profile, show::profiles::one)?;
    Ok(())
}

async fn all_rights(client: &Client, verb: &str, name: &str) -> Result<Rights, Failure> {
    let profile = client.get(&["profiles", name], &[]).await?;
    let profile: Profile = serde_json::from_value(profile).context("reading the profile")?;
    let granting = verb == "grant";
    let wanted = |requested: bool, granted: bool| if granting { requested && !granted } else { granted };
    let hosts = profile.hosts.into_iter().filter(|right| wanted(right.requested, right.granted));
    let scopes = profile.scopes.into_iter().filter(|right| wanted(right.requested, right.granted));
    let rights = Rights {
        hosts: hosts.map(|right| right.host).collect(),
        scopes: scopes.map(|right| right.scope).collect(),
    };
    if rights.hosts.is_empty() && rights.scopes.is_empty() {
        return Err(Failure::Usage(format!("{name} has nothing left to {verb}")));
    }
    Ok(rights)
}

async fn check(client: &Client, screen: Screen, name: &str) -> Result<ExitCode, Failure> {
    let spinner = screen.spinner(format!("checking {name}"));
    let answer = client.order(&["profiles", name, "check"]).await;
    drop(spinner);
    let checked: Checked = screen.answer(answer?, |checked| show::calls::checked(name, checked))?;
    Ok(if checked.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn call(client: &Client, screen: Screen, args: RunArgs) -> Result<ExitCode, Failure> {
    let inputs: Result<Vec<_>, _> = args.inputs.iter().map(|input| files::json(input)).collect();
    let call = CallInputs { inputs: inputs.context("--input")?, key: args.key };
    let spinner = screen.spinner(format!("running {} on {} input(s)", args.action, call.inputs.len()));
    let answer = client.create(&["profiles", &args.name, "actions", &args.action], &call).await;
    drop(spinner);
    let called: Called = screen.answer(answer?, show::calls::called)?;
    let failed = called.results.iter().any(|result| result.error.is_some());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One value, or one JSON object of parts; at a terminal each part is asked for by its name.
pub(crate) fn credential(profile: &Profile, from_file: Option<&Path>) -> Result<CredentialValue, Failure> {
    let name = show::inert(&profile.name);
    let parts = profile.auth.as_ref().map(|auth| auth.parts.as_slice()).unwrap_or_default();
    if parts.is_empty() {
        let value = secret(from_file, &format!("credential of {name} (not shown): "))?;
        return Ok(CredentialValue { value: Some(value), ..CredentialValue::default() });
    }
    if from_file.is_none() && std::io::stdin().is_terminal() {
        let mut given = BTreeMap::new();
        for CredentialPart { name: part, required } in parts {
            let may_lack = if *required { "" } else { ", or nothing" };
            let value = files::secret(&format!("{} of {name} (not shown{may_lack}): ", show::inert(part)))?;
            if !value.is_empty() {
                given.insert(part.clone(), value);
            }
        }
        return Ok(CredentialValue { parts: Some(given), ..CredentialValue::default() });
    }
    let text = secret(from_file, "")?;
    let given = serde_json::from_str(&text).map_err(|_| {
        let names: Vec<_> = parts.iter().map(|part| show::inert(&part.name)).collect();
        let object = "the credential has several parts: give a JSON object of texts, with";
        Failure::Usage(format!("{object} {}", names.join(", ")))
    })?;
    Ok(CredentialValue { parts: Some(given), ..CredentialValue::default() })
}

fn secret(from_file: Option<&Path>, prompt: &str) -> Result<String, Failure> {
    let value = match from_file {
        Some(path) => {
            let mut text = files::read_text(path)?;
            files::without_line_break(&mut text);
            text
        }
        None => files::secret(prompt)?,
    };
    if value.is_empty() {
        return Err(Failure::Usage("the secret is empty; type it, or pipe it into stdin".to_owned()));
    }
    Ok(value)
}
