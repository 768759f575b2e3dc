//! `lockgate quotas`.

use clap::Args;

use crate::args::Remote;

const AFTER: &str = "\
A refusal with the code quota_exceeded names one of these. An operator sets them with `lockgate serve --quotas FILE`.

Examples:
  lockgate quotas                              # of the tenant whose token it is
  lockgate quotas --tenant acme --token-file ./lockgate-data/operator.token";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct QuotasArgs {
    /// Of this tenant. Needs an operator's token.
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}
