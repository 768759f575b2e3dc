//! Files that a person names on the command line: read whole and bounded, or written for their owner alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// A component.
pub(crate) const COMPONENT_BYTES_MAX: u64 = 256 << 20;
/// Everything else.
pub(crate) const TEXT_BYTES_MAX: u64 = 1 << 20;

#[expect(clippy::disallowed_methods, reason = "the file is the caller's own, not the store's")]
pub(crate) fn read(path: &Path, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let reading = || format!("reading {}", path.display());
    let file = File::open(path).with_context(reading)?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).with_context(reading)?;
    if bytes.len() as u64 > bytes_max {
        bail!("{} is larger than {bytes_max} bytes", path.display());
    }
    Ok(bytes)
}

pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    let bytes = read(path, TEXT_BYTES_MAX)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// JSON as it stands on the command line, or `@file`.
pub(crate) fn json(argument: &str) -> anyhow::Result<Value> {
    match argument.strip_prefix('@') {
        Some(path) => {
            let text = read_text(Path::new(path))?;
            serde_json::from_str(&text).with_context(|| format!("{path} is not JSON"))
        }
        None => {
            serde_json::from_str(argument).context("the argument is not JSON; @FILE reads it from a file")
        }
    }
}

/// A secret: typed unseen at a terminal, or piped in. One line break at its end is not part of it.
pub(crate) fn secret(prompt: &str) -> anyhow::Result<String> {
    let mut text = if std::io::stdin().is_terminal() {
        let terminal = console::Term::stderr();
        terminal.write_str(prompt).context("asking for the secret")?;
        terminal.read_secure_line().context("reading the secret")?
    } else {
        let mut text = String::new();
        std::io::stdin()
            .take(TEXT_BYTES_MAX)
            .read_to_string(&mut text)
            .context("reading the secret from stdin")?;
        text
    };
    without_line_break(&mut text);
    Ok(text)
}

pub(crate) fn without_line_break(text: &mut String) {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
}

/// Makes a folder that only its owner can enter, unless it is there.
pub(crate) fn make_private_dir(path: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("making the folder {}", path.display()))
}

/// Writes a file that only its owner can read, in one step: a crash leaves the old one or the new one.
#[expect(clippy::disallowed_methods, reason = "tokens are handed to a person, beside the store")]
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let writing = || format!("writing {}", path.display());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside).with_context(writing)?;
    file.write_all(text.as_bytes()).with_context(writing)?;
    file.sync_all().with_context(writing)?;
    std::fs::rename(&beside, path).with_context(writing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_is_not_part_of_a_secret() {
        for (piped, secret) in
            [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("a", "a"), ("\n", "")]
        {
            let mut text = piped.to_owned();
            without_line_break(&mut text);
            assert_eq!(text, secret, "{piped:?}");
        }
    }

    #[test]
    fn a_token_file_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("operator.token");
        write_private(&path, "one").unwrap();
        write_private(&path, "two").unwrap();
        assert_eq!(read_text(&path).unwrap(), "two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_larger_than_it_may_be_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        write_private(&path, "12345").unwrap();
        assert!(read(&path, 4).is_err());
        assert_eq!(read(&path, 5).unwrap(), b"12345");
    }

    #[test]
    fn json_comes_from_the_argument_or_from_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.json");
        write_private(&path, "{\"a\":1}").unwrap();
        assert_eq!(json(&format!("@{}", path.display())).unwrap(), serde_json::json!({ "a": 1 }));
        assert_eq!(json("[1]").unwrap(), serde_json::json!([1]));
        assert!(json("nope").is_err());
    }
}
