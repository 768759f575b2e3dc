//! `lockgate upload` and `lockgate connectors`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Remote;

const UPLOAD_AFTER: &str = "\
The host compiles the component, refuses what it cannot vouch for and says why, and asks the component what it is.
Uploading grants nothing: it only makes the connector known. The same bytes again change nothing; other bytes need
another version in the manifest.

Example:
  lockgate upload target/wasm32-wasip2/release/shop.wasm";

#[derive(Debug, Args)]
#[command(after_help = UPLOAD_AFTER)]
pub(crate) struct UploadArgs {
    /// The component.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The signature that `lockgate sign` printed, where the tenant asks for one.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

const AFTER: &str = "\
Examples:
  lockgate connectors                          # all of them
  lockgate connectors show stripe              # hosts, scopes and what each lets it do
  lockgate connectors show stripe --version 1.4.0 --json";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ConnectorsArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<ConnectorsVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectorsVerb {
    /// All connectors. This is what happens without a verb.
    List,
    /// One connector: what it asks for, what it can do.
    Show {
        /// The connector.
        name: String,
        /// This version; the highest unless given.
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
    },
    /// Remove one version. Refused while a profile uses it.
    Delete {
        /// The connector.
        name: String,
        /// The version.
        version: String,
    },
}
