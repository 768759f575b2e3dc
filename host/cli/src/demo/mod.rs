//! `lockgate demo`: the main job on real data, from nothing, on one machine.
//!
//! It starts two mock vendors and a host on loopback, uploads two connectors, grants them what they need, lets a flow
//! turn closed deals into invoices, and has one request refused. Everything it leaves behind is in one folder.

mod setup;
mod show;
mod summary;
mod vendors;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use domain::egress::Ceiling;
use domain::run::Run;
use lockgate::{Builder, Compiler, Host, Tenant};

use self::summary::Summary;
use self::vendors::Vendors;

/// The tenant that the demo works for.
const TENANT: &str = "acme";

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Where everything is kept. Running again on the same folder goes on where it stopped.
    #[arg(long, value_name = "DIR", default_value = "lockgate-demo")]
    pub(crate) data: PathBuf,
    /// Stop after one complete pass; the exit status is 0 only if every record is accounted for.
    #[arg(long)]
    pub(crate) once: bool,
    /// Print the summary as one JSON object, and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Where the API listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    pub(crate) listen: SocketAddr,
}

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let stage = show::Stage::new(args.json);
    let vendors = Vendors::start(&args.data).await?;
    let host = open(&args.data, &vendors).await?;
    let (url, token) = serve(&args, &host).await?;
    let tenant = host.tenant(TENANT)?;
    stage.started(&args.data, &vendors, &url);

    setup::connectors(&tenant, &vendors, &stage).await?;
    setup::flow(&tenant).await?;
    let run = pass(&tenant, &vendors, &stage).await?;
    let denied = setup::try_something_not_granted(&tenant, &vendors).await?;

    let summary = Summary::new(&run, &vendors, &denied);
    stage.denied(&denied);
    stage.summary(&summary)?;
    if !args.once {
        stage.next_commands(&url, &token);
        tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")?;
    }
    host.shutdown().await;
    Ok(if summary.complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The two vendors are on loopback, over plain http: only the operator's ceiling can allow that, origin by origin.
async fn open(data: &Path, vendors: &Vendors) -> anyhow::Result<Host> {
    let private = vendors.origins()?;
    let ceiling = Ceiling { private, ..Ceiling::default() };
    let builder: Builder =
        Host::builder().data_dir(data.join("host")).ceiling(ceiling).compiler(Compiler::ThisProgram);
    builder.build().await.with_context(|| format!("opening the data folder {}", data.display()))
}

/// Serves the API in the background; the token is made anew each time, since none is kept in the clear.
async fn serve(args: &DemoArgs, host: &Host) -> anyhow::Result<(String, String)> {
    let tenant = TENANT.parse()?;
    let token = host.make_token(domain::token::Bearer::Tenant { tenant }).await?;
    let listener = match tokio::net::TcpListener::bind(args.listen).await {
        Ok(listener) => listener,
        // One pass needs no particular port, and should not fail because somebody sits on the usual one.
        Err(_) if args.once => tokio::net::TcpListener::bind("127.0.0.1:0").await?,
        Err(error) => {
            return Err(error)
                .with_context(|| format!("listening on {}; choose another with --listen", args.listen));
        }
    };
    let address = listener.local_addr()?;
    host.listens_on(address);
    let url = format!("http://{address}");
    let router = server::router(host.clone(), server::Options::default());
    tokio::spawn(async move { server::serve(listener, router, std::future::pending()).await });
    Ok((url, token.text))
}

/// One run of the flow, from its trigger to its end. A run that an earlier process left open is the one that goes on.
async fn pass(tenant: &Tenant, vendors: &Vendors, stage: &show::Stage) -> anyhow::Result<Run> {
    let run = tenant.run_flow(&setup::FLOW.parse()?).await?;
    vendors.remember_baseline(&run.id)?;
    let mut progress = stage.progress(vendors.deals());
    loop {
        let run = tenant.run(&run.id)?;
        progress.show(&run.counts);
        if run.status.is_final() {
            progress.finish();
            return Ok(run);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
