//! Keyed digests over a secret that stays here.

use domain::Secret;
use domain::injected::HmacAlgorithm;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256, Sha512};

/// Ties a fingerprint to its use, so that it is never the signature of anything.
const FINGERPRINT: &[u8] = b"lockgate fingerprint";

pub(crate) fn hmac(secret: &Secret, algorithm: HmacAlgorithm, data: &[u8]) -> Result<Vec<u8>, InvalidLength> {
    Ok(match algorithm {
        HmacAlgorithm::Sha256 => Hmac::<Sha256>::new_from_slice(secret.expose())?
            .chain_update(data)
            .finalize()
            .into_bytes()
            .to_vec(),
        HmacAlgorithm::Sha512 => Hmac::<Sha512>::new_from_slice(secret.expose())?
            .chain_update(data)
            .finalize()
            .into_bytes()
            .to_vec(),
    })
}

pub(crate) fn sha256_hex(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sixteen hexadecimal characters that change with the secret.
pub(crate) fn fingerprint(secret: &Secret) -> Result<String, InvalidLength> {
    let digest = hmac(secret, HmacAlgorithm::Sha256, FINGERPRINT)?;
    Ok(hex(digest.get(..8).unwrap_or(&digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 1, 2 and 6.
    #[test]
    fn the_vectors_of_the_rfc_come_out() {
        let cases: [(Vec<u8>, &[u8], &str, &str); 3] = [
            (
                vec![0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4\
                 be9d914eeb61f1702e696c203a126854",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
                 caeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52\
                 95e64f73f63f0aec8b915a985d786598",
            ),
        ];
        for (key, data, sha256, sha512) in cases {
            let key = Secret::new(key);
            assert_eq!(hex(&hmac(&key, HmacAlgorithm::Sha256, data).unwrap()), sha256);
            assert_eq!(hex(&hmac(&key, HmacAlgorithm::Sha512, data).unwrap()), sha512);
        }
    }

    #[test]
    fn a_fingerprint_is_short_and_changes_with_the_secret() {
        let one = fingerprint(&Secret::new("one")).unwrap();
        assert_eq!(one.len(), 16);
        assert!(one.chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(one, fingerprint(&Secret::new("one")).unwrap());
        assert_ne!(one, fingerprint(&Secret::new("two")).unwrap());
    }
}
