//! `lockgate profiles`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use server::dto::Rate;

use crate::args::Remote;

const AFTER: &str = "\
A profile is made enabled, with nothing granted and no credential; until it has both it is `pending`.
What a connector may do is what it asks for AND what was granted, within the operator's ceiling.

Examples:
  lockgate profiles                                       # all of them, with their status
  lockgate profiles create stripe-main --connector stripe
  lockgate profiles create shop-eu --connector shop@2.1.0 --config '{\"shop\": \"example\"}'
  lockgate profiles credential stripe-main < key.txt      # or type it, unseen, at the prompt
  lockgate profiles credential archive < aws.json         # {\"access_key_id\": \"...\", \"secret_access_key\": \"...\"}
  lockgate profiles create crm-eu --connector crm --auth oauth2 --client-id 4f1e
  lockgate profiles connect crm-eu --wait                 # prints the link to the consent, and waits for it
  lockgate profiles grant stripe-main --host https://api.stripe.com --scope invoices:write
  lockgate profiles grant stripe-main --all               # everything that the connector asks for
  lockgate profiles credential stripe-main --expires-in 90d < key.txt
  lockgate profiles check stripe-main
  lockgate profiles refresh stripe-main                   # verifies it now, and shows its status
  lockgate profiles run stripe-main create_customer --input '{\"email\": \"a@example.com\"}'
  lockgate profiles diff stripe-main                      # what the newest version asks for
  lockgate profiles judge stripe-main 1.5.0               # what it makes of recorded calls
  lockgate profiles upgrade stripe-main --against-cassettes   # moves only where nothing differs
  lockgate profiles consent stripe-main 1.5.0             # shows the difference, asks, and moves
  lockgate profiles canary crm-main 2.0.0 --percent 10    # and later --promote, or --stop
  lockgate profiles drift crm-main                        # what came otherwise than declared
  lockgate profiles list --status degraded
  lockgate profiles tracing crm-main --log-bodies off     # the log keeps nothing of bodies
  lockgate profiles disable stripe-main";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ProfilesArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<ProfilesVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfilesVerb {
    /// All profiles, with their status. This is what happens without a verb.
    List {
        /// Only those that fare so.
        #[arg(long, value_name = "STATUS", value_parser = ["active", "degraded", "disabled", "pending"])]
        status: Option<String>,
    },
    /// One profile: what was requested, what was granted, how the last calls ended.
    Show {
        /// The profile.
        name: String,
    },
    /// Make a profile of a connector.
    Create(CreateArgs),
    /// Let the connector reach hosts and use scopes.
    Grant(RightsArgs),
    /// Take hosts and scopes back.
    Revoke(RightsArgs),
    /// Store the credential, read from stdin or a file, never from the command line. An old one is destroyed. One of
    /// several parts is a JSON object of texts; at a terminal each part is asked for. `lockgate profiles show` names them.
    Credential {
        /// The profile.
        name: String,
        /// Read it from this file instead of stdin.
        #[arg(long, value_name = "FILE")]
        from_file: Option<PathBuf>,
        /// When the remote will stop to take it. Two weeks before, subscribers are told.
        #[arg(long, value_name = "TIME", conflicts_with = "expires_in")]
        expires_at: Option<String>,
        /// The same, from now on: 90d, 12h.
        #[arg(long, value_name = "TIME", value_parser = seconds)]
        expires_in: Option<u64>,
        /// After how many days it is due to be replaced; 90 unless given.
        #[arg(long, value_name = "DAYS")]
        rotate_after: Option<u32>,
    },
    /// Verify it now, and show the status that follows.
    Refresh {
        /// The profile.
        name: String,
    },
    /// Print a link to the provider's consent (OAuth 2): open it in a browser, once and within ten minutes. For a profile
    /// that is connected, the new consent takes the place of the old; flows go on by themselves.
    Connect {
        /// The profile.
        name: String,
        /// Wait until the consent has come back. Exits with 1 if it does not.
        #[arg(long)]
        wait: bool,
    },
    /// Give the tokens back to the provider and destroy them. The client's secret stays.
    Disconnect {
        /// The profile.
        name: String,
    },
    /// Get a new access token now, also where the provider has refused one before.
    RenewToken {
        /// The profile.
        name: String,
    },
    /// Store a secret that the connector uses by handle, under a name that its manifest declares.
    Secret {
        /// The profile.
        name: String,
        /// The name that the manifest declares.
        secret: String,
        /// Read it from this file instead of stdin.
        #[arg(long, value_name = "FILE")]
        from_file: Option<PathBuf>,
    },
    /// What another version of its connector asks for, beside the one that it uses.
    Diff {
        /// The profile.
        name: String,
        /// The version; the highest unless given.
        version: Option<String>,
    },
    /// Play recorded calls of the profile to another version, and show what it sends and returns otherwise. Nothing is
    /// reached and nothing is changed. Needs an owner's consent to record the profile. Exits with 1 unless all is the same.
    Judge {
        /// The profile.
        name: String,
        /// The version; the highest unless given.
        version: Option<String>,
        /// Play at most so many cassettes, the newest first.
        #[arg(long, value_name = "NUMBER", value_parser = limit)]
        limit: Option<usize>,
    },
    /// Move it to a version that asks for no more.
    Upgrade {
        /// The profile.
        name: String,
        /// The version; the highest unless given.
        version: Option<String>,
        #[command(flatten)]
        against: AgainstArgs,
    },
    /// Agree to what another version asks for: move to it, and grant what it adds.
    Consent {
        /// The profile.
        name: String,
        /// The version.
        version: String,
        /// The digest of the difference that you have seen, as `diff --json` prints it. Without it, the difference is
        /// shown and you are asked.
        #[arg(long, value_name = "DIGEST")]
        diff: Option<String>,
        #[command(flatten)]
        against: AgainstArgs,
    },
    /// What came from its system otherwise than its connector declares it.
    Drift {
        /// The profile.
        name: String,
        /// Forget what was met, once you have seen to it. What still differs is met again.
        #[arg(long)]
        clear: bool,
    },
    /// Consent to keep cassettes of its calls for a while, for `lockgate replay`; owners only. Off unless somebody consents.
    Record(RecordArgs),
    /// Let a share of its runs and calls try another version, which the host gives up where it fails more often.
    Canary(CanaryArgs),
    /// Say what the log keeps of its requests, and what is sent beside them. What is not named stays.
    Tracing {
        /// The profile.
        name: String,
        /// Keep the beginnings of bodies, redacted.
        #[arg(long, value_name = "on|off", value_parser = on_off, required_unless_present = "send_correlation")]
        log_bodies: Option<bool>,
        /// Send X-Correlation-Id, traceparent and tracestate.
        #[arg(long, value_name = "on|off", value_parser = on_off)]
        send_correlation: Option<bool>,
    },
    /// Let flows and calls use it.
    Enable {
        /// The profile.
        name: String,
    },
    /// Stop flows and calls from using it.
    Disable {
        /// The profile.
        name: String,
    },
    /// Remove it and destroy its secrets. Refused while a flow uses it.
    Delete {
        /// The profile.
        name: String,
    },
    /// Verify that target and credential work. Exits with 1 if they do not.
    Check {
        /// The profile.
        name: String,
    },
    /// Run one action now, in a fresh sandbox. Exits with 1 if any input fails.
    Run(RunArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Its name: lower-case letters, digits and hyphens.
    pub(crate) name: String,
    /// The connector; its highest version unless one is given.
    #[arg(long, value_name = "NAME[@VERSION]")]
    pub(crate) connector: String,
    /// The configuration that the connector asks for, as JSON or from a file.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) config: Option<String>,
    /// The way to authenticate, where the connector offers several: api_key, basic, bearer, aws_sigv4, oauth1 or oauth2.
    #[arg(long, value_name = "KIND")]
    pub(crate) auth: Option<String>,
    /// The user of `basic`. It is not secret; the password is set with `lockgate profiles credential`.
    #[arg(long, requires = "auth")]
    pub(crate) user: Option<String>,
    /// The client's id of `oauth2`, as the provider gave it. It is not secret; the client's secret is set with `lockgate
    /// profiles credential`.
    #[arg(long, requires = "auth", conflicts_with = "user", value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Requests per second, and how many may go at once after a pause; the connector's own rate unless given.
    #[arg(long, value_name = "PER_SECOND[:BURST]", value_parser = rate)]
    pub(crate) rate: Option<Rate>,
    /// The machine's own address that its requests leave from, for a system that lets in known addresses only; one of
    /// those that `lockgate serve --egress-address` offers.
    #[arg(long, value_name = "IP")]
    pub(crate) egress_address: Option<IpAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The profile.
    pub(crate) name: String,
    /// For so long from now: 90s, 30m, 24h or 7d, at most 31d.
    #[arg(long = "for", value_name = "TIME", value_parser = crate::policy::args::time_ms, default_value = "24h")]
    pub(crate) for_ms: u64,
    /// Of calls that fail. This is what happens unless --all is given.
    #[arg(long, conflicts_with = "all")]
    pub(crate) failures: bool,
    /// Of every call.
    #[arg(long)]
    pub(crate) all: bool,
    /// End it now. What is kept stays until its time is over, or the profile is deleted.
    #[arg(long, conflicts_with_all = ["for_ms", "all", "failures"])]
    pub(crate) stop: bool,
    /// Only say what was consented to.
    #[arg(long, conflicts_with_all = ["for_ms", "all", "failures", "stop"])]
    pub(crate) show: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CanaryArgs {
    /// The profile.
    pub(crate) name: String,
    /// The version; the highest unless given.
    pub(crate) version: Option<String>,
    /// How many of a hundred runs and calls try it.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=99), default_value_t = 10)]
    pub(crate) percent: u8,
    /// End the trial, and use the version that was tried for everything.
    #[arg(long, conflicts_with_all = ["version", "percent", "stop"])]
    pub(crate) promote: bool,
    /// End the trial, and go on with the version in use.
    #[arg(long, conflicts_with_all = ["version", "percent", "against_cassettes"])]
    pub(crate) stop: bool,
    #[command(flatten)]
    pub(crate) against: AgainstArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AgainstArgs {
    /// First play recorded calls of the profile to the version, as `judge` does, and change nothing where it sends or
    /// returns otherwise.
    #[arg(long)]
    pub(crate) against_cassettes: bool,
    /// Show what differs, and go on all the same.
    #[arg(long, requires = "against_cassettes")]
    pub(crate) accept_differences: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RightsArgs {
    /// The profile.
    pub(crate) name: String,
    /// An origin, for instance https://api.example.com. May be repeated.
    #[arg(long = "host", value_name = "ORIGIN")]
    pub(crate) hosts: Vec<String>,
    /// A scope, for instance invoices:read. May be repeated.
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// Everything: all that the connector asks for, or all that was granted.
    #[arg(long, conflicts_with_all = ["hosts", "scopes"])]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The profile.
    pub(crate) name: String,
    /// One of the connector's actions; `lockgate connectors show` lists them.
    pub(crate) action: String,
    /// One input, as JSON or from a file. May be repeated: one call runs them all.
    #[arg(long = "input", value_name = "JSON|@FILE", required = true)]
    pub(crate) inputs: Vec<String>,
    /// Makes the idempotency keys. Give the same one when you repeat a call whose outcome you do not know.
    #[arg(long)]
    pub(crate) key: Option<String>,
}

fn limit(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=100).contains(number));
    number.ok_or_else(|| "write a number from 1 to 100".to_owned())
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".to_owned()),
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    let (per_second, burst) = text.split_once(':').unwrap_or((text, text));
    match (per_second.parse(), burst.parse()) {
        (Ok(per_second), Ok(burst)) => Ok(Rate { per_second, burst }),
        _ => Err("write it as in 10 or 10:50".to_owned()),
    }
}

/// Seconds of a number with its unit.
fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || "write it as in 90d, 12h or 30m".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let per = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return Err(wrong()),
    };
    let number: u64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    number.checked_mul(per).filter(|seconds| *seconds > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_from_now_on_has_a_unit() {
        assert_eq!((seconds("90d"), seconds("12h"), seconds("5m")), (Ok(7_776_000), Ok(43_200), Ok(300)));
        for text in ["", "d", "90", "0d", "-1d", "1.5h", "99999999999999999999d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_is_one_number_or_two() {
        assert_eq!(rate("10"), Ok(Rate { per_second: 10, burst: 10 }));
        assert_eq!(rate("10:50"), Ok(Rate { per_second: 10, burst: 50 }));
        for text in ["", ":", "10:", "-1", "1.5", "10:5:1"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
