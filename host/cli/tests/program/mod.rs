//! The command as the tests start it: nothing of this machine's environment decides what it does.

use std::process::Command;

pub(crate) fn lockgate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    for name in ["LOCKGATE_KEY", "LOCKGATE_TOKEN", "LOCKGATE_URL"] {
        command.env_remove(name);
    }
    // Compiled code of the tests is none of the user's, and is there for the next test.
    command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
    command
}
