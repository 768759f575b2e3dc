//! Where the API is, and how it is asked.

use lockgate_sdk::http::Request;
use lockgate_sdk::{Error, profile};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const DEFAULT_BASE: &str = "https://api.bookshop.example";

/// The settings of a profile.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The address of the API, without a path.
    #[serde(default = "default_base")]
    api_base: String,
}

fn default_base() -> String {
    DEFAULT_BASE.to_owned()
}

pub(crate) fn get(path: &str) -> Result<Request, Error> {
    url(path).map(Request::get)
}

pub(crate) fn post(path: &str) -> Result<Request, Error> {
    url(path).map(Request::post)
}

fn url(path: &str) -> Result<String, Error> {
    let Config { api_base } = profile::config()?;
    Ok(format!("{}{path}", api_base.trim_end_matches('/')))
}
