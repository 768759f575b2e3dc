//! `lockgate serve`: opens a host on its data folder and serves its API until it is told to stop.

pub(crate) mod args;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use domain::Clock as _;
use domain::TenantId;
use domain::audit::Actor;
use domain::egress::Ceiling;
use domain::quota::Quotas;
use domain::token::Bearer;
use lockgate::{Compiler, Host, SystemClock};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use self::args::ServeArgs;
use crate::{files, keys, memory};

const TOKEN_FILE: &str = "operator.token";

pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_new(&args.log).context("--log")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    memory::keep_private().context("keeping secrets out of core files")?;
    // Tokens and secrets travel here: in the clear they stay on this machine.
    if !args.listen.ip().is_loopback() && args.tls_cert.is_none() && !args.plain_http_behind_proxy {
        anyhow::bail!(
            "{} can be reached from elsewhere: give --tls-cert and --tls-key, or say --plain-http-behind-proxy if a \
             proxy in front of it speaks TLS",
            args.listen
        );
    }
    let tls = tls(&args)?;
    let listening = || format!("listening on {}; choose another address with --listen", args.listen);
    // Before the store is opened: a second host on the same port should not touch the data at all.
    let listener = TcpListener::bind(args.listen).await.with_context(listening)?;
    files::make_private_dir(&args.data)?;
    let mut builder = Host::builder().data_dir(&args.data).engine(args.engine.into());
    builder = builder.compiler(Compiler::ThisProgram);
    if let Some(key) = keys::given(args.key_file.as_deref())? {
        builder = builder.key(key);
    }
    if let Some(path) = &args.ceiling {
        builder = builder.ceiling(ceiling(path)?);
    }
    builder = builder.egress(lockgate::EgressOptions {
        egress_addresses: args.egress_address.clone(),
        log_bodies: !args.no_log_bodies,
        ..lockgate::EgressOptions::default()
    });
    builder = builder.pipeline(lockgate::PipelineOptions {
        inbox_events_max: args.inbox_events,
        events_remembered_ms: args.events_remembered,
        ..lockgate::PipelineOptions::default()
    });
    if let Some(path) = &args.quotas {
        builder = builder.quotas(quotas(path)?);
    }
    if let Some(url) = &args.public_url {
        builder = builder.public_url(url.clone());
    }
    let opening = || format!("opening the data folder {}", args.data.display());
    let host = builder.build().await.with_context(opening)?;
    tokens(&host, &args).await?;

    let address = listener.local_addr().with_context(listening)?;
    host.listens_on(address);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let own = || format!("{scheme}://{address}");
    host.reached_at(&args.public_url.as_ref().map_or_else(own, ToString::to_string));
    let named =
        args.allowed_host.iter().cloned().chain(args.public_url.iter().map(|url| url.host().to_owned()));
    let hosts = allowed_hosts(&named.collect::<Vec<_>>(), address);
    let options = server::Options { hosts, strict_transport: tls.is_some(), ..server::Options::default() };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), data = %args.data.display(), "serving {scheme}://{address}");
    let router = server::router(host.clone(), options);
    let serving = server::Serving { tls, ..server::Serving::default() };
    server::serve_as(listener, router, serving, stop()).await.context("serving the API")?;
    host.shutdown().await;
    tracing::info!("everything under way has been committed");
    Ok(ExitCode::SUCCESS)
}

fn tls(args: &ServeArgs) -> anyhow::Result<Option<server::Tls>> {
    let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) else { return Ok(None) };
    let (certificate_text, key_text) = (files::read_text(certificate)?, files::read_text(key)?);
    let tls = server::Tls::from_pem(certificate_text.as_bytes(), key_text.as_bytes());
    Ok(Some(tls.with_context(|| format!("{} and {}", certificate.display(), key.display()))?))
}

/// The address that it listens on, where that is one, and what was named. Loopback is always among them.
fn allowed_hosts(named: &[String], address: std::net::SocketAddr) -> server::AllowedHosts {
    if address.ip().is_unspecified() && named.is_empty() {
        tracing::warn!(
            "it listens everywhere and answers to names of loopback only; name it with --allowed-host"
        );
    }
    let own = (!address.ip().is_unspecified()).then(|| address.ip().to_string());
    server::AllowedHosts::and(named.iter().cloned().chain(own))
}

fn ceiling(path: &Path) -> anyhow::Result<Ceiling> {
    let text = files::read_text(path)?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is no ceiling; `lockgate serve --help` shows one", path.display()))
}

fn quotas(path: &Path) -> anyhow::Result<Quotas> {
    let text = files::read_text(path)?;
    serde_json::from_str(&text).with_context(|| format!("{} holds no quotas", path.display()))
}

/// A host without an operator's token could never be used: the first start makes one.
async fn tokens(host: &Host, args: &ServeArgs) -> anyhow::Result<()> {
    let path = args.data.join(TOKEN_FILE);
    let known = host
        .tokens(None, 500)?
        .items
        .iter()
        .any(|token| token.bearer == Bearer::Operator && !token.is_expired(SystemClock.now()));
    if args.new_operator_token || !known {
        let made = host.acting(Actor::Host).make_token(Bearer::Operator).await?;
        files::write_private(&path, &made.text)?;
        tracing::info!(token = %made.token.id, "an operator's token has been written to {}", path.display());
    } else if !path.exists() {
        tracing::info!("{} is gone; --new-operator-token makes another", path.display());
    }
    if let Some(name) = &args.tenant_token {
        let tenant: TenantId = name.parse().context("--tenant-token")?;
        let path = args.data.join(format!("{tenant}.token"));
        if !path.exists() {
            let made = host.acting(Actor::Host).make_token(Bearer::Tenant { tenant }).await?;
            files::write_private(&path, &made.text)?;
            tracing::info!(token = %made.token.id, "a token of {name} has been written to {}", path.display());
        }
    }
    Ok(())
}

/// Done when somebody wants the host to end.
async fn stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
    tracing::info!("stopping: no new work is taken");
}
