//! `lockgate diff`.

use clap::Args;

use crate::args::Remote;
use crate::cache::CacheArgs;

const AFTER: &str = "\
A file is admitted on this machine, as a host would, and is not kept. CONNECTOR@VERSION is a version that the host has;
CONNECTOR@latest is its highest. Compared are what the components import and export, the manifests, and the JSON Schemas
in them: an input may only take more and an output may only promise more. What cannot be decided counts as breaking and
says \"cannot tell\".

  breaking     what worked may not work any more                       a major step (a minor one below 1.0.0)
  permission   it asks for more: profiles wait until somebody consents a minor step (a patch below 1.0.0)
  additive     it offers more                                          a minor step (a patch below 1.0.0)
  neutral      other words, or less asked for                          a patch

Exit status:
  0  the version of NEW says what changed
  1  it says too little
  3  one of the two is no component that a host takes
  4  the host has no such version

Examples:
  lockgate diff shop-1.2.0.wasm target/wasm32-wasip2/release/shop.wasm
  lockgate diff shop@1.2.0 shop@1.3.0                    # what the host has
  lockgate diff shop@latest target/wasm32-wasip2/release/shop.wasm   # before it is uploaded
  lockgate diff old.wasm new.wasm --json | jq '.changes[] | select(.kind == \"breaking\")'";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct DiffArgs {
    /// The component that people use: a file, or a version that the host has.
    #[arg(value_name = "FILE|CONNECTOR@VERSION")]
    pub(crate) old: String,
    /// The component that is to follow it.
    #[arg(value_name = "FILE|CONNECTOR@VERSION")]
    pub(crate) new: String,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) remote: Remote,
}
