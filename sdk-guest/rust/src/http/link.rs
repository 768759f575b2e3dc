//! The `Link` header (RFC 8288): where the next page is.

use super::Response;
use crate::Error;

impl Response {
    /// Where the next page is, if a `Link` header says so; `of` is the URL that was asked for, which relative links are
    /// relative to. A link to another origin is an error: what the remote answers does not decide where to ask.
    ///
    /// ```
    /// use lockgate_sdk::http::Response;
    ///
    /// let answer = Response::new(200).with_header("link", "<?page=2>; rel=\"next\", <?page=9>; rel=\"last\"");
    /// let next = answer.next_link("https://api.example.com/orders?page=1").unwrap();
    /// assert_eq!(next.as_deref(), Some("https://api.example.com/orders?page=2"));
    /// ```
    pub fn next_link(&self, of: &str) -> Result<Option<String>, Error> {
        let headers = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("link"));
        let values = headers.filter_map(|(_, value)| std::str::from_utf8(value).ok());
        let Some(target) = values.flat_map(links).find(|(_, is_next)| *is_next).map(|(target, _)| target)
        else {
            return Ok(None);
        };
        resolved(target, of).map(Some)
    }
}

/// Each link of a header, and whether it leads to the next page.
fn links(header: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let end = end_of_parameters(after);
        let (parameters, behind) = after.split_at_checked(end).unwrap_or((after, ""));
        found.push((target, parameters.split(';').any(is_next)));
        rest = behind;
    }
    found
}

/// The comma that ends a link stands outside quotation marks.
fn end_of_parameters(text: &str) -> usize {
    let mut quoted = false;
    for (position, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => return position,
            _ => {}
        }
    }
    text.len()
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
    name.trim().eq_ignore_ascii_case("rel") && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
}

fn resolved(target: &str, of: &str) -> Result<String, Error> {
    let (scheme, rest) =
        of.split_once("://").ok_or_else(|| Error::permanent(format!("{of:?} is no whole URL")))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let origin = format!("{scheme}://{host}");
    let path = of.split(['?', '#']).next().unwrap_or(of);
    let foreign =
        || Error::permanent(format!("the next page is said to be at {target:?}, which is another origin"));
    if let Some(rest) = target.strip_prefix(&*origin) {
        let is_same = rest.is_empty() || rest.starts_with(['/', '?']);
        return if is_same { Ok(target.to_owned()) } else { Err(foreign()) };
    }
    if target.starts_with("//") || target.contains("://") && !target.starts_with(['/', '?']) {
        return Err(foreign());
    }
    Ok(match target.chars().next() {
        Some('/') => format!("{origin}{target}"),
        Some('?') => format!("{path}{target}"),
        _ => {
            let beyond = rest.contains('/');
            let folder = path.rsplit_once('/').filter(|_| beyond).map_or(path, |(folder, _)| folder);
            format!("{folder}/{target}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_other_links_and_made_whole() {
        for (header, expected) in [
            ("<https://a.example/b?page=2>; rel=\"next\"", Some("https://a.example/b?page=2")),
            ("</b?p=2>;rel=next", Some("https://a.example/b?p=2")),
            ("<?p=2>; title=\"a, <b>; rel=next\"; rel=\"last next\"", Some("https://a.example/b?p=2")),
            ("<c>; REL=Next", Some("https://a.example/c")),
            ("<?p=9>; rel=\"last\", <?p=2>; rel=\"next\"", Some("https://a.example/b?p=2")),
            ("<?p=1>; rel=\"prev\"", None),
            ("<?p=1; rel=next", None),
            ("", None),
        ] {
            let answer = Response::new(200).with_header("Link", header);
            assert_eq!(
                answer.next_link("https://a.example/b?page=1").unwrap().as_deref(),
                expected,
                "{header}"
            );
        }
        let bare = Response::new(200).with_header("link", "<c>; rel=next");
        assert_eq!(bare.next_link("https://a.example").unwrap().as_deref(), Some("https://a.example/c"));
    }

    #[test]
    fn a_link_to_somebody_else_is_not_followed() {
        for target in [
            "https://b.example/x",
            "//b.example/x",
            "https://a.example.b.example/",
            "https://a.example:8443/x",
            "http://a.example/",
        ] {
            let answer = Response::new(200).with_header("link", &format!("<{target}>; rel=next"));
            assert!(matches!(answer.next_link("https://a.example/b"), Err(Error::Permanent(_))), "{target}");
        }
    }
}
