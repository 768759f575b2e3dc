//! `lockgate logs`.

use clap::Args;

use crate::args::Remote;

const AFTER: &str = "\
Each request of a connector is one row, refused ones with the gate, the reason and what would allow them; so is what
became of the records of a batch. Credentials are never in it. With --follow, a connection that is lost is made again,
and no row is missed or shown twice; where the host had to remove rows before they could be sent, it says how many.

Examples:
  lockgate logs                                # the newest 50 rows, oldest of them first
  lockgate logs --profile stripe-main --follow
  lockgate logs --record deal-4711             # what was said, sent and answered for one record
  lockgate logs --correlation 0af7651916cd43dd8448eb211c80319c   # one piece of work, as in its `traceparent`
  lockgate logs --run 01KAWB6W3M2Q0R5T7V9X1Z3B5D --settled       # what became of its records, attempt by attempt
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
    /// What was done for this record only, by its key.
    #[arg(long, value_name = "KEY")]
    pub(crate) record: Option<String>,
    /// Of this correlation id only: one piece of work, through host, connector and remote.
    #[arg(long, value_name = "ID")]
    pub(crate) correlation: Option<String>,
    /// Only what became of records, attempt by attempt.
    #[arg(long)]
    pub(crate) settled: bool,
    /// The most rows; with --follow, those that are shown before the first new one.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) limit: usize,
    /// Go on printing rows as they come; with --json, one object a line.
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

impl LogsArgs {
    pub(crate) fn query(&self) -> Vec<(&str, &str)> {
        let settled = self.settled.then_some("true");
        let named = [
            ("run", self.run.as_deref()),
            ("profile", self.profile.as_deref()),
            ("record", self.record.as_deref()),
            ("correlation", self.correlation.as_deref()),
            ("settled", settled),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
