//! Tests of the key-encryption key and its file.

use super::*;

struct Counting;

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&random()[..bytes.len()]);
    }
}

fn random() -> [u8; 32] {
    *blake3::hash(b"as good as random").as_bytes()
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
    let bytes = random();
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
fn what_is_no_random_key_is_refused_in_every_form() {
    let counted: [u8; 32] = std::array::from_fn(|at| at as u8);
    let counted_down: [u8; 32] = std::array::from_fn(|at| 200 - 3 * at as u8);
    let repeated: [u8; 32] = std::array::from_fn(|at| random()[at % 15]);
    let weak: [[u8; 32]; 7] = [
        [0; 32],
        [0xff; 32],
        counted,
        counted_down,
        repeated,
        *b"correct horse battery staple 123",
        *b"0123456789abcdef0123456789abcdef",
    ];
    for key in weak {
        let refused = |result: Result<KeyEncryptionKey, KeyError>| {
            let error = result.unwrap_err();
            assert!(matches!(error, KeyError::Weak { .. }), "{error}");
            assert!(error.to_string().contains("openssl rand"), "{error}");
        };
        let hex = encoding::key_to_hex(&key);
        refused(KeyEncryptionKey::from_bytes(key));
        refused(KeyEncryptionKey::from_text(&hex));
        for contents in [&key[..], hex.as_bytes(), &[&key[..], b"\n"].concat()] {
            let (_folder, path) = written(contents, 0o600);
            refused(KeyEncryptionKey::from_file(&path));
        }
    }
    for seed in 0..1_000_u32 {
        let random = *blake3::hash(&seed.to_be_bytes()).as_bytes();
        assert!(KeyEncryptionKey::from_bytes(random).is_ok(), "seed {seed}");
    }
}

#[test]
fn a_key_file_belongs_to_whoever_uses_it_or_to_the_superuser() {
    let (_folder, path) = written(&random(), 0o600);
    assert!(KeyEncryptionKey::from_file(&path).is_ok());
    assert!(may_own(1_000, 1_000) && may_own(0, 1_000));
    assert!(!may_own(1_001, 1_000) && !may_own(1_000, 0), "not even the superuser trusts another's key");
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
