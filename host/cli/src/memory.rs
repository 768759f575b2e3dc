//! Keeps the memory of a host, and the secrets in it, out of core files and out of other processes' hands.

/// No core file of this process or of what it starts, and no look into its memory by others of the same user.
#[cfg(target_os = "linux")]
pub(crate) fn keep_private() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// No core file of this process or of what it starts.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn keep_private() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    Ok(setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?)
}

#[cfg(not(unix))]
pub(crate) fn keep_private() -> std::io::Result<()> {
    Ok(())
}
