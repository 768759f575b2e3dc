//! `lockgate dead-letters`.

use clap::{Args, Subcommand};
use lockgate::SystemClock;
use lockgate::domain::{Clock as _, Timestamp};

use crate::args::Remote;

const AFTER: &str = "\
A dead letter is a record that gave up: refused for good, or tried as often as its flow allows. Nothing of it is lost.
A replay sends it again under its old idempotency key, so that a remote which did receive it can tell; --as-new takes
another key, so that the remote takes it for another record even if it has the first one.

Examples:
  lockgate dead-letters                        # the newest, of all flows
  lockgate dead-letters list --flow won-deals --state parked --code remote_rejected --since 2026-11-22T08:30:00Z
  lockgate dead-letters show 01KAWB6W3M2Q0R5T7V9X1Z3B5D
  lockgate dead-letters edit 01KAWB6W3M2Q0R5T7V9X1Z3B5D --body @mended.json --replay
  lockgate dead-letters replay 01KAWB6W3M2Q0R5T7V9X1Z3B5D
  lockgate dead-letters replay-all --flow won-deals --dry-run          # how many, and which come first
  lockgate dead-letters replay-all --flow won-deals --per-second 5
  lockgate dead-letters jobs                   # how far such replays are; `jobs cancel ID` ends one
  lockgate dead-letters discard 01KAWB6W3M2Q0R5T7V9X1Z3B5D --reason 'entered by hand'";

const REPLAY_ALL_AFTER: &str = "\
Every parked dead letter of the filter is sent again, oldest first, behind the answer and through a restart of the host.

Examples:
  lockgate dead-letters replay-all --flow won-deals --dry-run
  lockgate dead-letters replay-all --flow won-deals --blame remote --since 2026-11-22T08:30:00Z --per-second 5
  lockgate dead-letters replay-all --since 24h --wait
  lockgate dead-letters replay-all --everything
  lockgate dead-letters jobs show 01KAWB6W3M2Q0R5T7V9X1Z3B5D";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct DeadLettersArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<DeadLettersVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersVerb {
    /// Dead letters, newest first. This is what happens without a verb.
    List(ListArgs),
    /// One dead letter: the record, why it gave up, what was asked and answered last, every attempt.
    Show {
        /// The dead letter.
        id: String,
    },
    /// Put another body in the place of the record's; the original stays beside it.
    Edit {
        /// The dead letter.
        id: String,
        /// The record as its source should have given it: JSON, or @FILE.
        #[arg(long, value_name = "JSON|@FILE")]
        body: String,
        /// Send it on its way at once.
        #[arg(long)]
        replay: bool,
        /// With --replay: under a new idempotency key.
        #[arg(long, requires = "replay")]
        as_new: bool,
    },
    /// Send one on its way again.
    Replay {
        /// The dead letter.
        id: String,
        /// Under a new idempotency key: the remote takes it for another record, also if it has the first one.
        #[arg(long)]
        as_new: bool,
    },
    /// Send many on their way again, at a pace.
    ReplayAll(ReplayAllArgs),
    /// Replays of many: where they stand.
    Jobs {
        #[command(subcommand)]
        verb: Option<JobsVerb>,
    },
    /// Decide that one is not to be delivered.
    Discard {
        /// The dead letter.
        id: String,
        /// Why; it is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobsVerb {
    /// Replays of many, newest first. This is what happens without a verb.
    List {
        /// The most items.
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
    },
    /// One of them: how many it has sent, and how many were refused.
    Show {
        /// The job.
        id: String,
    },
    /// End one; what it has sent goes on.
    Cancel {
        /// The job.
        id: String,
    },
}

// Which dead letters. No text for people: it would stand in the place of the verb's own.
#[derive(Debug, Default, Args)]
pub(crate) struct WhichArgs {
    /// Of this flow only.
    #[arg(long, value_name = "FLOW")]
    pub(crate) flow: Option<String>,
    /// With this code of failure only.
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// For which these have to act only.
    #[arg(long, value_name = "WHO", value_parser = ["guest", "host", "remote", "operator"])]
    pub(crate) blame: Option<String>,
    /// That failed last at this time or later, as 2026-11-22T08:30:00Z, or so long ago at most: 24h, 7d.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<String>,
    /// That failed last before this time, or longer ago: 1h.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) until: Option<String>,
    /// Of this record only.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
}

impl WhichArgs {
    fn query(&self) -> Vec<(&str, &str)> {
        let named = [
            ("flow", &self.flow),
            ("code", &self.code),
            ("blame", &self.blame),
            ("since", &self.since),
            ("until", &self.until),
            ("key", &self.key),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }

    /// Nothing narrows it down.
    pub(crate) fn is_everything(&self) -> bool {
        self.query().is_empty()
    }
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) of: WhichArgs,
    /// In this state only.
    #[arg(long, value_name = "STATE", value_parser = ["parked", "replaying", "resolved", "discarded"])]
    pub(crate) state: Option<String>,
    /// The most items.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) limit: usize,
}

impl Default for ListArgs {
    fn default() -> Self {
        Self { of: WhichArgs::default(), state: None, limit: 50 }
    }
}

impl ListArgs {
    pub(crate) fn query(&self) -> Vec<(&str, &str)> {
        let mut query = self.of.query();
        query.extend(self.state.as_deref().map(|state| ("state", state)));
        query
    }
}

#[derive(Debug, Args)]
#[command(after_help = REPLAY_ALL_AFTER)]
pub(crate) struct ReplayAllArgs {
    #[command(flatten)]
    pub(crate) of: WhichArgs,
    /// Every parked dead letter of the tenant.
    #[arg(long)]
    pub(crate) everything: bool,
    /// Only say how many there are, and which come first.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Letters in a second; 1 to 100, 10 unless given.
    #[arg(long, value_name = "COUNT")]
    pub(crate) per_second: Option<u32>,
    /// Under new idempotency keys: the remote takes each for another record.
    #[arg(long)]
    pub(crate) as_new: bool,
    /// Wait until every letter has been sent; exit with 1 if the replay of any was refused.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) wait: bool,
}

/// A point in time as it is, or one that lies so far back: 24h, 7d.
fn moment(text: &str) -> Result<String, String> {
    let Ok(ago_ms) = crate::flows::args::duration_ms(text) else { return Ok(text.to_owned()) };
    let now = SystemClock.now().as_ms();
    Ok(Timestamp::from_ms(now.saturating_sub_unsigned(ago_ms)).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_point_in_time_or_so_long_ago() {
        assert_eq!(moment("2026-11-22T08:30:00Z"), Ok("2026-11-22T08:30:00Z".to_owned()));
        let day_ago: Timestamp = moment("24h").unwrap().try_into().unwrap();
        let off_ms = SystemClock.now().ms_since(day_ago).abs_diff(86_400_000);
        assert!(off_ms < 60_000, "{off_ms} ms off");
    }
}
