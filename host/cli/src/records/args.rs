//! `lockgate records`.

use clap::{Args, Subcommand};

use crate::args::Remote;

const AFTER: &str = "\
A record is named by the key that its source gave it. What is found says which flow and run had it, every attempt that
is still known with what the remote answered, and where it is now.

Examples:
  lockgate records find deal-4711
  lockgate records find deal-4711 --flow won-deals
  lockgate records find deal-47 --beginning                # every record whose key begins so
  lockgate logs --record deal-4711                         # what was said and sent for it";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct RecordsArgs {
    #[command(subcommand)]
    pub(crate) verb: RecordsVerb,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsVerb {
    /// Find a record over all flows.
    Find {
        /// The key of the record in its source.
        key: String,
        /// Every record whose key begins so.
        #[arg(long)]
        beginning: bool,
        /// In this flow only.
        #[arg(long, value_name = "FLOW")]
        flow: Option<String>,
    },
}
