//! `lockgate keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const AFTER: &str = "\
Works on the data folder itself, while no host has it open: stop `lockgate serve` first.

A rotation takes effect in one step, however much is stored. Killed at any moment, the folder opens with the old key
or with the new one, never with both or neither; the same command again finishes it. From then on give the new file to
`lockgate serve` with --key-file. Keep the old key as long as backups that were made with it.

A key file is 32 random bytes, or 64 hexadecimal digits; one line break at its end is not part of it. It must belong
to you or the superuser, and nobody else may read it (chmod 600).

Examples:
  lockgate keys rotate --data ./data --new-key-file ./new.key
  lockgate keys rotate --data ./data --key-file ./old.key --new-key-file ./new.key --json";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    pub(crate) verb: KeysVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysVerb {
    /// Put another key-encryption key in the place of the one that opens the data folder.
    Rotate {
        /// The data folder of the host.
        #[arg(long, visible_alias = "data-dir", value_name = "DIR")]
        data: PathBuf,
        /// The key that opens it now; goes before LOCKGATE_KEY. Unless given: `lockgate.key` in the data folder.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// The key that opens it from now on. Made, with a random key, if it is not there.
        #[arg(long, value_name = "FILE")]
        new_key_file: PathBuf,
        /// Print the outcome as JSON, for programs.
        #[arg(long)]
        json: bool,
    },
}
