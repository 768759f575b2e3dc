//! `lockgate cassettes`.

use clap::{Args, Subcommand};

use crate::args::Remote;

const AFTER: &str = "\
A host keeps cassettes of a profile's calls only while an owner consents: `lockgate profiles record NAME --for 24h`.

Examples:
  lockgate cassettes list --profile shop-main
  lockgate cassettes show 01KAWB6W3M2Q0R5T7V9X1Z3B5D > failed.json
  lockgate replay failed.json                                # on the laptop, with no network";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct CassettesArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<CassettesVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CassettesVerb {
    /// What is kept, oldest first. This is what happens without a verb.
    List {
        /// Of this profile only.
        #[arg(long, value_name = "PROFILE")]
        profile: Option<String>,
    },
    /// Print one as a file, for `lockgate replay`. The audit trail says that it was given out.
    Show {
        /// The cassette.
        id: String,
    },
}
