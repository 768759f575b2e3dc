//! `lockgate serve`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

const AFTER: &str = "\
The first start over an empty folder makes two files in it, readable by their owner alone:
  lockgate.key     opens every stored secret. Keep a copy elsewhere: without it the secrets are lost, and whoever has
                   it and the data has the secrets. --key-file or LOCKGATE_KEY (64 hexadecimal digits) replace it.
  operator.token   makes tenants' tokens: `lockgate tokens create --tenant NAME --token-file ...`

It listens on this machine only unless told otherwise. Elsewhere it speaks TLS (--tls-cert, --tls-key), or plain http
where a proxy in front of it speaks TLS (--plain-http-behind-proxy). It answers to the names of loopback, to the address
it listens on, and to those of --allowed-host.
SIGINT or SIGTERM: no new work is taken, what is under way is committed, and it ends.

Examples:
  lockgate serve --data /var/lib/lockgate
  lockgate serve --data ./data --key-file /run/secrets/lockgate.key --engine redb --listen 127.0.0.1:8080
  lockgate serve --data ./data --ceiling ceiling.json
  lockgate serve --data ./data --egress-address 192.0.2.10 --egress-address 192.0.2.11
  lockgate serve --data ./data --listen 0.0.0.0:443 --allowed-host gate.example --tls-cert chain.pem --tls-key key.pem
  lockgate serve --data ./data --public-url https://gate.example --plain-http-behind-proxy --listen 0.0.0.0:7070

A ceiling bounds what anybody on this host can be granted, for instance:
  {\"hosts\": [\"https://api.stripe.com\", \"https://*.stripe.com\"], \"private\": [\"http://127.0.0.1:4010\"]}";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ServeArgs {
    /// Where everything is kept. Made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Where the API listens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    pub(crate) listen: SocketAddr,
    /// A name under which it may be asked, as in gate.example; may be given again. Others are refused, so that no web page
    /// can point its own name here.
    #[arg(long, value_name = "NAME")]
    pub(crate) allowed_host: Vec<String>,
    /// Where browsers reach this host, as in https://gate.example: links to the consents of OAuth 2 begin with it, and
    /// https://gate.example/oauth/callback is what a provider is told to send people back to. The URLs of
    /// hooks begin with it as well. Its name is served, too.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) public_url: Option<lockgate::domain::egress::Origin>,
    /// Speak TLS with this certificate: PEM, the server's own first, then those that lead to its root.
    #[arg(long, value_name = "PEM", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM.
    #[arg(long, value_name = "PEM", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Speak plain http on an address that others can reach: only behind a proxy that speaks TLS.
    #[arg(long, conflicts_with = "tls_cert")]
    pub(crate) plain_http_behind_proxy: bool,
    /// The store's back-end. A folder stays with the one that it was made with.
    #[arg(long, value_enum, default_value_t = EngineArg::Sled)]
    pub(crate) engine: EngineArg,
    /// The key-encryption key: a file of 32 bytes or 64 hexadecimal digits; goes before LOCKGATE_KEY.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// What may be granted at all, as JSON. Unless given: every public host over https.
    #[arg(long, value_name = "FILE")]
    pub(crate) ceiling: Option<PathBuf>,
    /// One of the machine's own addresses that a profile may send from; may be given again.
    #[arg(long, value_name = "IP")]
    pub(crate) egress_address: Vec<IpAddr>,
    /// Keep nothing of request and response bodies in the log, whatever a profile says.
    #[arg(long)]
    pub(crate) no_log_bodies: bool,
    /// Events of webhooks that may wait in the inbox of one tenant; more are refused until some have been read.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) inbox_events: u64,
    /// For how long an event of a webhook is known again and not taken twice: 7d, 36h. Longer than any sender goes on trying.
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = crate::flows::args::duration_ms)]
    pub(crate) events_remembered: u64,
    /// What each tenant may hold and do at once, as JSON: what is not named keeps its default. `lockgate quotas` shows it.
    #[arg(long, value_name = "FILE")]
    pub(crate) quotas: Option<PathBuf>,
    /// Make a token for this tenant too, in `NAME.token` in the data folder, unless it is there.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant_token: Option<String>,
    /// Make another operator's token, for one who has lost theirs. The old ones stay valid until they are revoked.
    #[arg(long)]
    pub(crate) new_operator_token: bool,
    /// What to log, to stderr: a level, or filters as in `info,pipeline=debug`.
    #[arg(long, env = "LOCKGATE_LOG", value_name = "FILTER", default_value = "info")]
    pub(crate) log: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineArg {
    /// The default.
    Sled,
    /// The other.
    Redb,
}

impl From<EngineArg> for lockgate::Engine {
    fn from(engine: EngineArg) -> Self {
        match engine {
            EngineArg::Sled => Self::Sled,
            EngineArg::Redb => Self::Redb,
        }
    }
}
