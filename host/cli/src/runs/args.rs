//! `lockgate runs`.

use clap::{Args, Subcommand};

use crate::args::Remote;

const AFTER: &str = "\
Examples:
  lockgate runs                                # the newest, of all flows
  lockgate runs list --flow won-deals --limit 10
  lockgate runs show 01KAWB6W3M2Q0R5T7V9X1Z3B5D
  lockgate runs show 01KAWB6W3M2Q0R5T7V9X1Z3B5D --records 200
  lockgate runs cassette 01KAWB6W3M2Q0R5T7V9X1Z3B5D > failed.json   # then: lockgate replay failed.json
  lockgate runs cancel 01KAWB6W3M2Q0R5T7V9X1Z3B5D    # what is not delivered waits for the next run";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct RunsArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<RunsVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunsVerb {
    /// Runs, newest first. This is what happens without a verb.
    List(OfFlowArgs),
    /// One run: its counts, its status, who has to act, and what became of its records.
    Show {
        /// The run.
        id: String,
        /// The most records of it that are shown, those in trouble first.
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        records: usize,
    },
    /// Print the cassette of one of its calls as a file, for `lockgate replay`: the newest unless told otherwise. A cassette
    /// holds a call of a connector; the mapping between two calls is in none.
    Cassette {
        /// The run.
        id: String,
        /// Which of the calls that left one, from 1 on.
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
        attempt: Option<u16>,
        /// List them.
        #[arg(long)]
        list: bool,
    },
    /// Ask for its end. Calls under way are let finish.
    Cancel {
        /// The run.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OfFlowArgs {
    /// Of this flow only.
    #[arg(long, value_name = "FLOW")]
    pub(crate) flow: Option<String>,
    /// The most items.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) limit: usize,
}

impl Default for OfFlowArgs {
    fn default() -> Self {
        Self { flow: None, limit: 50 }
    }
}

impl OfFlowArgs {
    pub(crate) fn query(&self) -> Vec<(&str, &str)> {
        self.flow.as_deref().map(|flow| ("flow", flow)).into_iter().collect()
    }
}
