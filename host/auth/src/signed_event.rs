//! Signs what the host tells a tenant, as Standard Webhooks demands: whoever has the secret knows that it is from here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::injected::HmacAlgorithm;
use domain::{Randomness, Secret, Timestamp};
use zeroize::Zeroizing;

use crate::mac;

/// What every signing secret begins with, where people see it.
const PREFIX: &str = "whsec_";
const KEY_BYTES: usize = 32;

/// A new signing secret: the key, and the text in which its owner gets it, once.
pub fn new_signing_secret(randomness: &dyn Randomness) -> (Secret, Secret) {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    randomness.fill(key.as_mut_slice());
    let text = Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(key.as_slice())));
    (Secret::new(key.as_slice()), Secret::new(text.as_bytes()))
}

/// The value of `webhook-signature`: one signature for each key, the newest first. None for a key that is none.
pub fn sign_event(keys: &[Secret], id: &str, at: Timestamp, body: &[u8]) -> Option<String> {
    let signed = [format!("{id}.{}.", seconds(at)).as_bytes(), body].concat();
    let mut signatures = Vec::new();
    for key in keys {
        let digest = mac::hmac(key, HmacAlgorithm::Sha256, &signed).ok()?;
        signatures.push(format!("v1,{}", STANDARD.encode(digest)));
    }
    Some(signatures.join(" "))
}

/// The value of `webhook-timestamp`.
pub fn seconds(at: Timestamp) -> i64 {
    at.as_ms().div_euclid(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of the specification.
    #[test]
    fn the_published_vector_comes_out() {
        let key = Secret::new(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let at = Timestamp::from_ms(1_614_265_330_999);
        let signed = sign_event(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_live_secrets_make_two_signatures() {
        let keys = [Secret::new("new"), Secret::new("old")];
        let signed = sign_event(&keys, "evt", Timestamp::from_ms(0), b"{}").unwrap();
        let each: Vec<_> = keys
            .iter()
            .map(|key| sign_event(std::slice::from_ref(key), "evt", Timestamp::from_ms(0), b"{}").unwrap())
            .collect();
        assert_eq!(signed, each.join(" "));
        assert_ne!(each[0], each[1]);
    }

    #[test]
    fn a_secret_is_shown_as_the_key_that_signs() {
        struct Sevens;
        impl Randomness for Sevens {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(7);
            }
        }
        let (key, text) = new_signing_secret(&Sevens);
        let text = String::from_utf8(text.expose().to_vec()).unwrap();
        assert_eq!(STANDARD.decode(text.strip_prefix(PREFIX).unwrap()).unwrap(), key.expose());
        assert_eq!(key.len(), KEY_BYTES);
    }
}
