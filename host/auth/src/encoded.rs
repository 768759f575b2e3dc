//! Percent-encoding as signatures want it: every byte but the unreserved characters of RFC 3986, in upper case.

use percent_encoding::{percent_decode, percent_encode_byte};

/// A name and a value, as bytes: nobody says what alphabet they are written in.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

pub(crate) fn encoded(bytes: impl IntoIterator<Item = u8>) -> String {
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push_str(percent_encode_byte(byte));
        }
    }
    text
}

/// The pairs of a query or of a form. A plus is a space, as every server that signs reads it.
pub(crate) fn pairs(text: &[u8]) -> Vec<Pair> {
    let decode = |text: &[u8]| -> Vec<u8> {
        let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decode(&spaced).collect()
    };
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| match pair.iter().position(|byte| *byte == b'=') {
        Some(at) => {
            (decode(pair.get(..at).unwrap_or_default()), decode(pair.get(at + 1..).unwrap_or_default()))
        }
        None => (decode(pair), Vec::new()),
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_unreserved_stay_as_they_are() {
        let unreserved = "-._~09AZaz";
        assert_eq!(encoded(unreserved.bytes()), unreserved);
        assert_eq!(encoded("/ +*!'()=&%\u{e4}".bytes()), "%2F%20%2B%2A%21%27%28%29%3D%26%25%C3%A4");
    }

    #[test]
    fn pairs_are_read_as_a_server_reads_them() {
        let text = |pair: &str| pair.as_bytes().to_vec();
        assert_eq!(pairs(b""), []);
        assert_eq!(
            pairs(b"a=1&&b=%20x+y=&c&=d&%zz=%"),
            [
                (text("a"), text("1")),
                (text("b"), text(" x y=")),
                (text("c"), text("")),
                (text(""), text("d")),
                (text("%zz"), text("%"))
            ]
        );
        // A plus that is meant is written as such.
        assert_eq!(pairs(b"sum=1%2B2"), [(text("sum"), text("1+2"))]);
    }
}
