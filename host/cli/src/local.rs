//! A component on this machine: the real host in this process, in memory, with one profile that may do all the component
//! asks for, or less.

pub(crate) mod args;
pub(crate) mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use domain::egress::{Ceiling, Origin};
use domain::parts::{self, Parts};
use domain::{ConnectorName, ProfileName, ScopeName, Secret};
use lockgate::{AuthChoice, Compiler, Host, NewProfile, Tenant};
use serde_json::json;
use wit::{AuthScheme, Oauth2Grant};

use self::args::LocalArgs;
use crate::cache::CacheArgs;
use crate::failure::Failure;
use crate::files;
use crate::project::Project;
use crate::screen::{self, Screen};

/// A profile that can be called.
pub(crate) struct Local {
    // Ends with it.
    pub(crate) host: Host,
    pub(crate) tenant: Tenant,
    pub(crate) profile: ProfileName,
    pub(crate) manifest: wit::Manifest,
}

/// A host without a store on the disk, that leaves a cassette of every call.
pub(crate) async fn host(ceiling: Option<&Path>, cache: CacheArgs) -> Result<Host, Failure> {
    let mut builder = Host::builder().compiler(Compiler::ThisProgram).record_everything();
    if let Some(artefacts) = cache.artefacts() {
        builder = builder.artefacts(artefacts);
    }
    if let Some(path) = ceiling {
        let text = files::read_text(path)?;
        let ceiling: Ceiling = serde_json::from_str(&text).with_context(|| {
            format!("{} is no ceiling; `lockgate serve --help` shows one", path.display())
        })?;
        builder = builder.ceiling(ceiling);
    }
    Ok(Box::pin(builder.build()).await.context("starting a host in this process")?)
}

/// The component's file: the one that is named, or the one of the project here.
pub(crate) fn component(named: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => built(Path::new("."))?,
    };
    Ok(files::read(&path, files::COMPONENT_BYTES_MAX)?)
}

fn built(here: &Path) -> Result<PathBuf, Failure> {
    let project = Project::find(here)?;
    let path = project.component().to_owned();
    if !path.is_file() {
        return Err(Failure::Usage(format!(
            "{} is not there; `lockgate build` makes it, or name a component with --component",
            path.display()
        )));
    }
    if project.is_stale() {
        screen::note("warning: the sources are newer than the component; `lockgate build` makes it anew");
    }
    Ok(path)
}

pub(crate) async fn open(args: &LocalArgs) -> Result<Local, Failure> {
    let bytes = component(args.component.as_deref())?;
    let config = args.config.as_deref().map(files::json).transpose().context("--config")?;
    // Before a component is compiled: who gave the wrong file is told at once.
    let given = args.credential_file.as_deref().map(secret).transpose()?;
    let token = args.access_token_file.as_deref().map(secret).transpose()?;
    let secrets: Result<Vec<_>, Failure> =
        args.secrets.iter().map(|(name, path)| Ok((name, secret(path)?))).collect();
    let secrets = secrets?;
    let spinner = Screen { json: args.json }.spinner("admitting the component".to_owned());
    let host = host(args.ceiling.as_deref(), args.cache).await?;
    let tenant = host.tenant("laptop").map_err(local)?;
    let uploaded = tenant.upload(bytes).await.map_err(local)?;
    drop(spinner);
    let manifest = uploaded.connector.manifest.clone();
    let connector: ConnectorName = uploaded.connector.name.clone();
    let name: ProfileName = "local".parse().context("naming the profile")?;
    let auth = chosen(args, &manifest)?;
    let new = NewProfile {
        name,
        connector,
        version: None,
        config: config.unwrap_or_else(|| json!({})),
        auth,
        rate: None,
        egress_address: None,
    };
    let profile = tenant.create_profile(new).await.map_err(local)?;
    if let Some(token) = token {
        tenant.rehearse_with_token(&profile.name, token).await.map_err(local)?;
    } else if let Some(given) = given {
        let scheme = profile.auth.as_ref().map(|auth| &auth.scheme);
        let credential = credential(given, scheme.map(parts::wanted).unwrap_or_default())?;
        tenant.set_credential(&profile.name, credential).await.map_err(local)?;
    } else if profile.auth.is_some() {
        return Err(Failure::Usage(
            "the connector sends a credential; give it with --credential-file (one made up will do for a mock)".to_owned(),
        ));
    }
    for (name, secret) in secrets {
        let name = name.parse().context("--secret")?;
        tenant.set_secret(&profile.name, &name, secret).await.map_err(local)?;
    }
    let (hosts, scopes) = rights(args, &tenant, &profile, &manifest)?;
    tenant.grant(&profile.name, &hosts, &scopes).await.map_err(local)?;
    Ok(Local { host, tenant, profile: profile.name, manifest })
}

/// How the profile authenticates. A person's consent needs a browser and a host that it comes back to.
fn chosen(args: &LocalArgs, manifest: &wit::Manifest) -> Result<Option<AuthChoice>, Failure> {
    if args.access_token_file.is_some() {
        let user = args.user.clone().or_else(|| Some("local".to_owned()));
        return Ok(Some(AuthChoice { kind: "oauth2".to_owned(), user }));
    }
    let kind = args.auth.as_deref();
    let scheme = match (kind, manifest.auth.as_slice()) {
        (None, [scheme]) => Some(scheme),
        (None, _) => None,
        (Some(kind), offered) => offered.iter().find(|scheme| scheme.kind() == kind),
    };
    if let Some(AuthScheme::Oauth2(scheme)) = scheme {
        let by_person = scheme.grant == Oauth2Grant::AuthorizationCode;
        if by_person || args.credential_file.is_none() || args.user.is_none() {
            return Err(Failure::Usage(
                "the connector authenticates with OAuth 2, and nobody can consent here: give an access token with \
                 --access-token-file; where its grant is not authorization_code, give the client with --auth oauth2 --user \
                 and --credential-file"
                    .to_owned(),
            ));
        }
    }
    Ok(kind.map(|kind| AuthChoice { kind: kind.to_owned(), user: args.user.clone() }))
}

/// All that the manifest asks for, or what is named of it.
fn rights(
    args: &LocalArgs,
    tenant: &Tenant,
    profile: &domain::profile::Profile,
    manifest: &wit::Manifest,
) -> Result<(BTreeSet<Origin>, BTreeSet<ScopeName>), Failure> {
    let hosts = match args.hosts.as_slice() {
        [] => tenant.requested_hosts(profile).map_err(local)?,
        named => {
            let hosts: Result<BTreeSet<Origin>, _> = named.iter().map(|host| host.parse()).collect();
            hosts.context("--host")?
        }
    };
    let asked: Vec<&str> = manifest.scopes.iter().map(|scope| scope.name.as_str()).collect();
    let named: Vec<&str> = args.scopes.iter().map(String::as_str).collect();
    let scopes: Result<BTreeSet<ScopeName>, _> =
        if named.is_empty() { asked } else { named }.into_iter().map(str::parse).collect();
    Ok((hosts, scopes.context("--scope")?))
}

/// What a file holds, if a host would keep it.
pub(crate) fn secret(path: &Path) -> Result<Secret, Failure> {
    let mut text = files::read_text(path)?;
    files::without_line_break(&mut text);
    let secret = Secret::new(text);
    lockgate::check_secret(&secret).map_err(|error| {
        let message = format!("{}: {}", path.display(), error.message);
        local(lockgate::Error { message, ..error })
    })?;
    Ok(secret)
}

fn credential(given: Secret, wanted: &[parts::Wanted]) -> Result<Secret, Failure> {
    if wanted.is_empty() {
        return Ok(given);
    }
    let given: BTreeMap<String, String> = serde_json::from_slice(given.expose()).map_err(|_| {
        let names: Vec<_> = wanted.iter().map(|part| part.name).collect();
        Failure::Usage(format!(
            "the credential has several parts: give a JSON object of texts, with {}",
            names.join(", ")
        ))
    })?;
    let given = Parts::new(given.into_iter().map(|(name, part)| (name, Secret::new(part))));
    Ok(given.and_then(|parts| parts.seal()).context("--credential-file")?)
}

/// An error of the host in this process.
pub(crate) fn local(error: lockgate::Error) -> Failure {
    Failure::Local(anyhow::Error::new(error))
}

/// Of what the component offers, by name.
pub(crate) fn offered<'a>(
    what: &str,
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), Failure> {
    let names: Vec<&str> = names.into_iter().collect();
    if names.contains(&wanted) {
        return Ok(());
    }
    let offered = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(Failure::Usage(format!(
        "the component has no {what} {wanted:?}; it offers {}",
        crate::show::inert(&offered)
    )))
}
