//! `lockgate dead-letters`.

use clap::{Args, Subcommand};

use crate::args::Remote;
use crate::runs::args::OfFlowArgs;

const AFTER: &str = "\
A dead letter is a record that gave up: refused for good, or tried as often as its flow allows. Nothing of it is lost.
A replay sends it again under its old idempotency key, so that a remote which did receive it can tell.

Examples:
  lockgate dead-letters                        # the newest, of all flows
  lockgate dead-letters show 01KAWB6W3M2Q0R5T7V9X1Z3B5D
  lockgate dead-letters replay 01KAWB6W3M2Q0R5T7V9X1Z3B5D";

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
    List(OfFlowArgs),
    /// One dead letter: the record, why it gave up, every attempt.
    Show {
        /// The dead letter.
        id: String,
    },
    /// Send it on its way again.
    Replay {
        /// The dead letter.
        id: String,
    },
}
