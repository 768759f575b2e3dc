//! JavaScript: the SDK's own script bundles the project, and componentize-js puts it beside an engine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use super::tool;
use crate::failure::Failure;
use crate::files;
use crate::project::Project;
use crate::screen;

const NODE_MIN: u32 = 20;
const GET_NODE: &str = "get Node.js 20 or newer from https://nodejs.org";
const MAIN: &str = "src/connector.js";
const SCRIPT: &str = "node_modules/@lockgate/sdk/build.js";
/// What has to be in `node_modules` before anything can be built.
const NEEDED: [&str; 4] = [
    SCRIPT,
    "node_modules/@bytecodealliance/componentize-js/package.json",
    "node_modules/@bytecodealliance/preview2-shim/package.json",
    "node_modules/esbuild/package.json",
];

pub(super) fn build(project: &Project) -> Result<PathBuf, Failure> {
    let folder = &project.folder;
    let version = tool::ask(in_folder("node", folder).arg("--version"), GET_NODE)?.unwrap_or_default();
    if major(&version).is_none_or(|major| major < NODE_MIN) {
        let version = version.trim();
        return Err(anyhow::anyhow!("node is {version}, which is too old; {GET_NODE}").into());
    }
    install(folder)?;
    screen::note("bundling it, and putting it beside an engine: some ten seconds");
    let mut node = in_folder("node", folder);
    node.arg(SCRIPT).arg(main(folder)?).arg(project.component());
    tool::run(&mut node, GET_NODE)?;
    Ok(project.component().to_owned())
}

fn install(folder: &Path) -> Result<(), Failure> {
    let is_missing = |needed: &&&str| !folder.join(needed).exists();
    if NEEDED.iter().find(is_missing).is_none() {
        return Ok(());
    }
    screen::note("the tools of package.json are not installed yet: npm install");
    // On Windows npm is a script, which is started by its whole name.
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    tool::run(
        in_folder(npm, folder).args(["install", "--no-audit", "--no-fund", "--loglevel=error"]),
        GET_NODE,
    )?;
    match NEEDED.iter().find(is_missing) {
        None => Ok(()),
        Some(missing) => Err(anyhow::anyhow!(
            "npm has installed what package.json names, and {missing} is not there: it has to name @lockgate/sdk, \
             @bytecodealliance/componentize-js, @bytecodealliance/preview2-shim and esbuild, as the package.json of \
             `lockgate new --lang js` does"
        )
        .into()),
    }
}

/// Where the connector is: what package.json calls `main`.
fn main(folder: &Path) -> anyhow::Result<String> {
    let text = files::read_text(&folder.join("package.json"))?;
    let package: Value = serde_json::from_str(&text).context("reading package.json")?;
    Ok(package.get("main").and_then(Value::as_str).unwrap_or(MAIN).to_owned())
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn in_folder(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major(""), None);
    }
}
