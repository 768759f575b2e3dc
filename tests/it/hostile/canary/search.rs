//! What a secret can look like, and where it is.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A form of a secret in a file.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) path: PathBuf,
    #[expect(dead_code, reason = "shown where a test fails")]
    form: &'static str,
    #[expect(dead_code, reason = "shown where a test fails")]
    around: String,
}

/// Every form of a canary: whole, and of the twenty letters at its beginning, which most escapes leave alone.
pub(super) fn forms(canary: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let start = &canary[..20];
    let text = |text: String| text.into_bytes();
    let mut forms = vec![
        ("plain", start.to_vec()),
        ("reversed", start.iter().rev().copied().collect()),
        ("lower case", start.to_ascii_lowercase()),
        ("hexadecimal", text(start.iter().map(|byte| format!("{byte:02x}")).collect())),
        ("HEXADECIMAL", text(start.iter().map(|byte| format!("{byte:02X}")).collect())),
        ("percent", text(start.iter().map(|byte| format!("%{byte:02X}")).collect())),
        ("percent, lower case", text(start.iter().map(|byte| format!("%{byte:02x}")).collect())),
        ("JSON", text(start.iter().map(|byte| format!("\\u{byte:04x}")).collect())),
        ("a list of numbers", text(format!("{start:?}").trim_matches(['[', ']']).to_owned())),
        ("UTF-16", start.iter().flat_map(|byte| [*byte, 0]).collect()),
    ];
    for before in 0..3 {
        let padded = [vec![0; before], start.to_vec()].concat();
        for (form, engine) in [("base64", &STANDARD_NO_PAD), ("base64 for URLs", &URL_SAFE_NO_PAD)] {
            let encoded = engine.encode(&padded).into_bytes();
            let first = (before * 8).div_ceil(6);
            forms.push((form, encoded[first..padded.len() * 8 / 6].to_vec()));
        }
    }
    forms
}

/// Every file below a folder.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Where any of these byte strings is.
pub(super) fn search(files: &[PathBuf], wanted: &[(&'static str, Vec<u8>)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for path in files {
        let bytes = std::fs::read(path).expect("readable");
        for (form, wanted) in wanted {
            if let Some(at) = memchr::memmem::find(&bytes, wanted) {
                let around = &bytes[at.saturating_sub(60)..(at + wanted.len() + 60).min(bytes.len())];
                let around = around.escape_ascii().to_string();
                found.push(Finding { path: path.clone(), form, around });
            }
        }
    }
    found
}

#[test]
fn the_search_finds_every_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let canary = b"Cred7f3b9d2e51c84a06/x";
    let file = folder.path().join("deep").join("file");
    std::fs::create_dir(folder.path().join("deep")).expect("made");
    for encoded in [
        canary.to_vec(),
        STANDARD_NO_PAD.encode(canary).into_bytes(),
        STANDARD_NO_PAD.encode([b"user:".as_slice(), canary].concat()).into_bytes(),
        URL_SAFE_NO_PAD.encode([b"abc-".as_slice(), canary].concat()).into_bytes(),
        canary.iter().map(|byte| format!("%{byte:02x}")).collect::<String>().into_bytes(),
        format!("{:?}", canary.to_vec()).into_bytes(),
    ] {
        std::fs::write(&file, [b"\0before ".as_slice(), &encoded, b" after"].concat()).expect("written");
        let found = search(&files(folder.path()), &forms(canary));
        assert!(!found.is_empty(), "{}", encoded.escape_ascii());
    }
    std::fs::write(&file, b"nothing of the kind").expect("written");
    assert!(search(&files(folder.path()), &forms(canary)).is_empty());
}
