//! The manifest as it arrives: parsed within bounds, and checked so that nothing behind it has to doubt it.
//!
//! A manifest is hostile input. `parse` is what admission calls; it names every problem at once, so that an author
//! mends a manifest in one round. `config` and `requested_hosts` join a checked manifest with a profile's settings.

mod answers;
mod auth;
mod config;
mod hosts;
mod oauth2;
mod offers;
mod problems;
mod scopes;
mod webhooks;

use semver::Version;
use wit::Manifest;

pub use config::{ConfigError, config, requested_hosts};
pub use problems::{ManifestError, Problem};

use crate::ids::{ConnectorName, SecretName};
use crate::json::{self, Bounds};
use crate::schema::Schema;
use crate::text::inert;
use problems::Problems;

const MANIFEST_BOUNDS: Bounds = Bounds { bytes: 256 << 10, depth: 64 };
const TITLE_CHARS_MAX: usize = 120;
const VERSION_BYTES_MAX: usize = 64;
const SECRETS_MAX: usize = 32;
const RATE_MAX: u32 = 10_000;

/// Reads what `describe` returned.
pub fn parse(text: &str) -> Result<Manifest, ManifestError> {
    let value = json::parse(text.as_bytes(), MANIFEST_BOUNDS)
        .map_err(|error| ManifestError::one(error.to_string()))?;
    let manifest: Manifest =
        serde_json::from_value(value).map_err(|error| ManifestError::one(inert(&error.to_string(), 300)))?;
    check(&manifest)?;
    Ok(manifest)
}

/// Every problem of a manifest, at most twenty, each with its place.
pub fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    let mut problems = Problems::default();
    if let Err(error) = manifest.name.parse::<ConnectorName>() {
        problems.add("/name", error);
    }
    if manifest.version.len() > VERSION_BYTES_MAX || Version::parse(&manifest.version).is_err() {
        problems.add("/version", "it is no semantic version; write for instance 1.4.0");
    }
    title(&mut problems, "/title", &manifest.title);
    problems.schema("/config", &manifest.config);
    auth::check(&mut problems, manifest);
    hosts::check(&mut problems, manifest);
    scopes::check(&mut problems, manifest);
    offers::check(&mut problems, manifest);
    secrets(&mut problems, manifest);
    answers::check(&mut problems, &manifest.answers);
    if let Some(rate) = manifest.rate
        && !((1..=RATE_MAX).contains(&rate.per_second) && (1..=RATE_MAX).contains(&rate.burst))
    {
        problems.add("/rate", "`per_second` and `burst` are between 1 and 10,000");
    }
    problems.into_result()
}

fn secrets(problems: &mut Problems, manifest: &Manifest) {
    if !problems.at_most("/secrets", manifest.secrets.len(), SECRETS_MAX) {
        return;
    }
    for (i, name) in manifest.secrets.iter().enumerate() {
        let place = format!("/secrets/{i}");
        match name.parse::<SecretName>() {
            Err(error) => problems.add(&place, error),
            Ok(name) if name == SecretName::tokens() => {
                problems.add(&place, "the host keeps its own tokens under this name; choose another")
            }
            Ok(_) => {}
        }
        if manifest.secrets.iter().take(i).any(|earlier| earlier == name) {
            problems.add(&place, "the name is given twice; give it once");
        }
    }
}

/// One line for people.
fn title(problems: &mut Problems, place: &str, text: &str) {
    if text.trim().is_empty() || text.chars().count() > TITLE_CHARS_MAX {
        problems.add(place, "a title has 1 to 120 characters");
    } else if text.chars().any(crate::text::is_hidden) {
        problems.add(place, "a title has no line breaks, control characters or marks of writing direction");
    }
}

/// The grammar of the names that the host passes to a connector.
fn is_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests;
