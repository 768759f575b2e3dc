//! Rust: cargo makes the component, for the target `wasm32-wasip2`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::tool;
use crate::failure::Failure;
use crate::project::Project;

const TARGET: &str = "wasm32-wasip2";
const GET_RUST: &str = "get Rust from https://rustup.rs";
const GET_TARGET: &str = "rustup target add wasm32-wasip2";

pub(super) fn build(project: &Project) -> Result<PathBuf, Failure> {
    ready(&project.folder)?;
    let mut cargo = in_folder("cargo", &project.folder);
    tool::run(cargo.args(["build", "--release", "--lib", "--target", TARGET]), GET_RUST)?;
    Ok(project.component().to_owned())
}

/// Where cargo puts the component: not below the project where a workspace or a setting says otherwise.
pub(crate) fn component(project: &Project) -> PathBuf {
    let asked = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let said = tool::ask(in_folder("cargo", &project.folder).args(asked), GET_RUST).ok().flatten();
    let metadata: Option<Value> = said.and_then(|said| serde_json::from_str(&said).ok());
    let target = metadata.as_ref().and_then(|found| found.get("target_directory")).and_then(Value::as_str);
    match (target, project.component().file_name()) {
        (Some(target), Some(file)) => Path::new(target).join(TARGET).join("release").join(file),
        _ => project.component().to_owned(),
    }
}

/// The target's library has to be there, for the toolchain that is used in this folder.
fn ready(folder: &Path) -> Result<(), Failure> {
    let asked = ["--print", "target-libdir", "--target", TARGET];
    match tool::ask(in_folder("rustc", folder).args(asked), GET_RUST)? {
        Some(path) if Path::new(path.trim()).is_dir() => Ok(()),
        Some(_) => Err(missing_target()),
        None => Err(anyhow::anyhow!(
            "the Rust in this folder does not know {TARGET}: it is too old; `rustup update` gets a newer one"
        )
        .into()),
    }
}

fn missing_target() -> Failure {
    anyhow::anyhow!("the library of {TARGET} is not installed; `{GET_TARGET}` gets it").into()
}

fn in_folder(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    command
}
