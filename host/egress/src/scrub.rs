//! Masks what must not come back: secrets, in the forms in which an honest remote echoes what it was sent.
//!
//! The forms are the secret itself, base64 in both alphabets wherever the secret stands in what was encoded, and
//! hexadecimal; each of them also under percent, JSON and HTML escapes, twice over. Out of reach is what takes a
//! program to undo: reversed, encrypted, compressed, split. A remote that wants to can hand over anything.

mod forms;
mod views;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, packed};
use domain::Secret;
use domain::egress::Credential;
use zeroize::Zeroize as _;

use self::views::{Escape, View};

const MASK: &[u8] = b"***";

/// How many escapes are undone, one inside the other: a JSON text within a JSON text is common, a third level is not.
const DEPTH: u32 = 2;

/// So many patterns are searched for in one pass that compares many bytes of the text at once; several such passes
/// are many times faster than one of an automaton that takes one byte after the other.
const AT_ONCE_MAX: usize = 32;
const PASSES_MAX: usize = 8;

/// How often a text is searched again whose masks may have completed a secret that contains a mask.
const ROUNDS_MAX: u32 = 8;

/// Finds every echo in a few passes, whatever their number. The default finds nothing.
#[derive(Clone, Default)]
pub struct Scrubber(Option<Arc<Echoes>>);

struct Echoes {
    patterns: Vec<Secret>,
    /// Finds whether there is anything, and fast: most texts hold nothing.
    finder: Finder,
    /// Finds everything, also what overlaps; made when it is needed.
    thorough: OnceLock<Option<AhoCorasick>>,
    /// In lower case, as header names are.
    in_names: Vec<Secret>,
    has_space: bool,
    has_mask: bool,
}

enum Finder {
    AtOnce(Vec<packed::Searcher>),
    OneByOne(AhoCorasick),
}

impl Finder {
    fn new(patterns: &[Secret]) -> Option<Self> {
        // A pattern of one byte would make every such byte of the text a candidate.
        if patterns.len() <= AT_ONCE_MAX * PASSES_MAX && patterns.iter().all(|pattern| pattern.len() > 3) {
            let searcher = |some: &[Secret]| packed::Searcher::new(some.iter().map(Secret::expose));
            let searchers: Option<Vec<_>> = patterns.chunks(AT_ONCE_MAX).map(searcher).collect();
            if let Some(searchers) = searchers {
                return Some(Self::AtOnce(searchers));
            }
        }
        automaton(patterns).map(Self::OneByOne)
    }

    fn is_match(&self, text: &[u8]) -> bool {
        match self {
            Self::AtOnce(searchers) => searchers.iter().any(|searcher| searcher.find(text).is_some()),
            Self::OneByOne(automaton) => automaton.is_match(text),
        }
    }
}

/// Takes little more memory than the patterns, however long they are.
fn automaton(patterns: &[Secret]) -> Option<AhoCorasick> {
    let builder = &mut AhoCorasick::builder();
    builder.kind(Some(AhoCorasickKind::ContiguousNFA)).build(patterns.iter().map(Secret::expose)).ok()
}

/// The secrets are too many or too long to be searched for.
#[derive(Debug, thiserror::Error)]
#[error("the secrets are too many or too long to be searched for")]
pub struct Unsearchable;

impl Scrubber {
    /// Masks each of these in all its forms.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Result<Self, Unsearchable> {
        let mut patterns: Vec<Secret> = Vec::new();
        // An empty pattern is found everywhere.
        for form in secrets.into_iter().filter(|secret| !secret.is_empty()).flat_map(forms::of) {
            if !patterns.contains(&form) {
                patterns.push(form);
            }
        }
        if patterns.is_empty() {
            return Ok(Self(None));
        }
        let finder = Finder::new(&patterns).ok_or(Unsearchable)?;
        let has = |wanted: u8| patterns.iter().any(|pattern| pattern.expose().contains(&wanted));
        let echoes = Echoes {
            finder,
            thorough: OnceLock::new(),
            in_names: patterns.iter().map(|form| Secret::new(form.expose().to_ascii_lowercase())).collect(),
            has_space: has(b' '),
            has_mask: MASK.iter().any(|byte| has(*byte)),
            patterns,
        };
        Ok(Self(Some(Arc::new(echoes))))
    }

    /// For what was sent with these.
    pub(crate) fn of(credentials: &[Credential]) -> Result<Self, Unsearchable> {
        Self::new(credentials.iter().flat_map(Credential::secrets))
    }

    /// Whole bodies only: an echo may lie across the pieces in which the body arrived.
    #[must_use]
    pub fn body(&self, mut body: Vec<u8>) -> Vec<u8> {
        match self.masked(&body) {
            Some(masked) => {
                body.zeroize();
                masked
            }
            None => body,
        }
    }

    /// Masks values; a header whose very name is an echo is dropped.
    pub fn headers(&self, headers: &mut Vec<(String, Vec<u8>)>) {
        let Some(echoes) = &self.0 else { return };
        let is_echo =
            |name: &str| echoes.in_names.iter().any(|echo| contains(name.as_bytes(), echo.expose()));
        headers.retain(|(name, _)| !is_echo(&name.to_ascii_lowercase()));
        for (_, value) in headers {
            if let Some(masked) = self.masked(value) {
                value.zeroize();
                *value = masked;
            }
        }
    }

    /// The same for text, which stays text.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let bytes = self.masked(text.as_bytes()).unwrap_or_else(|| text.as_bytes().to_vec());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether it masks nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn masked(&self, text: &[u8]) -> Option<Vec<u8>> {
        let echoes = self.0.as_ref()?;
        let mut found = masked_once(text, &echoes.found(text))?;
        for _ in 1..ROUNDS_MAX {
            if !echoes.has_mask {
                break;
            }
            match masked_once(&found, &echoes.found(&found)) {
                Some(again) => found = again,
                None => break,
            }
        }
        Some(found)
    }
}

impl Echoes {
    /// Where echoes are, in whatever form, in order and without overlaps.
    fn found(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        self.look(text, DEPTH, &|range| range, &mut found);
        found.sort_unstable_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for range in found {
            match merged.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }

    /// Searches the text as it is, and with each kind of escape undone. `back` leads to the text that will be masked.
    fn look(
        &self,
        text: &[u8],
        depth: u32,
        back: &dyn Fn(Range<usize>) -> Range<usize>,
        found: &mut Vec<Range<usize>>,
    ) {
        if self.finder.is_match(text) {
            let thorough = self.thorough.get_or_init(|| automaton(&self.patterns));
            match thorough {
                Some(thorough) => found
                    .extend(thorough.find_overlapping_iter(text).map(|echo| back(echo.start()..echo.end()))),
                // Without it, nothing of the text can be let through.
                None => found.push(back(0..text.len())),
            }
        }
        if depth == 0 {
            return;
        }
        for escape in Escape::ALL {
            if escape == Escape::Form && !self.has_space {
                continue;
            }
            let Some(mut view) = View::new(text, escape) else { continue };
            let before = found.len();
            self.look(&view.text, depth - 1, &|range| back(view.source(&range)), found);
            if found.len() > before {
                view.text.zeroize();
            }
        }
    }
}

fn masked_once(text: &[u8], echoes: &[Range<usize>]) -> Option<Vec<u8>> {
    if echoes.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for echo in echoes {
        out.extend_from_slice(text.get(done..echo.start).unwrap_or_default());
        // Never longer than the echo, so that masking cannot lift a body above its cap.
        out.extend_from_slice(MASK.get(..echo.len()).unwrap_or(MASK));
        done = echo.end;
    }
    out.extend_from_slice(text.get(done..).unwrap_or_default());
    Some(out)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scrubber(***)")
    }
}

#[cfg(test)]
mod tests;
