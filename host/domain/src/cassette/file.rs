//! A cassette as a file: written for people, read as something that a stranger may have made.

use serde_json::Value;

use super::compare::{first_difference, fits};
use super::{Bounds, Cassette, VERSION};
use crate::json::{self, Bounds as JsonBounds, InvalidJson};
use crate::text::inert;

/// Every byte of a recording may be written as an escape of six.
pub const FILE_BYTES_MAX: usize = 40 << 20;
const DEPTH_MAX: usize = 16;
const SHOWN_BYTES_MAX: usize = 300;

/// Why a file is no cassette that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCassette {
    #[error("reading the cassette failed: {0}")]
    Json(#[from] InvalidJson),
    #[error(
        "this is no cassette: it does not begin with its version, as in {{\"cassette\": {VERSION}, ...}}"
    )]
    NotOne,
    #[error(
        "the cassette has version {found}; this host reads version {VERSION}; record it again, or use the version of Lockgate that wrote it"
    )]
    Version { found: String },
    #[error("the cassette is not as version {VERSION} is written: {0}")]
    Shape(String),
    #[error("the cassette has {found} host calls, more than the {allowed} allowed")]
    TooMany { found: usize, allowed: usize },
}

impl Cassette {
    /// Reads a file. What it does not know, it refuses.
    pub fn read(bytes: &[u8]) -> Result<Self, InvalidCassette> {
        let value = json::parse(bytes, JsonBounds { bytes: FILE_BYTES_MAX, depth: DEPTH_MAX })?;
        match value.get("cassette") {
            None => return Err(InvalidCassette::NotOne),
            Some(found) if found.as_u64() == Some(VERSION) => {}
            Some(found) => {
                return Err(InvalidCassette::Version { found: inert(&found.to_string(), 40) });
            }
        }
        let count = value.get("host_calls").and_then(Value::as_array).map_or(0, Vec::len);
        let allowed = Bounds::default().host_calls;
        if count > allowed {
            return Err(InvalidCassette::TooMany { found: count, allowed });
        }
        let shape = |problem: String| InvalidCassette::Shape(inert(&problem, SHOWN_BYTES_MAX));
        let cassette: Self =
            serde_json::from_value(value.clone()).map_err(|error| shape(error.to_string()))?;
        // Parts of it are words of other rooms, which read more than they write. What is lost in them is not known here.
        let again = serde_json::to_value(&cassette).map_err(|error| shape(error.to_string()))?;
        if !fits(&cassette.call, &cassette.outcome) {
            let problem = format!("the outcome is not that of the call `{}`", cassette.call.name());
            return Err(shape(problem));
        }
        match first_difference(&again, &value) {
            None => Ok(cassette),
            Some(difference) => Err(shape(format!("{} is not expected", difference.place))),
        }
    }

    /// The file: indented, with a line feed at its end.
    pub fn write(&self) -> Vec<u8> {
        let mut file = serde_json::to_vec_pretty(self).unwrap_or_default();
        file.push(b'\n');
        file
    }
}
