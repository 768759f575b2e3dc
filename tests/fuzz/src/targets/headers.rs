//! Headers, one a line as `name: value`: what passes is well-formed, in lower case and nothing that the host sets.

use domain::egress::{Spent, is_token, refused_header, response_headers};

use super::urls::{POLICY, request};

pub(super) fn run(bytes: &[u8]) {
    let headers: Vec<(String, Vec<u8>)> = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?.to_owned();
            let value = line.get(colon + 1..)?;
            Some((name, value.strip_prefix(b" ").unwrap_or(value).to_vec()))
        })
        .collect();

    let shown = response_headers(headers.clone());
    assert!(shown.len() <= headers.len());
    assert_eq!(response_headers(shown.clone()), shown, "what a guest sees is what is left");
    assert!(!shown.iter().any(|(name, _)| name.eq_ignore_ascii_case("set-cookie")));

    let asked = request("GET", "https://api.example.com/v1/invoices", headers);
    let Ok(permit) = POLICY.judge(asked, Spent::default()) else { return };
    assert!(permit.headers().len() <= 64);
    for (name, value) in permit.headers() {
        assert!(is_token(name) && *name == name.to_ascii_lowercase(), "{name:?}");
        assert_eq!(refused_header(name), None, "{name:?}");
        assert!(
            !matches!(name.as_str(), "host" | "content-length" | "transfer-encoding" | "connection"),
            "{name}"
        );
        assert!(value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~')), "{name}: {value:?}");
    }
}
