//! What is linked in: versions that hold known holes are not, and a dependency that one room owns has no other owner.

use std::collections::{BTreeMap, BTreeSet};

/// The oldest version of each that has no known hole. What is not in the lock file may be absent.
const AT_LEAST: &[(&str, [u64; 3])] = &[
    ("h2", [0, 4, 16]),
    ("hickory-resolver", [0, 26, 1]),
    ("idna", [1, 0, 0]),
    ("jsonwebtoken", [10, 3, 0]),
    ("lru", [0, 18, 2]),
    ("rustls-webpki", [0, 103, 13]),
    ("time", [0, 3, 47]),
    ("tracing-subscriber", [0, 3, 20]),
];

/// The sandbox itself, with everything that is released with it.
const WASMTIME: [u64; 3] = [48, 0, 8];
const NOT_WASMTIME: [u64; 3] = [49, 0, 0];

struct Package {
    name: String,
    version: [u64; 3],
    dependencies: BTreeSet<String>,
}

/// Every package of a lock file.
fn packages(lock: &str) -> Vec<Package> {
    let quoted = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let field = |package: &str, name: &str| {
        let line = package.lines().find(|line| line.starts_with(&format!("{name} = ")));
        line.map(quoted).unwrap_or_default()
    };
    let package = |text: &str| Package {
        name: field(text, "name"),
        version: version(&field(text, "version")),
        // A name with its version, where there are several.
        dependencies: text
            .lines()
            .filter(|line| line.starts_with(" \""))
            .map(|line| quoted(line).split(' ').next().unwrap_or_default().to_owned())
            .collect(),
    };
    lock.split("[[package]]").skip(1).map(package).collect()
}

/// A version before a release counts as the one before it.
fn version(text: &str) -> [u64; 3] {
    let (numbers, early) = match text.split_once(['-', '+']) {
        Some((numbers, _)) => (numbers, text.contains('-')),
        None => (text, false),
    };
    let mut parts = numbers.split('.').map(|part| part.parse().unwrap_or(0));
    let mut version: [u64; 3] = [(); 3].map(|()| parts.next().unwrap_or(0));
    if early {
        version[2] = version[2].saturating_sub(1);
    }
    version
}

/// What is wrong with a lock file.
fn problems(lock: &str, bans: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let packages = packages(lock);
    let mut problems = Vec::new();
    for Package { name, version, dependencies } in &packages {
        let shown = format!("{name} {}.{}.{}", version[0], version[1], version[2]);
        let of_wasmtime = name == "wasmtime" || name.starts_with("wasmtime-");
        if of_wasmtime && !(WASMTIME..NOT_WASMTIME).contains(version) {
            problems.push(format!("{shown} is not of the family 48.0.8 and later, below 49"));
        }
        if let Some((_, oldest)) = AT_LEAST.iter().find(|(known, _)| known == name)
            && version < oldest
        {
            problems.push(format!("{shown} has known holes; at least {oldest:?}"));
        }
        for dependency in dependencies {
            if let Some(owners) = bans.get(dependency)
                && !owners.contains(name)
            {
                problems.push(format!("{name} depends on {dependency}, which only {owners:?} may"));
            }
        }
    }
    let count = packages.iter().filter(|package| package.name == "wasmtime").count();
    if count != 1 {
        problems.push(format!("there are {count} versions of wasmtime; there is one sandbox"));
    }
    problems
}

/// The bans of `deny.toml`, one a line: a crate, and who alone may depend on it.
fn bans(deny: &str) -> BTreeMap<String, BTreeSet<String>> {
    let ban = |line: &str| {
        let (name, owners) = line.trim().strip_prefix("{ crate = \"")?.split_once("\", wrappers = [")?;
        let owners =
            owners.split(']').next()?.split('"').filter(|part| part.trim_matches([' ', ',']).len() > 1);
        Some((name.to_owned(), owners.map(str::to_owned).collect()))
    };
    deny.lines().filter_map(ban).collect()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(super::top().join(name)).expect("a file of the top folder")
}

#[test]
fn what_is_locked_has_no_known_hole_and_one_owner() {
    let bans = bans(&read("deny.toml"));
    assert!(bans.len() >= 15 && bans["sled"].contains("store"), "{bans:?}");
    let problems = problems(&read("Cargo.lock"), &bans);
    assert!(problems.is_empty(), "Cargo.lock:\n{}", problems.join("\n"));
}

#[test]
fn a_lock_file_with_a_hole_is_found_out() {
    let package = |name: &str, version: &str, dependency: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = [\n \"{dependency}\",\n]\n\n"
        )
    };
    let good = package("wasmtime", "48.0.8", "serde 1.0.0");
    let bans = bans(
        "    { crate = \"reqwest\", wrappers = [\"egress\", \"cli\"] },\n    { crate = \"openssl\", wrappers = [] },",
    );
    assert!(problems(&good, &bans).is_empty());
    assert!(problems(&(good.clone() + &package("egress", "0.1.0", "reqwest")), &bans).is_empty());
    for bad in [
        package("wasmtime", "48.0.7", "serde"),
        package("wasmtime", "49.0.0", "serde"),
        good.clone() + &package("wasmtime", "48.0.9", "serde"),
        good.clone() + &package("wasmtime-wasi", "47.0.1", "serde"),
        good.clone() + &package("tracing-subscriber", "0.3.19", "serde"),
        good.clone() + &package("h2", "0.4.16-alpha.1", "serde"),
        good.clone() + &package("pipeline", "0.1.0", "reqwest"),
        good.clone() + &package("egress", "0.1.0", "openssl 0.10.1"),
        String::new(),
    ] {
        assert_eq!(problems(&bad, &bans).len(), 1, "{bad}");
    }
}
