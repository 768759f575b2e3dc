//! `lockgate dev`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use reqwest::Url;

use crate::args::Remote;
use crate::cache::CacheArgs;

const AFTER: &str = "\
Each change of a source is built and uploaded as a version in development (1.4.0-dev.1, 1.4.0-dev.2 ...), which the
profile then uses; its log is shown as it grows. Ctrl-C ends it.

Without --host, a host in memory is started for as long as this runs: its profile is granted all that the manifest asks
for, and the address and the token for other commands are printed. With --host, the profile of that host has its own
grant: where a version asks for more, what it asks is shown and the profile stays where it is, unless --consent is given.

Examples:
  lockgate dev                                            # a host of its own
  lockgate dev --config '{\"api_base\": \"http://127.0.0.1:4010\"}' --private http://127.0.0.1:4010 --credential key.txt
  lockgate dev --host --profile shop-main                 # the host at LOCKGATE_URL, with LOCKGATE_TOKEN
  lockgate dev --host --url https://dev.example.com --token-file dev.token --profile shop-main --consent";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct DevArgs {
    /// A folder of the project.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Use the running host at --url instead of one in memory.
    #[arg(long)]
    pub(crate) host: bool,
    /// The profile that follows; CONNECTOR-dev unless given. Made if it is not there.
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// The configuration of a profile that is made: JSON, or @FILE.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) config: String,
    /// A file with the credential of a profile that is made.
    #[arg(long, value_name = "FILE")]
    pub(crate) credential: Option<PathBuf>,
    /// Agree to whatever a new version asks for.
    #[arg(long)]
    pub(crate) consent: bool,
    /// Build and upload once, and end.
    #[arg(long)]
    pub(crate) once: bool,
    /// Where the host in memory listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070", conflicts_with = "host")]
    pub(crate) listen: SocketAddr,
    /// An address on this machine or network that the host in memory may reach; may be given several times.
    #[arg(long, value_name = "ORIGIN", conflicts_with = "host")]
    pub(crate) private: Vec<Url>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) remote: Remote,
}
