//! `lockgate keygen`, `lockgate sign` and `lockgate signers`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Remote;

const AFTER: &str = "\
Examples:
  lockgate keygen author.key                               # prints the public key
  lockgate sign shop.wasm --key author.key > shop.sig
  lockgate signers set rO0Bt...=                           # from now on uploads need a signature of it
  lockgate upload shop.wasm --signature shop.sig";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct KeygenArgs {
    /// Where the private key goes, readable by its owner alone. It must not exist.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct SignArgs {
    /// The component, exactly as it will be uploaded.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The private key, as `lockgate keygen` wrote it.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct SignersArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<SignersVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SignersVerb {
    /// The keys of which one must have signed an upload. This is what happens without a verb.
    List,
    /// Replace them.
    Set {
        /// Public keys.
        #[arg(value_name = "KEY", required = true)]
        keys: Vec<String>,
    },
    /// Take unsigned components again.
    Clear,
}
