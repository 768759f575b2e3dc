//! `lockgate receive`: gives a component an event on this machine, and shows the records that it makes of it.

pub(crate) mod args;

use std::process::ExitCode;

use domain::call::Inbound;
use domain::cassette::Outcome;

use self::args::ReceiveArgs;
use crate::failure::Failure;
use crate::files;
use crate::local::show::Over;
use crate::local::{self, local, offered};

pub(crate) async fn run(args: ReceiveArgs) -> Result<ExitCode, Failure> {
    let body = files::read(&args.event, files::TEXT_BYTES_MAX)?;
    let headers =
        args.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    let here = Box::pin(local::open(&args.local)).await?;
    offered("hook", &args.hook, here.manifest.triggers.iter().map(|trigger| trigger.name.as_str()))?;
    let event = Inbound { headers, body };
    let report = Box::pin(here.tenant.rehearse_receive(&here.profile, &args.hook, event));
    let over = Over::of(report.await.map_err(local)?, Outcome::of_receive);
    here.host.shutdown().await;
    let good = over.outcome.is_good();
    over.show(&args.local)?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
