//! `lockgate hooks`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Remote;
use crate::flows::args::duration_ms;

const AFTER: &str = "\
A hook is an address that one system sends webhooks to. Its requests are verified over their raw bytes before any
connector is started; an event is on the disk before its sender is told so, and each counts once. Events go to every
flow whose source is the hook's profile and trigger: make the flow first. What was refused, why and from where is in
`hooks show`; the sender learns nothing of it.

Examples:
  lockgate hooks create --profile stripe-main --trigger events            # prints the URL and a new secret
  lockgate hooks create --profile stripe-main --trigger events --secret-stdin < whsec.txt
  lockgate hooks                                                          # all of them
  lockgate hooks show 5f0c2f3a9d1e4b7c8a6d5e4f3c2b1a09
  lockgate hooks test 5f0c2f3a9d1e4b7c8a6d5e4f3c2b1a09 --body invoice-paid.json
  lockgate hooks rotate-secret 5f0c2f3a9d1e4b7c8a6d5e4f3c2b1a09 --keep-old 24h --secret-stdin < new.txt";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct HooksArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<HooksVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HooksVerb {
    /// All hooks. This is what happens without a verb.
    List,
    /// One hook: what it took, and what it refused, why and from where.
    Show {
        /// The hook.
        id: String,
    },
    /// Make a hook for one webhook trigger of a profile.
    Create(CreateArgs),
    /// Give it another secret; the one before stays good for a while.
    RotateSecret(RotateArgs),
    /// End the time in which the secret before is still good.
    Retire {
        /// The hook.
        id: String,
    },
    /// Let it take events.
    Enable {
        /// The hook.
        id: String,
    },
    /// Have it answer 410. What it has taken is still delivered.
    Disable {
        /// The hook.
        id: String,
    },
    /// Send a signed sample through everything that a real event passes.
    Test {
        /// The hook.
        id: String,
        /// A file with the body. Unless given: a small JSON object.
        #[arg(long, value_name = "FILE")]
        body: Option<PathBuf>,
    },
    /// Remove it. Its address never comes back.
    Delete {
        /// The hook.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// For which profile it takes events.
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: String,
    /// One of the connector's webhook triggers.
    #[arg(long, value_name = "TRIGGER")]
    pub(crate) trigger: String,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    /// The largest body, in bytes.
    #[arg(long, value_name = "BYTES")]
    pub(crate) body_bytes: Option<u64>,
    /// Requests in a second, good or bad.
    #[arg(long, value_name = "COUNT")]
    pub(crate) per_second: Option<u32>,
    /// Requests at once, after a rest.
    #[arg(long, value_name = "COUNT")]
    pub(crate) burst: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The hook.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    /// For how long the old secret stays good: 30m, 24h, 7d. Unless given: until `hooks retire`.
    #[arg(long, value_name = "DURATION", value_parser = duration_ms, conflicts_with = "drop_old")]
    pub(crate) keep_old: Option<u64>,
    /// The old secret is no longer good at once.
    #[arg(long)]
    pub(crate) drop_old: bool,
}

/// Where a secret comes from; the host makes one unless it is given.
#[derive(Debug, Args)]
pub(crate) struct SecretArgs {
    /// Read the secret from stdin, or ask for it at a terminal. Unless given: the host makes one and shows it once.
    #[arg(long, conflicts_with = "secret_file")]
    pub(crate) secret_stdin: bool,
    /// Read the secret from a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
}
