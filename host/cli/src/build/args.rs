//! `lockgate build`.

use std::path::PathBuf;

use clap::Args;

const AFTER: &str = "\
The language is told by what is in the folder: a Cargo.toml with a `cdylib` is Rust, a package.json JavaScript, a
pyproject.toml Python. Its own tools build the component; where one is missing, this says which command gets it.

Examples:
  lockgate build                               # the project around this folder
  lockgate build ~/connectors/shop
  lockgate build --json                        # where the component is, its size and the time that it took";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct BuildArgs {
    /// A folder of the project.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Print what was built as JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}
