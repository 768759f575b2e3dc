//! A secret in a body, in a form in which a remote may say it back: it does not come through.
//!
//! The first byte chooses the form, the second where in the text it stands, the next sixteen make the secret.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use domain::Secret;
use egress::Scrubber;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn run(bytes: &[u8]) {
    let [form, place, rest @ ..] = bytes else { return };
    let Some((secret, text)) = rest.split_at_checked(16) else { return };
    let secret: Vec<u8> = secret.iter().map(|byte| LETTERS[usize::from(byte % 64)]).collect();
    let (echo, within) = echo(*form, &secret);
    let at = if text.is_empty() { 0 } else { usize::from(*place) % text.len() };
    // A space on both sides: what stands right beside an escape may make it another one.
    let body = [&text[..at], b" ".as_slice(), echo.as_slice(), b" ".as_slice(), &text[at..]].concat();

    let scrubber = Scrubber::new([&Secret::new(secret.clone())]).expect("one secret can be searched for");
    let scrubbed = scrubber.body(body);
    assert!(!contains(&scrubbed, &secret), "the secret itself is left");
    assert!(!contains(&scrubbed, &within), "the secret is left in form {}", form % 6);

    let mut headers = vec![("x-echo".to_owned(), echo.clone()), ("x-plain".to_owned(), b"plain".to_vec())];
    scrubber.headers(&mut headers);
    assert!(headers.iter().all(|(_, value)| !contains(value, &secret) && !contains(value, &within)));
    let line = scrubber.text(&String::from_utf8_lossy(&echo));
    assert!(!contains(line.as_bytes(), &secret) && !contains(line.as_bytes(), &within));
}

/// The echo, and the part of it that must not be left.
fn echo(form: u8, secret: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let hex = |upper: bool| -> Vec<u8> {
        let digits =
            secret.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        digits.collect::<String>().into_bytes()
    };
    let whole = match form % 6 {
        0 => secret.to_vec(),
        1 => BASE64_STANDARD.encode([b"user:".as_slice(), secret].concat()).into_bytes(),
        2 => BASE64_URL_SAFE_NO_PAD.encode(secret).into_bytes(),
        3 => hex(form >= 128),
        4 => secret.iter().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes(),
        _ => secret.iter().map(|byte| format!("\\u{byte:04x}")).collect::<String>().into_bytes(),
    };
    // Base64 mixes the first and the last characters with what stands beside the secret.
    let within = if form % 6 == 1 { whole[8..whole.len() - 4].to_vec() } else { whole.clone() };
    (whole, within)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
