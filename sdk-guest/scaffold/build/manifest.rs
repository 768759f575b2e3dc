//! Cargo manifests and lock files of this workspace, made to stand alone.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

/// A package's manifest with everything that it inherits written out. `path` is the manifest's own from the top.
pub(crate) fn standalone(workspace: &str, package: &str, path: &str) -> String {
    let workspace: Table = parse(workspace, "Cargo.toml");
    let mut package: Table = parse(package, path);
    let inherited = |section: &str| {
        let workspace = workspace.get("workspace").and_then(Value::as_table);
        workspace
            .and_then(|workspace| workspace.get(section))
            .and_then(Value::as_table)
            .cloned()
            .unwrap_or_default()
    };
    // The lints are this repository's, and so are tests that need it.
    package.remove("lints");
    package.remove("dev-dependencies");
    if let Some(Value::Table(about)) = package.get_mut("package") {
        for (name, value) in inherited("package") {
            if about.get(&name).is_some_and(is_inherited) {
                about.insert(name, value);
            }
        }
    }
    let up = "../".repeat(path.matches('/').count());
    if let Some(Value::Table(dependencies)) = package.get_mut("dependencies") {
        let known = inherited("dependencies");
        for (name, dependency) in dependencies.iter_mut().filter(|(_, dependency)| is_inherited(dependency)) {
            let Some(said) = known.get(name) else {
                panic!("{path} inherits {name}, which the workspace lacks")
            };
            *dependency = merged(said.clone(), dependency, &up);
        }
    }
    let text = toml::to_string(&package).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
    format!("# Written by `lockgate new`, for a project that stands alone.\n{text}")
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// What the workspace says of a dependency, with what the package adds.
fn merged(said: Value, own: &Value, up: &str) -> Value {
    let mut table = match said {
        Value::String(version) => Table::from_iter([("version".to_owned(), Value::String(version))]),
        Value::Table(table) => table,
        other => panic!("a dependency is neither a version nor a table: {other}"),
    };
    if let Some(Value::String(path)) = table.get_mut("path") {
        *path = format!("{up}{path}");
    }
    for (name, value) in own.as_table().into_iter().flatten().filter(|(name, _)| *name != "workspace") {
        match (table.get_mut(name), value) {
            (Some(Value::Array(features)), Value::Array(more)) => features.extend(more.iter().cloned()),
            _ => {
                table.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Table(table)
}

/// The packages that these need, with the versions that this repository is tested with.
pub(crate) fn pruned_lock(lock: &str, roots: &[&str]) -> String {
    let mut lock: Table = parse(lock, "Cargo.lock");
    let Some(Value::Array(packages)) = lock.get_mut("package") else { panic!("Cargo.lock has no packages") };
    let mut by_name: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for package in packages.drain(..) {
        by_name.entry(text(&package, "name").to_owned()).or_default().push(package);
    }
    let mut wanted: Vec<String> = roots.iter().map(|&root| root.to_owned()).collect();
    let mut kept = BTreeSet::new();
    while let Some(reference) = wanted.pop() {
        // A name, or a name and its version where there are several.
        let mut parts = reference.split(' ');
        let (name, version) = (parts.next().unwrap_or_default(), parts.next());
        for package in by_name.get(name).into_iter().flatten() {
            let found = text(package, "version");
            if version.is_none_or(|version| version == found)
                && kept.insert((name.to_owned(), found.to_owned()))
            {
                let below = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
                wanted.extend(below.filter_map(Value::as_str).map(str::to_owned));
            }
        }
    }
    let all = by_name.into_values().flatten();
    packages.extend(
        all.filter(|one| kept.contains(&(text(one, "name").to_owned(), text(one, "version").to_owned()))),
    );
    toml::to_string(&lock).unwrap_or_else(|error| panic!("cannot write a lock file: {error}"))
}

fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    package.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn parse(text: &str, path: &str) -> Table {
    text.parse().unwrap_or_else(|error| panic!("{path} is not TOML: {error}"))
}
