//! Whole numbers that 64 bits cannot hold: they would be read as something near them, so they are not read at all.

/// Fewer digits always fit.
const DIGITS_ALWAYS_FIT: usize = 18;

/// The first whole number of a JSON text that would be read inexactly.
pub(crate) fn too_large(json: &[u8]) -> Option<&str> {
    let mut rest = json;
    loop {
        let start = rest.iter().position(|byte| matches!(byte, b'"' | b'-' | b'0'..=b'9'))?;
        let (first, behind) = rest.split_at_checked(start)?.1.split_first()?;
        if *first == b'"' {
            rest = behind_text(behind)?;
            continue;
        }
        let number = rest.split_at_checked(start)?.1;
        let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        let end = number.iter().position(|byte| !is_part(byte)).unwrap_or(number.len());
        let (number, behind) = number.split_at_checked(end)?;
        if number.len() > DIGITS_ALWAYS_FIT {
            let text = std::str::from_utf8(number).ok()?;
            let is_whole = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
            if is_whole && text.parse::<i64>().is_err() && text.parse::<u64>().is_err() {
                return Some(text);
            }
        }
        rest = behind;
    }
}

/// What follows the end of a text.
fn behind_text(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        let skipped = if rest.get(end) == Some(&b'\\') { 2 } else { 1 };
        let behind = rest.get(end + skipped..)?;
        if skipped == 1 {
            return Some(behind);
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_number_beyond_64_bits_is_too_large() {
        for (json, expected) in [
            ("[18446744073709551615, -9223372036854775808]", None),
            ("[18446744073709551616]", Some("18446744073709551616")),
            ("{\"a\": -9223372036854775809}", Some("-9223372036854775809")),
            ("123456789012345678901234567890", Some("123456789012345678901234567890")),
            ("{\"id\": \"123456789012345678901234567890\"}", None),
            ("{\"a\\\"123456789012345678901234567890\": 1}", None),
            ("[\"\\\\\", 123456789012345678901]", Some("123456789012345678901")),
            ("[1.2345678901234567890123, 1e300, 123456789012345678901e2]", None),
            ("\"", None),
            ("\"\\", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(too_large(json.as_bytes()), expected, "{json}");
        }
    }
}
