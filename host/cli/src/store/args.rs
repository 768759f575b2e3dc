//! `lockgate store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const AFTER: &str = "\
`check` reads every row of a stopped host's data folder: that each is as it was written and of its table, that every
accepted record waits exactly once or has met its fate, that the lists of runs and dead letters fit their rows, that every
secret opens, and that no audit entry is missing or changed. It writes nothing. It exits with 1 if anything is wrong, and
names the rows.

Examples:
  lockgate store check --data /var/lib/lockgate
  lockgate store check --data ./data --key-file /run/secrets/lockgate.key --json";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    pub(crate) verb: StoreVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreVerb {
    /// Read everything in the data folder of a stopped host, and name what is wrong.
    Check {
        /// The data folder.
        #[arg(long, visible_alias = "data-dir", value_name = "DIR")]
        data: PathBuf,
        /// The key that opens the data folder; goes before LOCKGATE_KEY. Unless given: `lockgate.key` in it.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// Print the result as JSON, for programs.
        #[arg(long)]
        json: bool,
    },
}
