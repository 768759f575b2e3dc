//! `lockgate poll`.

use clap::Args;

use crate::local::args::LocalArgs;

const AFTER: &str = "\
Examples:
  lockgate poll orders --credential-file key.txt             # the first page
  lockgate poll orders --cursor '{\"after\":\"o_17\"}'
  lockgate poll orders --all --json                          # every page, one JSON object each
  lockgate poll orders --record page.cassette.json";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct PollArgs {
    /// The trigger.
    pub(crate) trigger: String,
    /// Where to go on: JSON, or @FILE. Without it: from the beginning.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) cursor: Option<String>,
    /// Go on until no page promises another one.
    #[arg(long, conflicts_with = "record")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) local: LocalArgs,
}
