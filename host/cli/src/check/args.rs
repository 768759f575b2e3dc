//! `lockgate check`.

use std::path::PathBuf;

use clap::Args;

use crate::cache::CacheArgs;

const AFTER: &str = "\
Admits the component into a host of its own on this machine, as a host in production would, and says what it asks for
and what it costs. Nothing is kept and nothing is sent.

Examples:
  lockgate check shop.wasm
  lockgate check                               # what is built of the project around this folder
  lockgate check shop.wasm --json | jq .cost

Exit status: 0 admitted, 2 a wrong command line, 3 refused: the reason and what to do about it are told.";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct CheckArgs {
    /// A component, or a folder of a project.
    #[arg(value_name = "FILE.wasm|PATH", default_value = ".")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Print what was found as JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}
