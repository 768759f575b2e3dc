//! `lockgate replay`.

use std::path::PathBuf;

use clap::Args;

use crate::cache::CacheArgs;

const AFTER: &str = "\
Nothing is reached: requests are answered from the cassette, and so are clocks, random bytes and secrets. Without
--judge the component has to make the same host calls in the same order and return the same; the first difference is
shown with its place. With --judge only requests and outputs count, so that another version can be compared:
  same              it asks for the same and returns the same
  mends             it works where the recorded version failed
  requests differ   it returns the same and sends something else
  outputs differ    it returns something else
  asks for what was not recorded   nobody knows what it would make of the answer
  fails             it fails where the recorded version worked
A cassette holds the calls of connectors: the mapping of a flow is in none, and no timer is waited for.
Exits with 0 if every cassette is `same` (or `mends`), with 1 otherwise, with 3 if a file is no cassette that can be
played.

Examples:
  lockgate replay order.cassette.json                             # the project in this folder
  lockgate replay order.cassette.json --component shop-1.1.0.wasm
  lockgate runs cassette 01KAWB6W3M2Q0R5T7V9X1Z3B5D > failed.json && lockgate replay failed.json
  lockgate replay --judge cassettes/ --component shop-2.0.0.wasm  # before it is uploaded
  lockgate profiles judge shop-main 2.0.0                         # the same on a host, with what is kept there";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ReplayArgs {
    /// Cassettes, or folders of them (files that end in .json).
    #[arg(required = true, value_name = "CASSETTE")]
    pub(crate) cassettes: Vec<PathBuf>,
    /// The component. Unless given: the one that `lockgate build` made of the project in this folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
    /// Compare what it sends and returns, for another version of the connector.
    #[arg(long)]
    pub(crate) judge: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Print one JSON object for each cassette, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}
