//! `lockgate receive`.

use std::path::PathBuf;

use clap::Args;

use crate::local::args::LocalArgs;

const AFTER: &str = "\
The event is handed over as if its signature had been verified.

Examples:
  lockgate receive orders --event order-created.json
  lockgate receive orders --event order-created.json --header 'x-topic: orders/create' --json";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ReceiveArgs {
    /// The hook: a trigger of the manifest that takes webhooks.
    pub(crate) hook: String,
    /// The body of the event, as it arrives.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: PathBuf,
    /// A header of the event. May be repeated.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) local: LocalArgs,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as in `x-topic: orders/create`")?;
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}
