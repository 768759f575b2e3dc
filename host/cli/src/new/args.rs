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
  lockgate new shop --openapi shop.yaml        # one action for each operation of the document
  lockgate new shop --openapi shop.yaml --only orders --only 'GET /customers'
  lockgate new pay --openapi pay.json --only '/v1/invoices*'
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
    /// Write it from this OpenAPI 3.0 or 3.1 document, JSON or YAML; in Rust. What cannot be carried over is listed.
    #[arg(long, value_name = "FILE")]
    pub(crate) openapi: Option<PathBuf>,
    /// Of the document only operations with this tag, id, path or `METHOD path`; `*` at the end for anything that begins
    /// like it. May be given more than once. A connector has at most 256 actions.
    #[arg(long, value_name = "NAME", requires = "openapi")]
    pub(crate) only: Vec<String>,
    /// Print what was written as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
