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
  lockgate flows create --file flow.json                  # as the API takes it, see /openapi.json
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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "from", "to", "map", "every", "batch", "on_drift"])]
    pub(crate) file: Option<PathBuf>,
    /// Where records come from.
    #[arg(long, value_name = "PROFILE:TRIGGER", required_unless_present = "file", value_parser = end)]
    pub(crate) from: Option<End>,
    /// Where they go.
    #[arg(long, value_name = "PROFILE:ACTION", required_unless_present = "file", value_parser = end)]
    pub(crate) to: Option<End>,
    /// A file with the jq program that makes an input of the action from a record.
    #[arg(long, value_name = "FILE.jq")]
    pub(crate) map: Option<PathBuf>,
    /// Run by itself: 30s, 5m, 1h, 1d. Only on demand unless given.
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    pub(crate) every: Option<u64>,
    /// Records handed over in one call.
    #[arg(long, value_name = "COUNT")]
    pub(crate) batch: Option<u32>,
    /// What becomes of a record that is not as its connector declares it: `park` it as a dead letter, or only `report` it.
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) on_drift: Option<OnDrift>,
}

/// As on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnDrift {
    Park,
    Report,
}

impl From<OnDrift> for server::dto::OnDrift {
    fn from(word: OnDrift) -> Self {
        match word {
            OnDrift::Park => Self::Park,
            OnDrift::Report => Self::Report,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

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
