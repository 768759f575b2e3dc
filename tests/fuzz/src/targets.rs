//! The targets, by the gate that they knock at.

#[cfg(feature = "admission")]
mod admission;
#[cfg(feature = "bodies")]
mod bodies;
mod echoes;
mod grants;
mod headers;
mod json;
mod manifests;
mod paths;
mod urls;

use crate::{Target, none_made};

pub const TARGETS: &[Target] = &[
    #[cfg(feature = "admission")]
    Target { name: "admission", run: admission::run, made: admission::made },
    #[cfg(feature = "bodies")]
    Target { name: "bodies", run: bodies::run, made: none_made },
    Target { name: "echoes", run: echoes::run, made: none_made },
    Target { name: "grants", run: grants::run, made: none_made },
    Target { name: "headers", run: headers::run, made: none_made },
    Target { name: "json", run: json::run, made: none_made },
    Target { name: "manifests", run: manifests::run, made: none_made },
    Target { name: "paths", run: paths::run, made: none_made },
    Target { name: "urls", run: urls::run, made: none_made },
];

/// The lines of an input that is text.
fn lines(bytes: &[u8]) -> Option<std::str::Split<'_, char>> {
    std::str::from_utf8(bytes).ok().map(|text| text.split('\n'))
}
