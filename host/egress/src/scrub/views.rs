//! A text as its reader would see it: with percent, JSON or HTML escapes undone, and the way back to where each byte
//! stood.
//!
//! Every writer escapes what it likes, so the escapes are undone rather than guessed.

use std::ops::Range;

/// A way to escape single characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    Json,
    Percent,
    /// As in a form, where a space is a plus.
    Form,
    Html,
}

impl Escape {
    pub(super) const ALL: [Self; 4] = [Self::Json, Self::Percent, Self::Form, Self::Html];

    /// Where the first of its escapes may begin.
    fn find(self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Json => memchr::memchr(b'\\', text),
            Self::Percent => memchr::memchr(b'%', text),
            Self::Form => memchr::memchr2(b'%', b'+', text),
            Self::Html => memchr::memchr(b'&', text),
        }
    }

    /// The character at the beginning of `text`, and how long its escape is.
    fn undo(self, text: &[u8]) -> Option<(char, usize)> {
        match self {
            Self::Json => json(text),
            Self::Form if text.first() == Some(&b'+') => Some((' ', 1)),
            Self::Html => html(text),
            Self::Percent | Self::Form => None,
        }
    }
}

/// A text with one kind of escape undone.
pub(super) struct View {
    pub(super) text: Vec<u8>,
    /// Where literal runs and escapes begin, here and in the source. What is longer in the source is an escape.
    pieces: Vec<Piece>,
    source_len: usize,
}

#[derive(Clone, Copy)]
struct Piece {
    here: usize,
    source: usize,
}

impl View {
    /// Nothing where there is nothing to undo.
    pub(super) fn new(source: &[u8], escape: Escape) -> Option<Self> {
        let mut next = find(source, 0, escape)?;
        let mut view = Self { text: Vec::new(), pieces: Vec::new(), source_len: source.len() };
        let mut done = 0;
        loop {
            let rest = source.get(next..).unwrap_or_default();
            let length = match (escape, percent(rest)) {
                (Escape::Percent | Escape::Form, Some(byte)) => {
                    view.literal(source, done, next);
                    view.pieces.push(Piece { here: view.text.len(), source: next });
                    view.text.push(byte);
                    3
                }
                _ => match escape.undo(rest) {
                    Some((c, length)) => {
                        view.literal(source, done, next);
                        view.pieces.push(Piece { here: view.text.len(), source: next });
                        view.text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        length
                    }
                    None => 0,
                },
            };
            if length > 0 {
                done = next + length;
            }
            match find(source, next + length.max(1), escape) {
                Some(found) => next = found,
                None => break,
            }
        }
        if view.pieces.is_empty() {
            return None;
        }
        view.literal(source, done, source.len());
        Some(view)
    }

    fn literal(&mut self, source: &[u8], from: usize, to: usize) {
        if from >= to {
            return;
        }
        if self.text.capacity() == 0 {
            self.text.reserve_exact(source.len());
        }
        self.pieces.push(Piece { here: self.text.len(), source: from });
        self.text.extend_from_slice(source.get(from..to).unwrap_or_default());
    }

    /// Where these bytes stood: whole escapes, never a part of one.
    pub(super) fn source(&self, range: &Range<usize>) -> Range<usize> {
        let (from, _) = self.byte(range.start);
        let (_, to) = self.byte(range.end.saturating_sub(1));
        from..to
    }

    fn byte(&self, at: usize) -> (usize, usize) {
        let after = self.pieces.partition_point(|piece| piece.here <= at);
        let Some(piece) = after.checked_sub(1).and_then(|index| self.pieces.get(index)) else {
            return (0, self.source_len);
        };
        let end = Piece { here: self.text.len(), source: self.source_len };
        let next = self.pieces.get(after).copied().unwrap_or(end);
        if next.source - piece.source == next.here - piece.here {
            let place = piece.source + (at - piece.here);
            (place, place + 1)
        } else {
            (piece.source, next.source)
        }
    }
}

fn find(source: &[u8], from: usize, escape: Escape) -> Option<usize> {
    escape.find(source.get(from..)?).map(|found| from + found)
}

fn percent(text: &[u8]) -> Option<u8> {
    match *text {
        [b'%', high, low, ..] => u8::try_from(digit(high, 16)? << 4 | digit(low, 16)?).ok(),
        _ => None,
    }
}

fn json(text: &[u8]) -> Option<(char, usize)> {
    let short = |c| Some((c, 2));
    match text.get(1)? {
        b'"' => short('"'),
        b'\\' => short('\\'),
        b'/' => short('/'),
        b'b' => short('\u{8}'),
        b'f' => short('\u{c}'),
        b'n' => short('\n'),
        b'r' => short('\r'),
        b't' => short('\t'),
        b'u' => {
            let first = unit(text.get(2..6)?)?;
            if let Some(c) = char::from_u32(first) {
                return Some((c, 6));
            }
            // The first half of a character beyond the basic plane: the second follows.
            let second = unit(text.get(6..12)?.strip_prefix(b"\\u")?)?;
            let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
            char::decode_utf16(pair).next()?.ok().map(|c| (c, 12))
        }
        _ => None,
    }
}

fn unit(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |unit, &byte| Some(unit << 4 | digit(byte, 16)?))
}

fn html(text: &[u8]) -> Option<(char, usize)> {
    const NAMED: [(&[u8], char); 5] =
        [(b"&amp;", '&'), (b"&lt;", '<'), (b"&gt;", '>'), (b"&quot;", '"'), (b"&apos;", '\'')];
    if let Some((name, c)) = NAMED.into_iter().find(|(name, _)| text.starts_with(name)) {
        return Some((c, name.len()));
    }
    let (radix, prefix) = match text.strip_prefix(b"&#")?.first()? {
        b'x' | b'X' => (16, 3),
        _ => (10, 2),
    };
    // Eight digits are more than any character has, leading zeroes included.
    let digits =
        text.get(prefix..)?.iter().take(9).position(|byte| *byte == b';').filter(|digits| *digits > 0)?;
    let number = text
        .get(prefix..prefix + digits)?
        .iter()
        .try_fold(0_u32, |number, &byte| number.checked_mul(radix)?.checked_add(digit(byte, radix)?))?;
    char::from_u32(number).map(|c| (c, prefix + digits + 1))
}

fn digit(byte: u8, radix: u32) -> Option<u32> {
    char::from(byte).to_digit(radix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(text: &str, escape: Escape) -> Option<String> {
        View::new(text.as_bytes(), escape).map(|view| String::from_utf8(view.text).unwrap())
    }

    #[test]
    fn every_spelling_is_undone_and_what_is_none_stays() {
        for (escape, text, expected) in [
            (Escape::Json, r#"a\"b\\c\/d\n\u00e4\ud83d\ude00\u003c"#, "a\"b\\c/d\n\u{e4}\u{1f600}<"),
            (Escape::Json, r"\n \q \u12 \ud83d x\", "\n \\q \\u12 \\ud83d x\\"),
            (Escape::Percent, "%41%2f%2F%C3%a4+%zz%4", "A//\u{e4}+%zz%4"),
            (Escape::Form, "a+b%2B", "a b+"),
            (Escape::Html, "&amp;&lt;&gt;&quot;&apos;&#39;&#x27;&#X1F600;", "&<>\"'''\u{1f600}"),
            (
                Escape::Html,
                "&lt; &nbsp; &#; &#x; &#12x; &#99999999; &",
                "< &nbsp; &#; &#x; &#12x; &#99999999; &",
            ),
        ] {
            assert_eq!(undone(text, escape).unwrap(), expected, "{text}");
        }
        for escape in Escape::ALL {
            assert_eq!(undone("nothing of this kind", escape), None);
        }
        assert_eq!(undone(r"\q\w", Escape::Json), None);
    }

    #[test]
    fn the_way_back_leads_to_whole_escapes() {
        let source = r"xx\u00e4yy\n";
        let view = View::new(source.as_bytes(), Escape::Json).unwrap();
        let back = |range: Range<usize>| &source[view.source(&range)];
        assert_eq!(back(0..2), "xx");
        assert_eq!(back(2..3), r"\u00e4");
        assert_eq!(back(3..5), r"\u00e4y");
        assert_eq!(back(1..7), r"x\u00e4yy\n");
    }
}
