//! What a provider says in the body of an answer where it takes a token no longer: found by a pattern of the manifest.

use regex::bytes::{Regex, RegexBuilder};

/// What a pattern may become: it is a stranger's.
const PROGRAM_BYTES_MAX: usize = 256 << 10;

/// A pattern over bytes. It runs in linear time, whatever it is and whatever it meets.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Or why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        // Answers are bytes, and what they say of a token is ASCII.
        let pattern = RegexBuilder::new(text).unicode(false).size_limit(PROGRAM_BYTES_MAX).build();
        pattern.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it grows too large".to_owned(),
            _ => "it is not a regular expression, or it uses look-around or back-references".to_owned(),
        })
    }

    pub fn is_in(&self, body: &[u8]) -> bool {
        self.0.is_match(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_looks_at_bytes() {
        let pattern = Pattern::parse(r#""code":\s*"?(40[13]|expired)"?"#).unwrap();
        assert!(pattern.is_in(b"\xff{\"code\": 401}") && pattern.is_in(br#"{"code":"expired"}"#));
        assert!(!pattern.is_in(br#"{"code":402}"#));
    }

    #[test]
    fn what_is_no_pattern_or_too_large_a_one_is_refused_with_a_reason() {
        for (text, why) in [
            ("(", "not a regular expression"),
            ("a(?=b)", "look-around"),
            (r"(a)\1", "back-references"),
            ("(?:a{1000}){1000}", "too large"),
        ] {
            assert!(Pattern::parse(text).unwrap_err().contains(why), "{text}");
        }
    }
}
