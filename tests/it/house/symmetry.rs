//! One capability, one name, one file in each place.

/// Interfaces that carry types, or that a guest exports: they have no host side to be symmetric with.
const NOT_CAPABILITIES: &[&str] = &["types", "connector", "transform", "world"];

#[test]
fn every_interface_that_a_guest_may_import_has_its_file_in_each_place() {
    let top = super::top();
    let folder = top.join("wit/v0");
    let mut capabilities = 0;
    for entry in std::fs::read_dir(&folder).expect("wit/v0") {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if NOT_CAPABILITIES.contains(&name.as_str()) {
            continue;
        }
        capabilities += 1;
        for (side, kind) in [
            ("host/runtime/src/capabilities", "rs"),
            ("sdk-guest/rust/src", "rs"),
            ("sdk-guest/js/src", "js"),
            ("sdk-guest/python/src/lockgate_sdk", "py"),
            ("tests/it/capabilities", "rs"),
        ] {
            let file = top.join(side).join(&name).with_extension(kind);
            assert!(file.exists(), "wit/v0/{name}.wit has no {side}/{name}.{kind}");
        }
    }
    assert!(capabilities >= 4, "found {capabilities}");
}

#[test]
fn no_host_side_exists_without_its_interface() {
    let top = super::top();
    for entry in std::fs::read_dir(top.join("host/runtime/src/capabilities")).expect("capabilities") {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let interface = top.join("wit/v0").join(&name).with_extension("wit");
        assert!(name == "mod" || path.is_dir() || interface.exists(), "{} has no interface", path.display());
    }
}

#[test]
fn capabilities_never_import_each_other() {
    for (name, text) in super::sources() {
        let Some(file) = name.strip_prefix("host/runtime/src/capabilities/") else { continue };
        let own = file.trim_end_matches(".rs");
        for other in ["http", "secrets", "logging", "profile"].into_iter().filter(|other| *other != own) {
            let import = format!("capabilities::{other}");
            assert!(own == "mod" || !text.contains(&import), "{name} imports {import}");
        }
    }
}

#[test]
fn types_live_in_interfaces_never_in_a_world() {
    let world = std::fs::read_to_string(super::top().join("wit/v0/world.wit")).expect("world.wit");
    for line in world.lines().map(str::trim) {
        for keyword in ["record ", "variant ", "enum ", "type ", "resource ", "flags "] {
            assert!(!line.starts_with(keyword), "the world holds a type: {line}");
        }
    }
}
