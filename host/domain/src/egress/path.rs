//! Path templates: `/v1/invoices/{id}` covers one segment, `/files/{path...}` one or more.

mod covers;

use std::fmt;
use std::str::FromStr;

const TEXT_BYTES_MAX: usize = 2 << 10;
const SEGMENTS_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 63;

/// A parsed template. It matches canonical paths, segment by segment, in exact case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// `before{name}after`; the part in braces stands for at least one character.
    One {
        before: String,
        after: String,
    },
    /// `{name...}`: every segment from here on, at least one.
    Rest,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    #[error("a path template begins with `/`")]
    NotAbsolute,
    #[error("a path template has at most 2 KiB and 64 segments")]
    TooLong,
    #[error("a path template has no empty segment and no `.` or `..`")]
    Segment,
    #[error("a path template has only letters, digits and `-._~!$&'()+,=:@` besides its `{{name}}`s")]
    Character,
    #[error(
        "a part in braces is `{{name}}` or, at the end, `{{name...}}`: lower-case letters, digits and `_`, one in a segment, each name once"
    )]
    Placeholder,
}

impl PathTemplate {
    /// As it is written in the manifest.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the template covers a canonical path.
    pub fn matches(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        let mut given = path.split('/').peekable();
        for segment in &self.segments {
            match segment {
                Segment::Rest => {
                    return given.peek().is_some_and(|first| !first.is_empty())
                        && given.all(|segment| !is_dots(segment));
                }
                _ => match given.next() {
                    Some(part) if !is_dots(part) && segment.covers(part) => {}
                    _ => return false,
                },
            }
        }
        given.next().is_none()
    }
}

impl Segment {
    fn covers(&self, part: &str) -> bool {
        match self {
            Self::Literal(text) => text == part,
            Self::One { before, after } => part
                .strip_prefix(before.as_str())
                .and_then(|rest| rest.strip_suffix(after.as_str()))
                .is_some_and(|value| !value.is_empty()),
            Self::Rest => !part.is_empty(),
        }
    }
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

impl FromStr for PathTemplate {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(InvalidPath::TooLong);
        }
        let path = text.strip_prefix('/').ok_or(InvalidPath::NotAbsolute)?;
        let parts: Vec<&str> = path.split('/').collect();
        if parts.len() > SEGMENTS_MAX {
            return Err(InvalidPath::TooLong);
        }
        let mut names = Vec::new();
        let mut segments = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            segments.push(parse_segment(part, last, &mut names)?);
        }
        Ok(Self { text: text.to_owned(), segments })
    }
}

fn parse_segment<'a>(part: &'a str, last: bool, names: &mut Vec<&'a str>) -> Result<Segment, InvalidPath> {
    // A template may end with a slash, and `/` alone is the root.
    if (part.is_empty() && !last) || is_dots(part) {
        return Err(InvalidPath::Segment);
    }
    let Some((before, rest)) = part.split_once('{') else {
        return literal(part).map(Segment::Literal);
    };
    let (name, after) = rest.split_once('}').ok_or(InvalidPath::Placeholder)?;
    let (name, is_rest) = name.strip_suffix("...").map_or((name, false), |name| (name, true));
    if !is_name(name) || names.contains(&name) {
        return Err(InvalidPath::Placeholder);
    }
    names.push(name);
    if is_rest {
        let alone = before.is_empty() && after.is_empty() && last;
        return if alone { Ok(Segment::Rest) } else { Err(InvalidPath::Placeholder) };
    }
    if after.contains('{') {
        return Err(InvalidPath::Placeholder);
    }
    Ok(Segment::One { before: literal(before)?, after: literal(after)? })
}

/// A star is legal in a path; in a template it would look like a wildcard and be none.
fn literal(text: &str) -> Result<String, InvalidPath> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()+,=:@".contains(c);
    if text.chars().all(allowed) { Ok(text.to_owned()) } else { Err(InvalidPath::Character) }
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(template: &str, path: &str) -> bool {
        template.parse::<PathTemplate>().unwrap().matches(path)
    }

    #[test]
    fn a_template_covers_whole_paths_segment_by_segment() {
        for (template, path, expected) in [
            ("/", "/", true),
            ("/", "/v1", false),
            ("/v1/invoices", "/v1/invoices", true),
            ("/v1/invoices", "/v1/invoices/", false),
            ("/v1/invoices/", "/v1/invoices/", true),
            ("/v1/invoices", "/v1/Invoices", false),
            ("/v1/invoices", "/v1/invoices2", false),
            ("/v1/invoices/{id}", "/v1/invoices/in_1", true),
            ("/v1/invoices/{id}", "/v1/invoices/", false),
            ("/v1/invoices/{id}", "/v1/invoices", false),
            ("/v1/invoices/{id}", "/v1/invoices/in_1/void", false),
            ("/v1/invoices/{id}/void", "/v1/invoices/in_1/void", true),
            ("/orders/{id}.json", "/orders/12.json", true),
            ("/orders/{id}.json", "/orders/.json", false),
            ("/orders/{id}.json", "/orders/12.xml", false),
            ("/files/{path...}", "/files/a", true),
            ("/files/{path...}", "/files/a/b/c", true),
            ("/files/{path...}", "/files/", false),
            ("/files/{path...}", "/files", false),
            ("/{all...}", "/", false),
            ("/v1/contacts/{id}", "/v1/contacts/..", false),
            ("/{all...}", "/a/../b", false),
            ("/v1/x", "v1/x", false),
        ] {
            assert_eq!(matches(template, path), expected, "{template} on {path}");
        }
    }

    #[test]
    fn a_template_that_says_something_else_is_refused() {
        for text in [
            "",
            "v1",
            "/v1//x",
            "/v1/../x",
            "/v1/./x",
            "/v1/%2e",
            "/v1/a b",
            "/v1/a;b",
            "/v1?x",
            "/v1#x",
            "/v1/*",
            "/é",
            "/v1/{",
            "/v1/}",
            "/v1/{}",
            "/v1/{Id}",
            "/v1/{a}{b}",
            "/v1/{a}/{a}",
            "/v1/{a...}/x",
            "/v1/x{a...}",
            "/v1/{...}",
            "/v1/{{a}}",
            "/v1\\x",
        ] {
            assert!(text.parse::<PathTemplate>().is_err(), "{text}");
        }
        assert_eq!("/a".repeat(65).parse::<PathTemplate>(), Err(InvalidPath::TooLong));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_no_match_has_a_dot_segment(template in "(/[a-z{}._]{0,6}){0,4}(\\{x\\.\\.\\.\\})?", path in "(/[a-z.%2]{0,4}){0,6}") {
            if let Ok(parsed) = template.parse::<PathTemplate>()
                && parsed.matches(&path)
            {
                prop_assert!(!path.split('/').any(|segment| segment == "." || segment == ".."));
            }
        }

        #[test]
        fn a_template_without_braces_matches_only_itself(literal in "(/[a-z0-9_-]{1,6}){1,5}", other in "(/[a-z0-9_-]{1,6}){1,5}") {
            let parsed: PathTemplate = literal.parse().unwrap();
            prop_assert!(parsed.matches(&literal));
            prop_assert_eq!(parsed.matches(&other), literal == other);
        }
    }
}
