//! The one spelling of a request that both ends of an AWS signature compute it over.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::percent_decode_str;

use crate::encoded::{Pair, encoded};

/// How a service spells a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paths {
    /// As it is written, each segment encoded once: S3, where `a//b` and `a/../b` are names of objects.
    AsWritten,
    /// Without empty and dotted segments, and what is encoded already encoded once more: everywhere else.
    Normalised,
}

pub(super) struct Canonical {
    pub(super) text: String,
    pub(super) signed_headers: String,
}

pub(super) struct Parts<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) paths: Paths,
    /// Decoded.
    pub(super) query: &'a [Pair],
    /// Those that are signed, `host` among them, in any order.
    pub(super) headers: &'a [(String, String)],
    pub(super) payload: &'a str,
}

impl Parts<'_> {
    pub(super) fn canonical(&self) -> Canonical {
        let headers = headers(self.headers);
        let signed_headers = headers.keys().map(String::as_str).collect::<Vec<_>>().join(";");
        let mut text = format!("{}\n{}\n{}\n", self.method, path(self.path, self.paths), query(self.query));
        for (name, values) in &headers {
            // Writing to a text cannot fail.
            let _written = writeln!(text, "{name}:{}", values.join(","));
        }
        let _written = write!(text, "\n{signed_headers}\n{}", self.payload);
        Canonical { text, signed_headers }
    }
}

fn path(path: &str, paths: Paths) -> String {
    let path = path.strip_prefix('/').unwrap_or(path);
    let segments = path.split('/');
    match paths {
        Paths::AsWritten => {
            let segments = segments.map(|segment| encoded(percent_decode_str(segment)));
            format!("/{}", segments.collect::<Vec<_>>().join("/"))
        }
        Paths::Normalised => {
            let mut kept: Vec<String> = Vec::new();
            for segment in segments {
                match segment {
                    "" | "." => {}
                    ".." => drop(kept.pop()),
                    segment => kept.push(encoded(segment.bytes())),
                }
            }
            let is_folder = !kept.is_empty() && path.ends_with('/');
            format!("/{}{}", kept.join("/"), if is_folder { "/" } else { "" })
        }
    }
}

fn query(pairs: &[Pair]) -> String {
    let encode = |text: &[u8]| encoded(text.iter().copied());
    let mut pairs: Vec<_> = pairs.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// In the order of their names; what is given twice keeps its order.
fn headers(given: &[(String, String)]) -> BTreeMap<String, Vec<String>> {
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in given {
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        headers.entry(name.to_ascii_lowercase()).or_default().push(value);
    }
    headers
}
