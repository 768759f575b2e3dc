//! `lockgate logs`.

use clap::Args;

use crate::args::Remote;

const AFTER: &str = "\
Each request of a connector is one row, refused ones with the gate, the reason and what would allow them. Credentials
are never in it.

Examples:
  lockgate logs                                # the newest 50 rows, oldest of them first
  lockgate logs --profile stripe-main --follow
  lockgate logs --run 01KAWB6W3M2Q0R5T7V9X1Z3B5D --limit 500 --json";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct LogsArgs {
    /// Of this run only.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Of this profile only.
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// The most rows.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) limit: usize,
    /// Go on printing rows as they come; with --json, one object a line.
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}
