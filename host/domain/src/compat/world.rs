//! What a component imports and exports: what it needs of a host, and what it is.

use semver::Version;

use super::{Found, Kind, Side, part};

/// Interfaces that give something. What else may be imported is inert.
const POWERS: [&str; 2] = ["lockgate:connector/", "wasi:http/"];
const OURS: &str = "lockgate:connector/";

pub(super) fn compare(found: &mut Found, old: Side<'_>, new: Side<'_>) {
    for import in new.imports {
        let (name, version) = versioned(import);
        let before = named(old.imports, name);
        let place = format!("/world/imports/{}", part(name));
        match before {
            None if is_power(name) => {
                found.add(Kind::Permission, &place, "it uses this interface of the host, and did not");
            }
            None => found.add(Kind::Neutral, &place, "it imports this too; it is inert"),
            Some(before) => needs(found, &place, before, version),
        }
    }
    for import in old.imports {
        let (name, _) = versioned(import);
        if named(new.imports, name).is_none() {
            found.add(
                Kind::Neutral,
                &format!("/world/imports/{}", part(name)),
                "it does not import this any more",
            );
        }
    }
    for export in old.exports.iter().filter(|export| export.starts_with(OURS)) {
        let (name, before) = versioned(export);
        let place = format!("/world/exports/{}", part(name));
        match named(new.exports, name) {
            None => {
                found.add(Kind::Breaking, &place, "it does not export this any more: the host cannot call it")
            }
            Some(after) => needs(found, &place, before, after),
        }
    }
    for export in new.exports.iter().filter(|export| export.starts_with(OURS)) {
        let (name, _) = versioned(export);
        if named(old.exports, name).is_none() {
            found.add(Kind::Additive, &format!("/world/exports/{}", part(name)), "it exports this too");
        }
    }
}

/// The version of the contract that a host must offer. Hosts follow semantic versions: a host of `0.1.1` serves `0.1.0`.
fn needs(found: &mut Found, place: &str, old: Option<&str>, new: Option<&str>) {
    if old == new || !place.contains("lockgate:connector") {
        return;
    }
    let parsed = |text: Option<&str>| text.and_then(|text| text.parse::<Version>().ok());
    match (parsed(old), parsed(new)) {
        (Some(old), Some(new)) if line(&old) != line(&new) => found.add(
            Kind::Breaking,
            place,
            format_args!(
                "was of the contract {old} and is of {new}: a host that offers only {old} cannot run it"
            ),
        ),
        (Some(old), Some(new)) if new > old => {
            found.add(
                Kind::Additive,
                place,
                format_args!("it needs a host that offers {new} or later, not {old}"),
            );
        }
        (Some(old), Some(new)) => {
            found.add(Kind::Neutral, place, format_args!("a host that offers {new} is enough, not {old}"));
        }
        _ => found.add(
            Kind::Breaking,
            place,
            "cannot tell: it is of no version, or of one that cannot be read",
        ),
    }
}

/// The numbers within which a host's version may move and still serve.
fn line(version: &Version) -> (u64, u64) {
    if version.major == 0 { (0, version.minor) } else { (version.major, 0) }
}

fn is_power(name: &str) -> bool {
    // Types are no power.
    name != "lockgate:connector/types" && POWERS.iter().any(|power| name.starts_with(power))
}

fn versioned(name: &str) -> (&str, Option<&str>) {
    name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version)))
}

/// The version under which this interface is there.
fn named<'a>(names: &'a [String], name: &str) -> Option<Option<&'a str>> {
    names.iter().map(|other| versioned(other)).find(|(other, _)| *other == name).map(|(_, version)| version)
}
