//! `lockgate events`.

use clap::{Args, Subcommand};

use crate::args::Remote;

const AFTER: &str = "\
An event is sent by POST, signed as Standard Webhooks demands (webhook-id, webhook-timestamp, webhook-signature), at
least once and with the same id each time: remember the ids. Only 2xx is a yes. It is tried ten times in some three days.

Types: profile.status_changed, credential.expiring, credential.expired, credential.rotation_due, credential.rotated,
run.failed, run.blocked, dead_letter.created, connector.version_rolled_back, event_subscription.disabled

Examples:
  lockgate events                                          # what happened lately
  lockgate events list --type profile.status_changed
  lockgate events subscribe pager --url https://ops.example.com/lockgate --type run.failed --type run.blocked
  lockgate events test pager
  lockgate events deliveries pager                         # what was sent, and what was answered
  lockgate events rotate-secret pager                      # for a day both secrets sign
  lockgate events remove pager";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<EventsVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsVerb {
    /// What happened lately, newest first. This is what happens without a verb.
    List {
        /// Of this type only.
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// The most events.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Have events sent to an address. Prints the secret that verifies them, once.
    Subscribe {
        /// Its name.
        name: String,
        /// Where they are sent; within the operator's ceiling.
        #[arg(long, value_name = "URL")]
        url: String,
        /// A type of event. May be repeated; all of them unless given.
        #[arg(long = "type", value_name = "TYPE")]
        types: Vec<String>,
    },
    /// Who is told.
    Subscriptions,
    /// One subscription.
    Show {
        /// The subscription.
        name: String,
    },
    /// What was sent to a subscription, and what still waits.
    Deliveries {
        /// The subscription.
        name: String,
        /// The most deliveries.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Send a test event to one subscription.
    Test {
        /// The subscription.
        name: String,
    },
    /// Make another secret. For a day the one before signs as well.
    RotateSecret {
        /// The subscription.
        name: String,
    },
    /// Send events again, what waits first.
    Enable {
        /// The subscription.
        name: String,
    },
    /// Send no more events; what waits goes on waiting.
    Disable {
        /// The subscription.
        name: String,
    },
    /// End a subscription, with its secret and what waits for it.
    Remove {
        /// The subscription.
        name: String,
    },
}
