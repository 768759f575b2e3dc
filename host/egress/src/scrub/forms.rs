//! The forms of a secret that are searched for as they stand: itself, and its bytes in base64 and hexadecimal.
//!
//! What escapes single characters (percent, JSON, HTML) has too many spellings to list; `views` undoes it instead.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use domain::Secret;

/// A shorter derived form occurs by chance, and removing it would shred honest responses.
const DERIVED_BYTES_MIN: usize = 8;

const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER: &[u8; 16] = b"0123456789abcdef";

/// The secret first, then every form that is long enough.
pub(super) fn of(secret: &Secret) -> Vec<Secret> {
    let bytes = secret.expose();
    let mut forms = vec![secret.clone()];
    let derived = (0..3).flat_map(|before| base64_within(bytes, before));
    let derived = derived.chain([hex(bytes, LOWER), hex(bytes, UPPER)]);
    for form in derived.filter(|form| form.len() >= DERIVED_BYTES_MIN) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// The characters that the secret alone decides when it is encoded after so many other bytes, as in `user:secret`.
/// At either end one character may also carry bits of it; those few bits are left.
fn base64_within(bytes: &[u8], before: usize) -> [Secret; 2] {
    let padded = Secret::new([vec![0; before].as_slice(), bytes].concat());
    [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].map(|engine| {
        let encoded = Secret::new(engine.encode(padded.expose()));
        let first = (before * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        Secret::new(encoded.expose().get(first..end).unwrap_or_default())
    })
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Secret {
    let digit = |nibble: u8| digits.get(usize::from(nibble)).copied().unwrap_or(b'0');
    let mut text = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_base64_is_found_wherever_it_stands_in_what_was_encoded() {
        let secret = Secret::new("hunter2hunter2");
        let forms = of(&secret);
        for (before, after) in [("", ""), ("u:", ""), ("ab:", "x"), ("user:", "xy"), ("\u{e4}", "z")] {
            for encoded in [
                STANDARD_NO_PAD.encode(format!("{before}hunter2hunter2{after}")),
                URL_SAFE_NO_PAD.encode(format!("{before}hunter2hunter2{after}")),
            ] {
                let found =
                    forms.iter().any(|form| encoded.contains(std::str::from_utf8(form.expose()).unwrap()));
                assert!(found, "{before:?} {after:?}: {encoded}");
            }
        }
    }

    #[test]
    fn no_derived_form_is_so_short_that_it_occurs_by_chance() {
        assert_eq!(of(&Secret::new("abc")), [Secret::new("abc")]);
        assert!(of(&Secret::new("12345678")).iter().all(|form| form.len() >= DERIVED_BYTES_MIN));
        assert_eq!(of(&Secret::new("12345678")).len(), 5, "itself, three places in base64, hexadecimal");
    }
}
