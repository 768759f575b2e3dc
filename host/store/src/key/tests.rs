//! Tests of the key-encryption key and its file.

use super::*;

struct Counting;

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = at as u8;
        }
    }
}

fn written(contents: &[u8], mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, contents).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    (folder, path)
}

#[test]
fn a_made_key_reads_back_and_is_never_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let made = KeyEncryptionKey::create_file(&path, &Counting).unwrap();
    assert_eq!(KeyEncryptionKey::from_file(&path).unwrap().fingerprint(), made.fingerprint());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(KeyEncryptionKey::create_file(&path, &Counting), Err(KeyError::Exists { .. })));
}

#[test]
fn a_key_may_be_text_or_bytes_with_or_without_a_line_break() {
    let bytes: [u8; 32] = std::array::from_fn(|at| at as u8);
    let hex = encoding::key_to_hex(&bytes).to_string();
    let expected = KeyEncryptionKey::from_bytes(bytes).unwrap().fingerprint();
    let forms: [Vec<u8>; 6] = [
        bytes.to_vec(),
        [&bytes[..], b"\n"].concat(),
        hex.clone().into_bytes(),
        format!("{hex}\n").into_bytes(),
        format!("{hex}\r\n").into_bytes(),
        hex.to_uppercase().into_bytes(),
    ];
    for contents in forms {
        let (_folder, path) = written(&contents, 0o600);
        assert_eq!(KeyEncryptionKey::from_file(&path).unwrap().fingerprint(), expected);
    }
    assert_eq!(KeyEncryptionKey::from_text(&format!(" {hex}\n")).unwrap().fingerprint(), expected);
}

#[test]
fn an_unsuitable_key_is_refused_with_its_reason() {
    for (contents, error) in [
        (&b""[..], KeyError::WrongLength),
        (&[7; 31], KeyError::WrongLength),
        (&[b'g'; 64], KeyError::WrongLength),
        (&[b'a'; 300], KeyError::WrongLength),
        (&[7; 32], KeyError::Weak),
        (&[b'0'; 64], KeyError::Weak),
    ] {
        let (_folder, path) = written(contents, 0o600);
        assert_eq!(KeyEncryptionKey::from_file(&path).unwrap_err(), error, "{contents:?}");
    }
    let missing = KeyEncryptionKey::from_file(Path::new("/nonexistent/key"));
    assert!(matches!(missing, Err(KeyError::Missing { .. })));
    let (folder, _) = written(b"", 0o600);
    assert!(matches!(KeyEncryptionKey::from_file(folder.path()), Err(KeyError::Unusable { .. })));
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    for mode in [0o644, 0o640, 0o604, 0o660] {
        let (_folder, path) = written(&[b'1'; 64], mode);
        let error = KeyEncryptionKey::from_file(&path).unwrap_err();
        assert!(matches!(error, KeyError::TooOpen { mode: found, .. } if found == mode), "{error}");
    }
}

#[test]
fn a_key_is_mute() {
    let key = KeyEncryptionKey::for_tests();
    assert_eq!(format!("{key:?}"), "KeyEncryptionKey(***)");
}
