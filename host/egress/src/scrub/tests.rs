//! What is masked, in every form that is promised, at every place.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use domain::egress::CredentialPlace;
use proptest::prelude::*;

use super::*;

fn scrubber(secrets: &[&str]) -> Scrubber {
    let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
    Scrubber::new(&secrets).unwrap()
}

fn body(scrubber: &Scrubber, text: &str) -> String {
    String::from_utf8(scrubber.body(text.as_bytes().to_vec())).unwrap()
}

#[test]
fn a_credential_is_masked_with_what_it_was_made_from() {
    let place = CredentialPlace::Header("authorization".to_owned());
    let credential = Credential::one(place, Secret::new("Bearer s3cr3t"), vec![Secret::new("s3cr3t")]);
    let scrubber = Scrubber::of(&[credential]).unwrap();
    assert_eq!(body(&scrubber, "a s3cr3t b czNjcjN0 c Bearer s3cr3t d"), "a *** b *** c *** d");
}

#[test]
fn what_holds_no_echo_is_left_as_it_is() {
    let text = b"s3cr3 t\xff\x00 %zz \\q \\u0041 &amp; s3cr3".to_vec();
    assert_eq!(scrubber(&["s3cr3t", ""]).body(text.clone()), text);
    assert_eq!(Scrubber::default().body(b"s3cr3t".to_vec()), b"s3cr3t");
    assert!(scrubber(&["", ""]).is_empty());
}

#[test]
fn a_mask_is_never_longer_than_what_it_hides() {
    assert_eq!(body(&scrubber(&["x"]), "xxxx"), "****");
}

#[test]
fn headers_are_masked_in_value_and_in_name() {
    let mut headers = vec![
        ("location".to_owned(), b"/a?key=S3cr3t%2Fx&b=1".to_vec()),
        ("x-s3cr3t/x-x".to_owned(), b"1".to_vec()),
        ("etag".to_owned(), b"2".to_vec()),
    ];
    scrubber(&["S3cr3t/x"]).headers(&mut headers);
    assert_eq!(
        headers,
        [("location".to_owned(), b"/a?key=***&b=1".to_vec()), ("etag".to_owned(), b"2".to_vec())]
    );
}

#[test]
fn overlapping_and_adjacent_secrets_are_masked_whole() {
    let scrubber = scrubber(&["abcdefgh", "efghijkl", "mnopqrst", "cdef"]);
    assert_eq!(body(&scrubber, "-abcdefghijklmnopqrst-"), "-******-");
    assert_eq!(body(&scrubber, "-efghijklabcdefgh-"), "-******-");
    assert_eq!(body(&scrubber, "-abcdef-"), "-ab***-");
}

#[test]
fn a_secret_that_the_masks_would_complete_is_masked_too() {
    let scrubber = scrubber(&["hunter22", "left***right"]);
    assert_eq!(body(&scrubber, "lefthunter22right"), "***");
}

#[test]
fn spellings_that_real_servers_use_are_masked() {
    let scrubber = scrubber(&["p\u{e4}ss \"w/rd+1\n"]);
    for (spelling, around) in [
        // serde_json, then Python's json, then PHP's, then Go's habits.
        (format!("p\u{e4}ss {}", r#"\"w/rd+1\n"#), "json"),
        (r#"p\u00e4ss \"w/rd+1\n"#.to_owned(), "ascii json"),
        (r#"p\u00E4ss \"w\/rd+1\n"#.to_owned(), "php json"),
        (r#"p\u00e4ss \u0022w/rd\u002b1\u000a"#.to_owned(), "escaped json"),
        ("p%C3%A4ss%20%22w%2Frd%2B1%0A".to_owned(), "query"),
        ("p%c3%a4ss+%22w%2frd%2b1%0a".to_owned(), "form"),
        ("p%C3%A4ss%20%22w/rd+1%0A".to_owned(), "path"),
        ("p&#228;ss &quot;w/rd+1&#10;".to_owned(), "html"),
        ("p\u{e4}ss &#34;w&#x2F;rd&#x2b;1\n".to_owned(), "html of another writer"),
        (r#"p\\u00e4ss \\\"w/rd+1\\n"#.to_owned(), "json within json"),
        (r#"p%C3%A4ss%20\u002522w%2Frd%2B1%0A"#.to_owned(), "percent within json"),
        ("p%25C3%25A4ss%2520%2522w%252Frd%252B1%250A".to_owned(), "percent twice"),
        ("cMOkc3MgIncvcmQrMQo=".to_owned(), "base64"),
        ("cMOkc3MgIncvcmQrMQo%3D".to_owned(), "base64 in a query"),
        (r"cMOkc3MgIncvcmQrMQo\u003d".to_owned(), "base64 in json"),
        ("70c3a47373202277 2f72642b310a".replace(' ', ""), "hexadecimal"),
    ] {
        let text = format!("before={spelling}&after");
        let masked = body(&scrubber, &text);
        assert!(masked.starts_with("before=***") && masked.ends_with("&after"), "{around}: {masked}");
        assert!(masked.len() < 24, "{around}: {masked}");
    }
}

#[test]
fn a_long_secret_costs_no_more_than_its_length() {
    let secret = "a".repeat(8 << 10);
    let text = "a".repeat(1 << 20);
    assert_eq!(body(&scrubber(&[&secret]), &text), "***");
}

#[test]
fn many_secrets_are_all_found() {
    for count in [1, 8, 40, 200] {
        let secrets: Vec<Secret> =
            (0..count).map(|number| Secret::new(format!("secret-number-{number:03}"))).collect();
        let scrubber = Scrubber::new(&secrets).unwrap();
        for number in [0, count / 2, count - 1] {
            let text = format!("before secret-number-{number:03} after");
            assert_eq!(body(&scrubber, &text), "before *** after", "{count}");
        }
        assert_eq!(body(&scrubber, "secret-number-999"), "secret-number-999");
    }
}

#[test]
fn a_scrubber_is_mute() {
    assert_eq!(format!("{:?}", scrubber(&["hunter22"])), "Scrubber(***)");
}

type Encoding = fn(&[u8]) -> Vec<u8>;

/// Every promised way to write a secret.
const ENCODINGS: [Encoding; 14] = [
    <[u8]>::to_vec,
    |secret| STANDARD.encode(secret).into(),
    |secret| STANDARD_NO_PAD.encode([b"u:", secret].concat()).into(),
    |secret| URL_SAFE.encode([b"user:", secret, b"!"].concat()).into(),
    |secret| URL_SAFE_NO_PAD.encode([b"a", secret, b"bc"].concat()).into(),
    |secret| secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
    |secret| secret.iter().map(|byte| format!("{byte:02X}")).collect::<String>().into(),
    |secret| secret.iter().map(|byte| format!("%{byte:02X}")).collect::<String>().into(),
    |secret| url::form_urlencoded::byte_serialize(secret).collect::<String>().into(),
    |secret| mixed_percent(secret).into(),
    |secret| json(secret),
    |secret| json(&json(secret)),
    |secret| unicode(secret).into(),
    |secret| html(secret).into(),
];

fn mixed_percent(secret: &[u8]) -> String {
    let one = |(at, byte): (usize, &u8)| match byte {
        byte if byte.is_ascii_alphanumeric() && at % 3 != 0 => char::from(*byte).to_string(),
        byte => format!("%{byte:02x}"),
    };
    secret.iter().enumerate().map(one).collect()
}

fn json(secret: &[u8]) -> Vec<u8> {
    let quoted = serde_json::Value::from(std::str::from_utf8(secret).unwrap()).to_string();
    quoted[1..quoted.len() - 1].replace('/', "\\/").into_bytes()
}

fn unicode(secret: &[u8]) -> String {
    let text = std::str::from_utf8(secret).unwrap();
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn html(secret: &[u8]) -> String {
    let text = std::str::from_utf8(secret).unwrap();
    let one =
        |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) };
    text.chars().map(one).collect()
}

proptest! {
    #[test]
    fn no_promised_form_of_any_secret_at_any_place_gets_through(
        secret in "\\PC{8,40}",
        before in prop::collection::vec(any::<u8>(), 0..40),
        after in prop::collection::vec(any::<u8>(), 0..40),
        which in 0..ENCODINGS.len(),
    ) {
        let scrubber = Scrubber::new(&[Secret::new(secret.as_bytes())]).unwrap();
        let encoded = ENCODINGS[which](secret.as_bytes());
        // What stands before must not turn the beginning of the secret into a part of an escape of its own.
        let before: Vec<u8> = before.into_iter().filter(|byte| !b"\\%&".contains(byte)).collect();
        let text = [&before[..], &encoded, &after].concat();
        let masked = scrubber.body(text.clone());
        prop_assert!(masked.len() < text.len() || masked != text, "nothing was masked");
        for form in forms::of(&Secret::new(secret.as_bytes())) {
            prop_assert!(!contains(&masked, form.expose()));
        }
        // And no way to undo an escape brings it back.
        prop_assert!(scrubber.masked(&masked).is_none());
    }

    #[test]
    fn any_text_is_taken_without_a_panic_and_never_grows(
        text in prop::collection::vec(any::<u8>(), 0..300),
        escapes in "[\\\\u0-9a-f%&#x;+]{0,200}",
        secret in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let scrubber = Scrubber::new(&[Secret::new(secret)]).unwrap();
        for text in [text, escapes.into_bytes()] {
            let length = text.len();
            prop_assert!(scrubber.body(text).len() <= length);
        }
    }
}
