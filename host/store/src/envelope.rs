//! How a row is stored: `form (1) | version (8, big-endian) | content | check (16)`.
//!
//! The content is JSON, or, in the tables that hold customers' data, `nonce (24) | JSON sealed with the tenant's row key`.
//!
//! No engine here notices a flipped bit by itself, so every row carries its own check. It is keyed, and covers the
//! row's key as well: rows can neither be changed nor exchanged by someone who has the files but not the key.

use std::borrow::Cow;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::keys;
use crate::root::RootKey;

/// In the clear. Also how rows of the sealed tables were written before format 4; they are read still.
const PLAIN: u8 = 1;
const SEALED: u8 = 2;
const HEAD_BYTES: usize = 9;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const CHECK_BYTES: usize = 16;

pub(crate) struct Envelope {
    check: Zeroizing<[u8; 32]>,
    sealing: Zeroizing<[u8; 32]>,
    nonces: Zeroizing<[u8; 32]>,
}

impl Envelope {
    pub(crate) fn new(root: &RootKey) -> Self {
        Self {
            check: root.derive("lockgate 2026 store row check"),
            sealing: root.derive("lockgate 2026 store row sealing"),
            nonces: root.derive("lockgate 2026 store row nonces"),
        }
    }

    pub(crate) fn close(&self, key: &[u8], version: u64, json: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut row = Vec::with_capacity(HEAD_BYTES + NONCE_BYTES + json.len() + TAG_BYTES + CHECK_BYTES);
        let sealed_for = keys::sealed_for(key);
        row.push(if sealed_for.is_some() { SEALED } else { PLAIN });
        row.extend_from_slice(&version.to_be_bytes());
        match sealed_for {
            None => row.extend_from_slice(json),
            Some(tenant) => {
                let nonce = self.nonce(key, version, json);
                let sealed =
                    self.cipher(tenant).and_then(|cipher| cipher.encrypt(&XNonce::from(nonce), json).ok());
                let refused =
                    || StoreError::Engine { doing: "seal a row", cause: "the cipher refused it".to_owned() };
                row.extend_from_slice(&nonce);
                row.extend_from_slice(&sealed.ok_or_else(refused)?);
            }
        }
        let check = self.check(key, &row);
        row.extend_from_slice(&check);
        Ok(row)
    }

    /// The version and the JSON of a row whose check is right.
    pub(crate) fn open<'a>(&self, key: &[u8], row: &'a [u8]) -> Result<(u64, Cow<'a, [u8]>), StoreError> {
        self.opened(key, row).ok_or_else(|| damaged(key))
    }

    /// The version alone.
    pub(crate) fn version(&self, key: &[u8], row: &[u8]) -> Result<u64, StoreError> {
        self.verified(key, row).map(|(_, version, _)| version).ok_or_else(|| damaged(key))
    }

    fn opened<'a>(&self, key: &[u8], row: &'a [u8]) -> Option<(u64, Cow<'a, [u8]>)> {
        let (form, version, content) = self.verified(key, row)?;
        let json = match form {
            PLAIN => Cow::Borrowed(content),
            SEALED => {
                let (nonce, sealed) = content.split_first_chunk::<NONCE_BYTES>()?;
                let cipher = self.cipher(keys::sealed_for(key)?)?;
                Cow::Owned(cipher.decrypt(&XNonce::from(*nonce), sealed).ok()?)
            }
            _ => return None,
        };
        Some((version, json))
    }

    fn verified<'a>(&self, key: &[u8], row: &'a [u8]) -> Option<(u8, u64, &'a [u8])> {
        let (body, check) = row.split_last_chunk::<CHECK_BYTES>()?;
        if self.check(key, body) != *check {
            return None;
        }
        let (&form, rest) = body.split_first()?;
        let (version, content) = rest.split_first_chunk::<8>()?;
        matches!(form, PLAIN | SEALED).then_some((form, u64::from_be_bytes(*version), content))
    }

    /// Every tenant's rows have a key of their own.
    fn cipher(&self, tenant: &[u8]) -> Option<XChaCha20Poly1305> {
        let key = Zeroizing::new(*blake3::keyed_hash(&self.sealing, tenant).as_bytes());
        XChaCha20Poly1305::new_from_slice(key.as_slice()).ok()
    }

    /// Made of all that is sealed, so it repeats only where the same is sealed again: a version that a crash took back
    /// may be given to other content.
    fn nonce(&self, key: &[u8], version: u64, json: &[u8]) -> [u8; NONCE_BYTES] {
        keyed(&self.nonces, key, |hasher| {
            hasher.update(&version.to_be_bytes()).update(json);
        })
    }

    fn check(&self, key: &[u8], body: &[u8]) -> [u8; CHECK_BYTES] {
        keyed(&self.check, key, |hasher| {
            hasher.update(body);
        })
    }
}

fn keyed<const BYTES: usize>(
    hashing: &[u8; 32],
    key: &[u8],
    feed: impl FnOnce(&mut blake3::Hasher),
) -> [u8; BYTES] {
    let mut hasher = blake3::Hasher::new_keyed(hashing);
    // The length keeps apart where the key ends and the row begins.
    hasher.update(&u64::try_from(key.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(key);
    feed(&mut hasher);
    let mut bytes = [0; BYTES];
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

pub(crate) fn damaged(key: &[u8]) -> StoreError {
    let shown = keys::shown(key);
    StoreError::Damaged { table: shown.table, key: shown.key }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: &[u8] = b"t\0flows\0f";
    const PARCEL: &[u8] = b"t\0outbox\0f\x001";
    const JSON: &[u8] = b"{\"name\":\"Ada Lovelace\"}";

    fn envelope() -> Envelope {
        Envelope::new(&RootKey::for_tests())
    }

    fn holds(row: &[u8], text: &[u8]) -> bool {
        row.windows(text.len()).any(|window| window == text)
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let envelope = envelope();
        for key in [FLOW, PARCEL] {
            let row = envelope.close(key, 7, JSON).unwrap();
            let (version, json) = envelope.open(key, &row).unwrap();
            assert_eq!((version, &*json, envelope.version(key, &row).unwrap()), (7, JSON, 7));
            for bit in 0..row.len() * 8 {
                let mut flipped = row.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(envelope.open(key, &flipped).is_err(), "bit {bit}");
            }
        }
    }

    #[test]
    fn a_row_is_bound_to_its_key_and_no_length_is_accepted_by_chance() {
        let envelope = envelope();
        for (key, other) in [(FLOW, b"t\0flows\0g".as_slice()), (PARCEL, b"u\0outbox\0f\x001")] {
            let row = envelope.close(key, 1, b"null").unwrap();
            assert!(envelope.open(other, &row).is_err());
            for len in 0..row.len() {
                assert!(envelope.open(key, &row[..len]).is_err(), "{len} bytes");
            }
        }
    }

    #[test]
    fn what_customers_send_does_not_stand_in_the_row_and_what_an_operator_defines_does() {
        let envelope = envelope();
        for table in ["outbox", "inbox", "dead-letters", "logs"] {
            let key = format!("t\0{table}\0f\x001");
            let row = envelope.close(key.as_bytes(), 1, JSON).unwrap();
            assert!(!holds(&row, b"Lovelace") && !holds(&row, b"name"), "{table} is in the clear");
        }
        assert!(holds(&envelope.close(FLOW, 1, JSON).unwrap(), b"Lovelace"));
    }

    #[test]
    fn two_tenants_two_versions_and_two_contents_share_neither_key_nor_nonce() {
        let envelope = envelope();
        let content = |key: &[u8], version, json: &[u8]| {
            let row = envelope.close(key, version, json).unwrap();
            row[HEAD_BYTES..row.len() - CHECK_BYTES].to_vec()
        };
        let row = content(PARCEL, 1, JSON);
        for other in
            [content(PARCEL, 2, JSON), content(b"u\0outbox\0f\x001", 1, JSON), content(PARCEL, 1, b"null")]
        {
            assert_ne!(row[..NONCE_BYTES], other[..NONCE_BYTES]);
            assert_ne!(row[NONCE_BYTES..], other[NONCE_BYTES..]);
        }
        let cipher = envelope.cipher(b"u").unwrap();
        let nonce = XNonce::from(*row.first_chunk::<NONCE_BYTES>().unwrap());
        assert!(cipher.decrypt(&nonce, &row[NONCE_BYTES..]).is_err(), "another tenant's key opens it");
    }

    #[test]
    fn a_row_of_before_there_was_sealing_is_read_as_it_is() {
        let envelope = envelope();
        let mut row = vec![PLAIN];
        row.extend_from_slice(&3u64.to_be_bytes());
        row.extend_from_slice(JSON);
        let check = envelope.check(PARCEL, &row);
        row.extend_from_slice(&check);
        assert_eq!(envelope.open(PARCEL, &row).unwrap(), (3, Cow::Borrowed(JSON)));
    }
}
