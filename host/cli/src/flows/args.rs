//! `lockgate flows`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::Remote;

const AFTER: &str = "\
A flow takes records from one profile's trigger, maps each with a jq program that runs in the sandbox, and hands them
to another profile's action. What was accepted is durable; every record has one idempotency key for all its attempts.

Examples:
  lockgate flows                                          # all of them
  lockgate flows create won-deals --from crm-main:deals --to stripe-main:create_invoice --map deal.jq --every 60s
  lockgate flows create nightly --from crm-main:deals --to erp:post --cron '0 6 * * 1-5' --zone Europe/Berlin
  lockgate flows create --file flow.json                  # as the API takes it, see /openapi.json
  lockgate flows show nightly                             # its definition, its next times, and where it stands
  lockgate flows update nightly --parallel 4 --catch-up none      # a new version: runs that are open keep the old one
  lockgate flows resume nightly                           # goes on at the record at which --on-spent pause stopped it
  lockgate flows run won-deals --wait                     # exits with 1 unless every record was delivered
  lockgate flows disable won-deals";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct FlowsArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<FlowsVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FlowsVerb {
    /// All flows. This is what happens without a verb.
    List,
    /// One flow.
    Show {
        /// The flow.
        name: String,
    },
    /// Make a flow, from flags or from a file.
    Create(CreateArgs),
    /// Start a run now. While one is open, it is that one.
    Run {
        /// The flow.
        name: String,
        /// Wait for its end; exit with 1 unless it succeeded.
        #[arg(long)]
        wait: bool,
    },
    /// Give it another definition: what is not named stays. Runs that are open end with the one that they began with.
    Update(UpdateArgs),
    /// Go on with one that stands still, at the same record and under the same key.
    Resume {
        /// The flow.
        name: String,
        /// Wait for the end of the run; exit with 1 unless it succeeded.
        #[arg(long)]
        wait: bool,
    },
    /// Let it run.
    Enable {
        /// The flow.
        name: String,
    },
    /// Stop it from starting again.
    Disable {
        /// The flow.
        name: String,
    },
    /// Remove it. Refused while a run is open or a record waits.
    Delete {
        /// The flow.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Its name: lower-case letters, digits and hyphens.
    #[arg(required_unless_present = "file")]
    pub(crate) name: Option<String>,
    /// The whole flow as JSON, in place of everything else.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "from", "to", "DefinitionArgs"])]
    pub(crate) file: Option<PathBuf>,
    /// Where records come from.
    #[arg(long, value_name = "PROFILE:TRIGGER", required_unless_present = "file", value_parser = end)]
    pub(crate) from: Option<End>,
    /// Where they go.
    #[arg(long, value_name = "PROFILE:ACTION", required_unless_present = "file", value_parser = end)]
    pub(crate) to: Option<End>,
    #[command(flatten)]
    pub(crate) definition: DefinitionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The flow.
    pub(crate) name: String,
    /// The whole flow as JSON, in place of everything else.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to", "DefinitionArgs", "no_map", "no_schedule"])]
    pub(crate) file: Option<PathBuf>,
    /// Where records come from.
    #[arg(long, value_name = "PROFILE:TRIGGER", value_parser = end)]
    pub(crate) from: Option<End>,
    /// Where they go.
    #[arg(long, value_name = "PROFILE:ACTION", value_parser = end)]
    pub(crate) to: Option<End>,
    #[command(flatten)]
    pub(crate) definition: DefinitionArgs,
    /// Hand records over as they are.
    #[arg(long, conflicts_with = "map")]
    pub(crate) no_map: bool,
    /// Run on demand only.
    #[arg(long, conflicts_with_all = ["every", "cron", "zone", "catch_up"])]
    pub(crate) no_schedule: bool,
}

/// What a flow does, as far as it is named.
#[derive(Debug, Default, Args)]
pub(crate) struct DefinitionArgs {
    /// A file with the jq program that makes an input of the action from a record.
    #[arg(long, value_name = "FILE.jq")]
    pub(crate) map: Option<PathBuf>,
    /// Run by itself: 30s, 5m, 1h, 1d. Only on demand unless given.
    #[arg(long, value_name = "DURATION", value_parser = duration_ms, conflicts_with_all = ["cron", "zone"])]
    pub(crate) every: Option<u64>,
    /// Run by itself at these times: minute, hour, day of the month, month, day of the week.
    #[arg(long, value_name = "'M H D M W'")]
    pub(crate) cron: Option<String>,
    /// The time zone of --cron, as in Europe/Berlin. UTC unless given.
    #[arg(long, value_name = "ZONE", requires = "cron")]
    pub(crate) zone: Option<String>,
    /// What becomes of the times at which the host could not run it: one run for all, none, or one for each of the last day.
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) catch_up: Option<CatchUp>,
    /// Records handed over in one call.
    #[arg(long, value_name = "COUNT")]
    pub(crate) batch: Option<u32>,
    /// The waits between attempts, in place of a backoff that doubles: 5s,5m,30m,2h. `none` goes back to that.
    #[arg(long, value_name = "WAIT,...", value_parser = waits_ms)]
    pub(crate) retry_after: Option<Waits>,
    /// Which records wait for which: none, those of the same key, or each for all before it.
    #[arg(long, value_name = "ORDER", value_enum)]
    pub(crate) order: Option<Order>,
    /// Where in a record the key of --order per-key stands, as a JSON pointer. The record's own key unless given.
    #[arg(long, value_name = "POINTER")]
    pub(crate) order_key: Option<String>,
    /// Batches on their way at the same time.
    #[arg(long, value_name = "COUNT")]
    pub(crate) parallel: Option<u32>,
    /// What happens to a record that has no attempt left: `bury` it as a dead letter, or `pause` the flow at it.
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) on_spent: Option<OnSpent>,
    /// How long a run may take: 30s, 5m, 1h.
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    pub(crate) deadline: Option<u64>,
    /// What happens to the records that are not delivered by then: `keep` them for the next run, or `bury` them.
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) on_deadline: Option<OnDeadline>,
    /// What becomes of a record that is not as its connector declares it: `park` it as a dead letter, or only `report` it.
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) on_drift: Option<OnDrift>,
}

/// A word of the API as it is written on the command line.
macro_rules! word {
    ($name:ident { $($case:ident),+ }) => {
        /// As on the command line.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub(crate) enum $name {
            $($case),+
        }

        impl From<$name> for server::dto::$name {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$case => Self::$case),+
                }
            }
        }
    };
}

word!(CatchUp { Once, None, All });
word!(Order { None, PerKey, Strict });
word!(OnSpent { Bury, Pause });
word!(OnDeadline { Keep, Bury });
word!(OnDrift { Park, Report });

/// A profile with one of its triggers or actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) profile: String,
    pub(crate) what: String,
}

fn end(text: &str) -> Result<End, String> {
    match text.split_once(':') {
        Some((profile, what)) if !profile.is_empty() && !what.is_empty() => {
            Ok(End { profile: profile.to_owned(), what: what.to_owned() })
        }
        _ => Err("write it as in crm-main:deals, the profile before the colon".to_owned()),
    }
}

pub(crate) fn duration_ms(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_ms = match text.get(digits.len()..) {
        Some("ms") => 1,
        Some("s") => 1_000,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        Some("d") => 86_400_000,
        _ => 0,
    };
    let count = digits.parse::<u64>().ok().filter(|_| unit_ms > 0);
    let ms = count.and_then(|count| count.checked_mul(unit_ms));
    ms.ok_or_else(|| "write it as in 30s, 5m, 1h or 1d".to_owned())
}

/// The waits between attempts, in milliseconds; empty: as the backoff says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waits(pub(crate) Vec<u64>);

fn waits_ms(text: &str) -> Result<Waits, String> {
    if text == "none" {
        return Ok(Waits(Vec::new()));
    }
    text.split(',').map(|wait| duration_ms(wait.trim())).collect::<Result<_, _>>().map(Waits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_durations_with_commas_between_them() {
        assert_eq!(waits_ms("5s, 5m,2h"), Ok(Waits(vec![5_000, 300_000, 7_200_000])));
        assert_eq!(waits_ms("none"), Ok(Waits(Vec::new())));
        for text in ["", "5", "5s,", "5s;5m", "none,5s"] {
            assert!(waits_ms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_has_a_unit() {
        for (text, ms) in
            [("500ms", 500), ("60s", 60_000), ("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000)]
        {
            assert_eq!(duration_ms(text), Ok(ms));
        }
        for text in
            ["", "60", "s", "1w", "-1s", "1.5h", "99999999999999999999s", "18446744073709551615d", "1 s"]
        {
            assert!(duration_ms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_end_names_a_profile_and_what_it_does() {
        assert_eq!(end("a:b"), Ok(End { profile: "a".to_owned(), what: "b".to_owned() }));
        for text in ["", "a", ":", "a:", ":b"] {
            assert!(end(text).is_err(), "{text}");
        }
    }
}
