//! What a component may import, by name, and what it must export.
//!
//! The list is closed: an interface that is not on it is refused at upload, not at the first call. The WASI interfaces
//! are those that ordinary toolchains import without need, which are linked inert (`wasi`) and grant nothing, and for
//! connectors the outgoing side of `wasi:http` (`capabilities::http::standard`), which grants what our own `http` does.

use crate::admit::Kind;
use crate::census::Census;
use crate::refused::Refused;
use domain::text::inert;

const PACKAGE: &str = "lockgate:connector/";
const CONNECTOR_IMPORTS: [&str; 5] = ["types", "http", "secrets", "logging", "profile"];
const TRANSFORM_IMPORTS: [&str; 2] = ["types", "logging"];
/// The outgoing side of WASI's own HTTP, which enters the same door as `http`. Nothing that serves.
const STANDARD_HTTP: [&str; 2] = ["wasi:http/types", "wasi:http/outgoing-handler"];
const INERT_WASI: [&str; 27] = [
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
    "wasi:sockets/network",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/tcp",
    "wasi:sockets/udp-create-socket",
    "wasi:sockets/udp",
];
const SHOWN_BYTES_MAX: usize = 120;
const SHOWN_MAX: usize = 20;

/// What the component is, if it exports one of the two worlds and imports nothing that is not offered to it.
pub(crate) fn kind(census: &Census) -> Result<Kind, Refused> {
    let exports = |interface: &str| census.exports.iter().any(|name| is_ours(name, interface));
    let exported = match (exports("connector"), exports("transform")) {
        (true, _) => Some(Kind::Connector),
        (false, true) => Some(Kind::Transform),
        (false, false) => None,
    };
    let kind = exported.unwrap_or(Kind::Connector);
    let unknown: Vec<String> = census
        .imports
        .iter()
        .filter(|name| !is_offered(name, kind))
        .take(SHOWN_MAX)
        .map(|name| inert(name, SHOWN_BYTES_MAX))
        .collect();
    if !unknown.is_empty() {
        return Err(Refused::UnknownImport { imports: unknown });
    }
    exported.ok_or(Refused::MissingExport)
}

fn is_offered(name: &str, kind: Kind) -> bool {
    let ours: &[&str] = match kind {
        Kind::Connector => &CONNECTOR_IMPORTS,
        Kind::Transform => &TRANSFORM_IMPORTS,
    };
    let wasi: &[&str] = match kind {
        Kind::Connector => &STANDARD_HTTP,
        Kind::Transform => &[],
    };
    ours.iter().any(|interface| is_ours(name, interface)) || is_wasi(name, wasi) || is_wasi(name, &INERT_WASI)
}

fn is_ours(name: &str, interface: &str) -> bool {
    let versioned = name.strip_prefix(PACKAGE).and_then(|rest| rest.strip_prefix(interface));
    versioned.is_some_and(|version| is_patch_of(version, "@0.1."))
}

fn is_wasi(name: &str, interfaces: &[&str]) -> bool {
    interfaces
        .iter()
        .any(|interface| name.strip_prefix(interface).is_some_and(|version| is_patch_of(version, "@0.2.")))
}

/// Whether `version` is `minor` with plain digits behind it: no pre-release, no build metadata.
fn is_patch_of(version: &str, minor: &str) -> bool {
    version
        .strip_prefix(minor)
        .is_some_and(|patch| (1..=4).contains(&patch.len()) && patch.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(imports: &[&str], exports: &[&str]) -> Census {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Census { imports: owned(imports), exports: owned(exports), ..Census::default() }
    }

    const CONNECTOR: &str = "lockgate:connector/connector@0.1.0";
    const TRANSFORM: &str = "lockgate:connector/transform@0.1.0";

    #[test]
    fn the_kind_follows_from_the_exports() {
        assert_eq!(kind(&census(&[], &[CONNECTOR])), Ok(Kind::Connector));
        assert_eq!(kind(&census(&[], &[TRANSFORM, "init"])), Ok(Kind::Transform));
        assert_eq!(kind(&census(&[], &["lockgate:connector/transform@0.2.0"])), Err(Refused::MissingExport));
    }

    #[test]
    fn every_import_that_is_not_offered_is_listed() {
        let imports = [
            "lockgate:connector/http@0.1.7",
            "wasi:cli/environment@0.2.6",
            "wasi:sockets/tcp@0.2.6",
            "wasi:sockets/tls@0.2.6",
            "wasi:http/outgoing-handler@0.2.10",
            "wasi:http/incoming-handler@0.2.10",
            "wasi:http/outgoing-handler@0.3.0",
            "wasi:cli/stdout@0.3.0",
            "wasi:cli/stdout@0.2.0-rc",
            "wasi:cli/stdout",
            "evil\u{1b}",
        ];
        let Err(Refused::UnknownImport { imports }) = kind(&census(&imports, &[CONNECTOR])) else {
            panic!("not refused");
        };
        assert_eq!(imports.len(), 7);
        assert_eq!(imports.last().unwrap(), "evil\\u{1b}");
    }

    #[test]
    fn a_transform_is_not_offered_the_network() {
        for import in
            ["lockgate:connector/http@0.1.0", "wasi:http/types@0.2.0", "wasi:http/outgoing-handler@0.2.0"]
        {
            let refused = kind(&census(&[import], &[TRANSFORM]));
            assert!(matches!(refused, Err(Refused::UnknownImport { .. })), "{import}");
        }
    }
}
