//! Whether one path template covers every path that another one covers.

use super::{PathTemplate, Segment};

impl PathTemplate {
    /// True only if every path that matches `other` matches `self`.
    pub fn covers(&self, other: &Self) -> bool {
        let mut theirs = other.segments.iter();
        for mine in &self.segments {
            match (mine, theirs.next()) {
                // Whatever follows, as long as the first segment is there and is not empty.
                (Segment::Rest, Some(Segment::Literal(text))) => return !text.is_empty(),
                (Segment::Rest, Some(_)) => return true,
                (mine, Some(their)) if mine.covers_all_of(their) => {}
                _ => return false,
            }
        }
        theirs.next().is_none()
    }
}

impl Segment {
    fn covers_all_of(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Literal(text)) => self.covers(text),
            // The part in braces may be anything, so what stands around it must be no longer here than there.
            (Self::One { before, after }, Self::One { before: theirs, after: their_after }) => {
                theirs.starts_with(before.as_str()) && their_after.ends_with(after.as_str())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(text: &str) -> PathTemplate {
        text.parse().unwrap()
    }

    #[test]
    fn a_template_covers_what_it_says_more_generally() {
        for (wide, narrow, expected) in [
            ("/a", "/a", true),
            ("/a", "/b", false),
            ("/{all...}", "/a", true),
            ("/{all...}", "/", false),
            ("/{all...}", "/a/{id}/c", true),
            ("/{all...}", "/{rest...}", true),
            ("/a/{rest...}", "/{rest...}", false),
            ("/{rest...}", "/a/{rest...}", true),
            ("/a", "/{all...}", false),
            ("/a/{id}", "/a/7", true),
            ("/a/{id}", "/a/", false),
            ("/a/{id}", "/a/{other}", true),
            ("/a/{id}", "/a/{id}.json", true),
            ("/a/{id}.json", "/a/{id}", false),
            ("/a/{id}.json", "/a/x-{id}.json", true),
            ("/a/{id}.json", "/a/7.json", true),
            ("/a/{id}", "/a/{id}/b", false),
            ("/a/{id}/b", "/a/{id}", false),
            ("/a/{id}", "/a/{rest...}", false),
            ("/files/{path...}", "/files/", false),
        ] {
            assert_eq!(template(wide).covers(&template(narrow)), expected, "{wide} over {narrow}");
        }
    }

    proptest! {
        #[test]
        fn what_is_covered_matches(
            wide in "(/(a|b|\\{x\\}|a\\{y\\}b)){1,3}(/\\{r\\.\\.\\.\\}|/)?",
            narrow in "(/(a|b|ab|\\{x\\}|a\\{y\\}b)){1,4}(/\\{r\\.\\.\\.\\}|/)?",
            path in "(/(a|b|ab|aab|)){1,5}",
        ) {
            if let (Ok(wide), Ok(narrow)) = (wide.parse::<PathTemplate>(), narrow.parse::<PathTemplate>())
                && wide.covers(&narrow)
                && narrow.matches(&path)
            {
                prop_assert!(wide.matches(&path), "{} does not match {}", wide, path);
            }
        }

        #[test]
        fn a_template_covers_itself(text in "(/(a|b|\\{x\\}|a\\{y\\}b)){1,3}(/\\{r\\.\\.\\.\\}|/)?") {
            if let Ok(template) = text.parse::<PathTemplate>() {
                prop_assert!(template.covers(&template));
            }
        }
    }
}
