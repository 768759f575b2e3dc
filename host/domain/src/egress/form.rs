//! Forms: a field that some frameworks take for the method would carry a POST past a rule for POST.
//!
//! Those frameworks look into forms only, so only forms are looked into; JSON and everything else is data.

use super::normalise::is_method_override;
use crate::denial::{Denial, Gate};

/// Refuses a form with a field that replaces the method. The names of the headers are in lower case.
pub(super) fn check(headers: &[(String, Vec<u8>)], body: &[u8]) -> Result<(), Denial> {
    let mut types =
        headers.iter().filter(|(name, _)| name == "content-type").map(|(_, value)| value.as_slice());
    let overrides = types.any(|value| {
        let value = String::from_utf8_lossy(value).trim_start().to_ascii_lowercase();
        if value.starts_with("application/x-www-form-urlencoded") {
            url::form_urlencoded::parse(body).any(|(name, _)| is_override(&name))
        } else if value.starts_with("multipart/form-data") {
            names_of_parts(body).any(|name| is_override(&name))
        } else {
            false
        }
    });
    if overrides {
        return Err(Denial::new(
            Gate::Headers,
            "the form asks the remote to take the request for another method",
            "use that method itself, under a scope that covers it",
        ));
    }
    Ok(())
}

/// PHP reads `_method[]` as `_method`, and spaces before a name as nothing.
fn is_override(name: &str) -> bool {
    let name = name.trim();
    is_method_override(name.split_once('[').map_or(name, |(name, _)| name))
}

/// The value of every `name=` in the lines that describe a part; more than there are rather than fewer.
fn names_of_parts(body: &[u8]) -> impl Iterator<Item = String> {
    body.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| is_disposition(line)).flat_map(|line| {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        line.split(';')
            .filter_map(|part| {
                part.trim()
                    .strip_prefix("name")
                    .map(str::trim_start)
                    .and_then(|rest| rest.strip_prefix(['=', '*']))
            })
            .map(|value| {
                value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=')).to_owned()
            })
            .collect::<Vec<_>>()
    })
}

fn is_disposition(line: &[u8]) -> bool {
    const NAME: &[u8] = b"content-disposition";
    line.trim_ascii_start().get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(content_type: &str, body: &str) -> bool {
        check(&[("content-type".to_owned(), content_type.as_bytes().to_vec())], body.as_bytes()).is_err()
    }

    #[test]
    fn a_form_cannot_replace_the_method() {
        const FORM: &str = "application/x-www-form-urlencoded";
        for body in [
            "_method=DELETE",
            "a=1&_METHOD=put",
            "%5Fmethod=DELETE",
            "+_method=x",
            "_method%5B%5D=x",
            "_method",
        ] {
            assert!(denied(FORM, body), "{body}");
            assert!(denied(" Application/X-WWW-Form-Urlencoded; charset=utf-8", body), "{body}");
        }
        for part in
            ["name=\"_method\"", "name=_method", "NAME = \"_Method\"", "filename=\"x\"; name=\"_method\""]
        {
            let body = format!("--b\r\nContent-Disposition: form-data; {part}\r\n\r\nDELETE\r\n--b--");
            assert!(denied("multipart/form-data; boundary=b", &body), "{part}");
        }
    }

    #[test]
    fn what_only_mentions_a_method_passes() {
        assert!(!denied("application/x-www-form-urlencoded", "payment_method=card&note=_method%3DDELETE"));
        assert!(!denied("application/json", "{\"_method\": \"DELETE\"}"));
        assert!(!denied("text/plain", "_method=DELETE"));
        let body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n_method=x\r\n--b--";
        assert!(!denied("multipart/form-data; boundary=b", body));
        assert!(check(&[], b"_method=DELETE").is_ok());
    }
}
