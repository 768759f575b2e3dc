//! `lockgate tokens`.

use clap::{ArgGroup, Args, Subcommand};

use crate::args::Remote;

const AFTER: &str = "\
Needs an operator's token: the one that `lockgate serve` wrote into its data folder, or one made from it.
A token's text is printed once, alone on stdout, and kept nowhere.

Examples:
  lockgate tokens create --tenant acme --token-file ./lockgate-data/operator.token
  lockgate tokens                              # all of them, without their texts
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
    #[command(group = ArgGroup::new("whose").required(true))]
    Create {
        /// For this tenant, which is made with its first write.
        #[arg(long, value_name = "TENANT", group = "whose")]
        tenant: Option<String>,
        /// For an operator, who makes tokens and sees no tenant's data.
        #[arg(long, group = "whose")]
        operator: bool,
    },
    /// All tokens, without their texts. This is what happens without a verb.
    List,
    /// End a token at once.
    Revoke {
        /// The token's id, as the list shows it.
        id: String,
    },
}
