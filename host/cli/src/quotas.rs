//! Quotas: what a tenant holds and may hold.

pub(crate) mod args;

use std::process::ExitCode;

use server::dto::{Page, QuotaUsage};

use self::args::QuotasArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: QuotasArgs) -> Result<ExitCode, Failure> {
    let (client, screen) = (Client::new(&args.remote)?, Screen { json: args.remote.json });
    let usage = match &args.tenant {
        Some(tenant) => client.get(&["tenants", tenant, "quotas"], &[]).await?,
        None => client.get(&["quotas"], &[]).await?,
    };
    screen.answer::<Page<QuotaUsage>>(usage, show::quotas::list)?;
    Ok(ExitCode::SUCCESS)
}
