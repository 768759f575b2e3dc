//! The target that components are compiled for, and its presence on this machine.

use std::env;
use std::path::Path;
use std::process::Command;

/// What components are compiled for.
pub(crate) const TRIPLE: &str = "wasm32-wasip2";

/// Adds the target's standard library to the toolchain in use if it is missing.
pub(crate) fn ensure() {
    if is_present() {
        return;
    }
    let mut add = Command::new("rustup");
    add.args(["target", "add", TRIPLE]);
    // The toolchain in use need not be the default one.
    if let Some(toolchain) = env::var_os("RUSTUP_TOOLCHAIN") {
        add.arg("--toolchain").arg(toolchain);
    }
    let outcome = match add.output() {
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => format!("cannot run rustup: {error}"),
    };
    if !is_present() {
        panic!("components need the {TRIPLE} target; add it with `rustup target add {TRIPLE}`\n{outcome}");
    }
}

fn is_present() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed = Command::new(rustc).args(["--print", "target-libdir", "--target", TRIPLE]).output();
    match printed {
        Ok(output) if output.status.success() => {
            Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
        }
        _ => false,
    }
}
