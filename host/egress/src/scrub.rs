//! Masks what must not come back: the credential, in the forms in which a remote may echo it.

use aho_corasick::{AhoCorasick, MatchKind};
use domain::egress::Credential;

const MASK: &[u8] = b"***";

/// Finds every echo in one pass, whatever their number. The default finds nothing.
#[derive(Default)]
pub(crate) struct Scrubber(Option<Echoes>);

struct Echoes {
    finder: AhoCorasick,
    /// In lower case, as header names are.
    in_names: Vec<Vec<u8>>,
}

/// The echoes are too many or too long to be searched for.
#[derive(Debug)]
pub(crate) struct Unsearchable;

impl Scrubber {
    pub(crate) fn new(credential: &Credential) -> Result<Self, Unsearchable> {
        let echoes = credential.echoes.iter().chain([&credential.value]);
        // An empty pattern is found everywhere.
        let echoes: Vec<&[u8]> = echoes.map(|echo| echo.expose()).filter(|echo| !echo.is_empty()).collect();
        if echoes.is_empty() {
            return Ok(Self(None));
        }
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&echoes)
            .map_err(|_| Unsearchable)?;
        let in_names = echoes.iter().map(|echo| echo.to_ascii_lowercase()).collect();
        Ok(Self(Some(Echoes { finder, in_names })))
    }

    /// Whole bodies only: an echo may lie across the pieces in which the body arrived.
    pub(crate) fn body(&self, body: Vec<u8>) -> Vec<u8> {
        self.masked(&body).unwrap_or(body)
    }

    /// Masks values; a header whose very name is an echo is dropped.
    pub(crate) fn headers(&self, headers: &mut Vec<(String, Vec<u8>)>) {
        let Some(echoes) = &self.0 else { return };
        headers.retain(|(name, _)| !echoes.in_names.iter().any(|echo| contains(name.as_bytes(), echo)));
        for (_, value) in headers {
            if let Some(masked) = self.masked(value) {
                *value = masked;
            }
        }
    }

    pub(crate) fn text(&self, text: &str) -> String {
        let bytes = self.masked(text.as_bytes()).unwrap_or_else(|| text.as_bytes().to_vec());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn masked(&self, text: &[u8]) -> Option<Vec<u8>> {
        let echoes = self.0.as_ref()?;
        let mut out = Vec::new();
        let mut done = 0;
        for echo in echoes.finder.find_iter(text) {
            if out.capacity() == 0 {
                out.reserve_exact(text.len());
            }
            out.extend_from_slice(text.get(done..echo.start()).unwrap_or_default());
            // Never longer than the echo, so that masking cannot lift a body above its cap.
            out.extend_from_slice(MASK.get(..echo.len()).unwrap_or(MASK));
            done = echo.end();
        }
        if done == 0 {
            return None;
        }
        out.extend_from_slice(text.get(done..).unwrap_or_default());
        Some(out)
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use domain::Secret;
    use domain::egress::CredentialPlace;

    use super::*;

    fn scrubber(echoes: &[&str]) -> Scrubber {
        let credential = Credential {
            place: CredentialPlace::Header("authorization".to_owned()),
            value: Secret::new("Bearer s3cr3t"),
            echoes: echoes.iter().map(|echo| Secret::new(*echo)).collect(),
        };
        Scrubber::new(&credential).unwrap()
    }

    #[test]
    fn every_form_is_masked_and_the_longest_first() {
        let scrubber = scrubber(&["s3cr3t", "czNjcjN0"]);
        let body = scrubber.body(b"a s3cr3t b czNjcjN0 c Bearer s3cr3t d".to_vec());
        assert_eq!(String::from_utf8(body).unwrap(), "a *** b *** c *** d");
    }

    #[test]
    fn what_holds_no_echo_is_left_as_it_is() {
        let scrubber = scrubber(&["s3cr3t", ""]);
        assert_eq!(scrubber.body(b"s3cr3 t\xff\x00".to_vec()), b"s3cr3 t\xff\x00");
        assert_eq!(Scrubber::default().body(b"s3cr3t".to_vec()), b"s3cr3t");
    }

    #[test]
    fn a_mask_is_never_longer_than_what_it_hides() {
        assert_eq!(scrubber(&["x"]).body(b"xxxx".to_vec()), b"****");
    }

    #[test]
    fn headers_are_masked_in_value_and_in_name() {
        let scrubber = scrubber(&["S3cr3t"]);
        let mut headers = vec![
            ("location".to_owned(), b"/a?key=S3cr3t&b=1".to_vec()),
            ("x-s3cr3t-x".to_owned(), b"1".to_vec()),
            ("etag".to_owned(), b"2".to_vec()),
        ];
        scrubber.headers(&mut headers);
        assert_eq!(
            headers,
            [("location".to_owned(), b"/a?key=***&b=1".to_vec()), ("etag".to_owned(), b"2".to_vec()),]
        );
    }
}
