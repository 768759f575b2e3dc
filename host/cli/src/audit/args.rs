//! `lockgate audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Remote;

const AFTER: &str = "\
Each change, and each call that a person makes, is one entry: who, what, to what, which fields, and how it ended; never
a value. Entries are chained by a keyed digest. `verify` reads all of them, and exits with 1 at the first that was edited,
taken out or moved. Note the head that it prints somewhere else: given back with --head, it also shows when an older copy
of the whole database was put in place.

Examples:
  lockgate audit                               # the newest 50 entries
  lockgate audit verify
  lockgate audit verify --head 4711:9f2c...
  lockgate audit export --after 4000 > entries.ndjson
  lockgate audit verify --data ./data          # of a stopped host, every tenant; needs no token";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<AuditVerb>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditVerb {
    /// Entries, newest first. This is what happens without a verb.
    List {
        /// The most entries.
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
    },
    /// Read every entry, and say whether all are as they were written.
    Verify(VerifyArgs),
    /// Print every entry as one line of JSON, oldest first.
    Export {
        /// Begin behind this number.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: u64,
    },
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A head that was noted earlier, which the chain must contain.
    #[arg(long, value_name = "NUMBER:DIGEST")]
    pub(crate) head: Option<String>,
    /// The data folder of a stopped host, read in place of asking a host.
    #[arg(long, visible_alias = "data-dir", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The key that opens the data folder; goes before LOCKGATE_KEY. Unless given: `lockgate.key` in it.
    #[arg(long, value_name = "FILE", requires = "data")]
    pub(crate) key_file: Option<PathBuf>,
    /// Of the data folder, this tenant's chain only; --head is then of it.
    #[arg(long, value_name = "TENANT", requires = "data")]
    pub(crate) tenant: Option<String>,
}
