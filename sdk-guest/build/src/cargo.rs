//! The nested cargo that builds the guests.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::target;

/// The workspace's profile for components; its name is also the folder of its artefacts.
pub(crate) const PROFILE: &str = "guest";

/// What the outer cargo says to this build script is wrong for another target, or for another package.
const FOREIGN: [&str; 16] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTDOCFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_DIR",
    "DEBUG",
    "HOST",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "TARGET",
];
const FOREIGN_PREFIXES: [&str; 4] = ["CARGO_CFG_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "CARGO_PKG_"];

/// Builds the selected guests, or fails with what the nested cargo said.
pub(crate) fn build(manifest: &Path, target_dir: &Path, selection: &[String]) {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .arg("build")
        .arg("--manifest-path")
        .arg(manifest)
        .args(["--profile", PROFILE, "--target", target::TRIPLE])
        .arg("--target-dir")
        .arg(target_dir)
        .args(selection);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_foreign) {
            cargo.env_remove(name);
        }
    }
    match cargo.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!(
            "cannot build the guests: cargo build --profile {PROFILE} --target {} {} failed\n{}",
            target::TRIPLE,
            selection.join(" "),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => panic!("cannot run {}: {error}", cargo.get_program().display()),
    }
}

fn is_foreign(name: &str) -> bool {
    FOREIGN.contains(&name) || FOREIGN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_outer_build_do_not_reach_the_guests() {
        for name in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "RUSTC_WORKSPACE_WRAPPER",
            "CARGO_FEATURE_STD",
            "OUT_DIR",
        ] {
            assert!(is_foreign(name), "{name}");
        }
    }

    #[test]
    fn what_finds_the_tools_and_shares_the_processors_stays() {
        for name in [
            "PATH",
            "CARGO",
            "CARGO_HOME",
            "CARGO_MAKEFLAGS",
            "MAKEFLAGS",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(!is_foreign(name), "{name}");
        }
    }
}
