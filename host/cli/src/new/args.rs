//! `lockgate new`.

use std::path::PathBuf;

use clap::Args;
use scaffold::Language;

const AFTER: &str = "\
The project needs nothing but this command and the language's own tools: the SDK is written into it, as sources in the
folder `lockgate`. It holds a small connector with one action that reads, one that writes, one trigger and their tests.
All of it is written, or nothing.

Examples:
  lockgate new shop                            # ./shop, in Rust
  lockgate new shop --lang js
  lockgate new shop --lang python --dir ~/connectors/shop
  lockgate new shop --sdk ~/src/lockgate       # uses the SDK of a checkout, for those who change it";

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct NewArgs {
    /// The connector's name: lower-case letters, digits and hyphens.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What it is written in: rust, js or python.
    #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
    pub(crate) lang: Language,
    /// The folder to make; NAME in this folder unless given. It must be absent or empty.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Use the SDK of this checkout of Lockgate in place of one inside the project.
    #[arg(long, value_name = "PATH")]
    pub(crate) sdk: Option<PathBuf>,
    /// Print what was written as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
