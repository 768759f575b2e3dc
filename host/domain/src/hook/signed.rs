//! What a generic signature is made over: text with named holes, read once and never filled by a second reading.

const TEMPLATE_BYTES_MAX: usize = 200;

/// One piece of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// As it stands in its header.
    Timestamp,
    Body,
    /// In capitals.
    Method,
    /// The whole public URL.
    Uri,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSigned {
    #[error("what is signed has 1 to {TEMPLATE_BYTES_MAX} bytes of visible ASCII")]
    Text,
    #[error("there is no {{{0}}}; write {{body}}, {{timestamp}}, {{method}} or {{uri}}")]
    Unknown(String),
    #[error("it must contain {{body}} once, or anybody could put another body under a signature")]
    Body,
}

/// Reads for instance `v0:{timestamp}:{body}`.
pub fn parts(template: &str) -> Result<Vec<Part>, InvalidSigned> {
    let fits = (1..=TEMPLATE_BYTES_MAX).contains(&template.len());
    if !fits || !template.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(InvalidSigned::Text);
    }
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        let (hole, after) = after.split_once('}').ok_or_else(|| InvalidSigned::Unknown(String::new()))?;
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
        parts.push(match hole {
            "timestamp" => Part::Timestamp,
            "body" => Part::Body,
            "method" => Part::Method,
            "uri" => Part::Uri,
            other => return Err(InvalidSigned::Unknown(other.to_owned())),
        });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    match parts.iter().filter(|part| **part == Part::Body).count() {
        1 => Ok(parts),
        _ => Err(InvalidSigned::Body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_text_with_holes() {
        let text = |text: &str| Part::Text(text.to_owned());
        for (template, expected) in [
            ("{body}", vec![Part::Body]),
            ("v0:{timestamp}:{body}", vec![text("v0:"), Part::Timestamp, text(":"), Part::Body]),
            ("{method}{uri}{body}.x", vec![Part::Method, Part::Uri, Part::Body, text(".x")]),
        ] {
            assert_eq!(parts(template), Ok(expected), "{template}");
        }
    }

    #[test]
    fn a_template_without_the_body_or_with_other_holes_is_refused() {
        for bad in ["", "{timestamp}", "{body}{body}", "{body", "{boby}", "{}", "{body}\n", "{{body}}"] {
            assert!(parts(bad).is_err(), "{bad:?}");
        }
        assert!(parts(&format!("{}{{body}}", "x".repeat(300))).is_err());
    }
}
