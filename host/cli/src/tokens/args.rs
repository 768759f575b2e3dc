//! `lockgate tokens`.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use crate::args::Remote;
use crate::flows::args::duration_ms;

const AFTER: &str = "\
Needs an operator's token: the one that `lockgate serve` wrote into its data folder, or one made from it.
A token's text is printed once, alone on stdout, and kept nowhere.

Examples:
  lockgate tokens create --tenant acme --token-file ./lockgate-data/operator.token
  lockgate tokens create --tenant acme --role reader --expires-in 30d
  lockgate tokens                              # all of them, with role and end, without their texts
  lockgate tokens revoke 01KAWB6W3M2Q0R5T7V9X1Z3B5D";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct TokensArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<TokensVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokensVerb {
    /// Make a token for a tenant, or for another operator.
    #[command(visible_alias = "make")]
    #[command(group = ArgGroup::new("whose").required(true))]
    Create {
        /// For this tenant, which is made with its first write.
        #[arg(long, value_name = "TENANT", group = "whose")]
        tenant: Option<String>,
        /// For an operator, who makes tokens and sees no tenant's data.
        #[arg(long, group = "whose")]
        operator: bool,
        /// How much of the tenant: a reader looks, an editor does the daily work, an owner also grants and sets secrets.
        #[arg(long, value_enum, value_name = "ROLE", default_value_t = RoleArg::Owner, conflicts_with = "operator")]
        role: RoleArg,
        /// It ends by itself after this time: 12h, 30d. Unless given, it ends only by being revoked.
        #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
        expires_in: Option<u64>,
    },
    /// All tokens, without their texts. This is what happens without a verb.
    List,
    /// End a token at once.
    Revoke {
        /// The token's id, as the list shows it.
        id: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Looks, and changes nothing.
    Reader,
    /// Uploads, profiles, flows, runs, calls.
    Editor,
    /// Everything of the tenant.
    Owner,
}

impl From<RoleArg> for server::dto::Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Reader => Self::Reader,
            RoleArg::Editor => Self::Editor,
            RoleArg::Owner => Self::Owner,
        }
    }
}
