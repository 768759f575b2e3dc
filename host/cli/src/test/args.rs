//! `lockgate test`.

use std::path::PathBuf;

use clap::Args;

use crate::cache::CacheArgs;

const AFTER: &str = "\
Runs the files of tests/ (*.yaml, *.yml, *.json) against the component in the real sandbox, with a programmable vendor in
place of the network, and then the conformance kit. In a project it builds first where a source is newer than the
component. What the files may say, and what each check asks, is in sdk-guest/testing/README.md.

Examples:
  lockgate test                                # the project around this folder
  lockgate test --list                         # what would be run
  lockgate test --only errors                  # the checks of one group, and tests with it in their name
  lockgate test --only \"reads an order\"
  lockgate test shop.wasm --tests ./tests      # a component that is built already
  lockgate test --json | jq '.checks[] | select(.state == \"failed\")'

Exit status: 0 nothing failed, 1 something failed, 2 a wrong command line, 3 the component was refused.";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct TestArgs {
    /// A folder of a project, or a component.
    #[arg(value_name = "PATH|FILE.wasm", default_value = ".")]
    pub(crate) path: PathBuf,
    /// Only tests with this in their name, and the check or the group of checks that has this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
    /// The folder of the test files; `tests` in the project's folder unless given.
    #[arg(long, value_name = "DIR")]
    pub(crate) tests: Option<PathBuf>,
    /// Says what would be run, and runs nothing.
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Print what was found as JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}
