//! Compiled code of the commands that run a component on this machine: kept for the next one, for this user alone.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domain::Artefacts;
use etcetera::BaseStrategy as _;

use crate::screen;
use crate::show::inert;

/// Room for some thirty components of JavaScript or Python.
const BYTES_MAX: u64 = 1 << 30;

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct CacheArgs {
    /// Compile it anew, and keep nothing. Unless given, compiled code is kept in this user's cache folder, at most 1 GiB.
    #[arg(long)]
    pub(crate) no_cache: bool,
}

impl CacheArgs {
    /// None where it is not wanted, or cannot be had: everything works without it, and takes longer.
    pub(crate) fn artefacts(self) -> Option<Arc<dyn Artefacts>> {
        if self.no_cache {
            return None;
        }
        let opened = lockgate::artefact_cache(&folder()?, BYTES_MAX);
        let opened = opened.inspect_err(|error| {
            screen::note(&format!("warning: compiled code is not kept: {}", inert(&error.message)));
        });
        opened.ok()
    }
}

/// As the system wants it: below `XDG_CACHE_HOME` or `~/.cache` on Linux.
fn folder() -> Option<PathBuf> {
    let system = etcetera::base_strategy::choose_native_strategy().ok()?;
    Some(system.cache_dir().join("lockgate").join("compiled"))
}
