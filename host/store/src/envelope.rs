//! How a row is stored: `format (1) | version (8, big-endian) | JSON | check (16)`.
//!
//! No engine here notices a flipped bit by itself, so every row carries its own check. It is keyed, and covers the
//! row's key as well: rows can neither be changed nor exchanged by someone who has the files but not the key.

use crate::error::StoreError;
use crate::keys;
use crate::root::RootKey;

const FORMAT: u8 = 1;
const HEAD_BYTES: usize = 9;
const CHECK_BYTES: usize = 16;

pub(crate) struct Envelope {
    key: zeroize::Zeroizing<[u8; 32]>,
}

impl Envelope {
    pub(crate) fn new(root: &RootKey) -> Self {
        Self { key: root.derive("lockgate 2026 store row check") }
    }

    pub(crate) fn close(&self, key: &[u8], version: u64, json: &[u8]) -> Vec<u8> {
        let mut row = Vec::with_capacity(HEAD_BYTES + json.len() + CHECK_BYTES);
        row.push(FORMAT);
        row.extend_from_slice(&version.to_be_bytes());
        row.extend_from_slice(json);
        let check = self.check(key, &row);
        row.extend_from_slice(&check);
        row
    }

    /// The version and the JSON of a row whose check is right.
    pub(crate) fn open<'a>(&self, key: &[u8], row: &'a [u8]) -> Result<(u64, &'a [u8]), StoreError> {
        self.verified(key, row).ok_or_else(|| damaged(key))
    }

    fn verified<'a>(&self, key: &[u8], row: &'a [u8]) -> Option<(u64, &'a [u8])> {
        let (body, check) = row.split_last_chunk::<CHECK_BYTES>()?;
        if self.check(key, body) != *check {
            return None;
        }
        let (&format, rest) = body.split_first()?;
        let (version, json) = rest.split_first_chunk::<8>()?;
        (format == FORMAT).then_some((u64::from_be_bytes(*version), json))
    }

    fn check(&self, key: &[u8], body: &[u8]) -> [u8; CHECK_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // The length keeps apart where the key ends and the row begins.
        hasher.update(&u64::try_from(key.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(key);
        hasher.update(body);
        let mut check = [0; CHECK_BYTES];
        hasher.finalize_xof().fill(&mut check);
        check
    }
}

pub(crate) fn damaged(key: &[u8]) -> StoreError {
    let shown = keys::shown(key);
    StoreError::Damaged { table: shown.table, key: shown.key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_noticed() {
        let envelope = Envelope::new(&RootKey::for_tests());
        let row = envelope.close(b"t\0flows\0f", 7, b"{\"a\":1}");
        assert_eq!(envelope.open(b"t\0flows\0f", &row).unwrap(), (7, &b"{\"a\":1}"[..]));
        for bit in 0..row.len() * 8 {
            let mut flipped = row.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(envelope.open(b"t\0flows\0f", &flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_row_is_bound_to_its_key_and_no_length_is_accepted_by_chance() {
        let envelope = Envelope::new(&RootKey::for_tests());
        let row = envelope.close(b"t\0flows\0f", 1, b"null");
        assert!(envelope.open(b"t\0flows\0g", &row).is_err());
        for len in 0..row.len() {
            assert!(envelope.open(b"t\0flows\0f", &row[..len]).is_err(), "{len} bytes");
        }
    }
}
