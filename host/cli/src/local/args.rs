//! What `call`, `poll` and `receive` have in common: a component, and the profile that it is run for on this machine.

use std::path::PathBuf;

use clap::Args;

use crate::cache::CacheArgs;

#[derive(Debug, Args)]
pub(crate) struct LocalArgs {
    /// The component. Unless given: the one that `lockgate build` made of the project in this folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
    /// The profile's configuration: JSON, or @FILE.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) config: Option<String>,
    /// Which of the manifest's authentication schemes; needed where it offers several.
    #[arg(long, value_name = "KIND")]
    pub(crate) auth: Option<String>,
    /// The user of `basic`.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// A file with the credential; one of several parts is a JSON object of them.
    #[arg(long, value_name = "FILE")]
    pub(crate) credential_file: Option<PathBuf>,
    /// A file with an access token, for a connector that authenticates with OAuth 2: nobody can consent here. It is sent as
    /// it is and not renewed. A scheme of client_credentials can do without: --auth oauth2 --user CLIENT --credential-file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["auth", "credential_file"])]
    pub(crate) access_token_file: Option<PathBuf>,
    /// A secret that the connector uses by handle, and the file that holds it. May be repeated.
    #[arg(long = "secret", value_name = "NAME=FILE", value_parser = secret)]
    pub(crate) secrets: Vec<(String, PathBuf)>,
    /// Grant this host only, in place of all that the manifest asks for. May be repeated.
    #[arg(long = "host", value_name = "ORIGIN")]
    pub(crate) hosts: Vec<String>,
    /// Grant this scope only, in place of all that the manifest asks for. May be repeated.
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// What may be reached at all, as JSON, as for `lockgate serve`: {"private": ["http://127.0.0.1:4010"]} lets it reach a
    /// mock on this machine.
    #[arg(long, value_name = "FILE")]
    pub(crate) ceiling: Option<PathBuf>,
    /// Write a cassette of the call, for `lockgate replay`.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Show each request and its answer whole, redacted, on stderr.
    #[arg(long)]
    pub(crate) exchanges: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Print one JSON object, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

fn secret(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("write it as in `signing=secret.txt`")?;
    Ok((name.to_owned(), PathBuf::from(file)))
}
