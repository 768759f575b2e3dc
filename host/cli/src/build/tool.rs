//! A tool of another language: run with what it says on stderr, or named with the command that gets it.

use std::io;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Runs it to its end. What it says goes to stderr as it comes; stdout stays for what this command answers.
pub(super) fn run(command: &mut Command, get_it: &str) -> Result<(), Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::from(io::stderr()));
    let name = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            Err(anyhow::anyhow!("{name} could not build it ({status}); what it says is above").into())
        }
        Err(error) => Err(missing(&name, &error, get_it)),
    }
}

/// Runs it and gives what it prints; none where it fails.
pub(super) fn ask(command: &mut Command, get_it: &str) -> Result<Option<String>, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.stdin(Stdio::null()).stderr(Stdio::null()).output() {
        Ok(output) if output.status.success() => {
            Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
        }
        Ok(_) => Ok(None),
        Err(error) => Err(missing(&name, &error, get_it)),
    }
}

/// It is not there, and what gets it.
fn missing(name: &str, error: &io::Error, get_it: &str) -> Failure {
    let why = if error.kind() == io::ErrorKind::NotFound {
        "it is not installed".to_owned()
    } else {
        error.to_string()
    };
    anyhow::anyhow!("{name} cannot be run: {why}; {get_it}").into()
}
