//! The key-encryption key: where it comes from, and another in its place.

pub(crate) mod args;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use lockgate::{Key, Rotated};
use serde_json::json;

use self::args::{KeysArgs, KeysVerb};
use crate::failure::Failure;
use crate::screen::{self, Screen};

pub(crate) async fn run(args: KeysArgs) -> Result<ExitCode, Failure> {
    let KeysVerb::Rotate { data, key_file, new_key_file, json } = args.verb;
    let screen = Screen { json };
    let key = given(key_file.as_deref())?;
    let rotated = lockgate::rotate_key(&data, key, &new_key_file)
        .await
        .with_context(|| format!("rotating the key of {}", data.display()))?;
    let file = new_key_file.display().to_string();
    if json {
        let now = rotated == Rotated::Now;
        screen::say(&screen::inert_json(&json!({ "rotated": now, "key_file": file })));
    } else {
        screen::say(match rotated {
            Rotated::Now => "rotated: the new key opens the data folder, the old one does not",
            Rotated::Before => "nothing to do: the new key already opens the data folder",
        });
    }
    screen.hint(&format!("hint: lockgate serve --data {} --key-file {file}", data.display()));
    Ok(ExitCode::SUCCESS)
}

/// The key that the command line or the environment names.
#[expect(clippy::disallowed_methods, reason = "the command line reads the environment, and passes it down")]
pub(crate) fn given(key_file: Option<&Path>) -> anyhow::Result<Option<Key>> {
    if let Some(path) = key_file {
        return Ok(Some(Key::File(path.to_owned())));
    }
    // No flag mirrors this variable: a command line can be read by everybody on the machine.
    match std::env::var("LOCKGATE_KEY") {
        Ok(text) => Ok(Some(Key::Hex(text))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => anyhow::bail!("LOCKGATE_KEY is not 64 hexadecimal digits"),
    }
}
