//! From one path to the shape of many: what identifies a thing becomes `{id}`.
//!
//! A guess, for people to look at. It leans toward `{id}`: an identifier left in place would be kept, and would make a
//! row for each thing.

/// A longer path tells nobody more.
const BYTES_MAX: usize = 256;
/// Words of an API are shorter.
const WORD_BYTES_MAX: usize = 32;
/// Short segments with digits in them are mostly names: `v1`, `oauth2`, `s3`.
const NAME_BYTES_MAX: usize = 6;

pub(super) fn generalised(path: &str) -> String {
    let mut template = String::new();
    for segment in path.split('/').skip(1) {
        let shown = if is_identifier(segment) { "{id}" } else { segment };
        if template.len() + shown.len() + "/{path...}".len() > BYTES_MAX {
            template.push_str("/{path...}");
            return template;
        }
        template.push('/');
        template.push_str(shown);
    }
    template
}

fn is_identifier(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    if segment.is_empty() || is_version(segment) {
        return false;
    }
    digits == segment.len()
        || segment.len() > WORD_BYTES_MAX
        || segment.contains(['%', '@', '=', ',', ':', '+', '$', '!', '*', '(', ')', '\'', '&'])
        || (digits > 0 && segment.len() > NAME_BYTES_MAX)
}

/// `v1`, `v2.1`, `v2024-10`, `2024-01`, `2024-01-31`.
fn is_version(segment: &str) -> bool {
    let number =
        |text: &str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    match segment.strip_prefix('v') {
        Some(rest) => rest.split(['.', '-']).all(number),
        None => {
            let parts: Vec<&str> = segment.split('-').collect();
            matches!(parts.as_slice(), [year, rest @ ..] if year.len() == 4 && number(year) && (1..=2).contains(&rest.len())
                && rest.iter().all(|part| part.len() == 2 && number(part)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::PathTemplate;

    #[test]
    fn identifiers_become_one_word() {
        for (path, template) in [
            ("/", "/"),
            ("/v1/invoices", "/v1/invoices"),
            ("/v1/invoices/", "/v1/invoices/"),
            ("/v1/invoices/1234", "/v1/invoices/{id}"),
            ("/v1/customers/cus_NffrFeUfNV2Hib", "/v1/customers/{id}"),
            (
                "/crm/v3/objects/deals/9f1b7a4e-3f6e-4d4a-9b53-0a6a5a1fd001/notes",
                "/crm/v3/objects/deals/{id}/notes",
            ),
            ("/admin/api/2024-10/orders/7.json", "/admin/api/2024-10/orders/7.json"),
            ("/services/data/v61.0/query", "/services/data/v61.0/query"),
            ("/services/T024BE7LD/B000A0000/XXXXaaaa1111", "/services/{id}/{id}/{id}"),
            ("/users/ada%40example.com", "/users/{id}"),
            ("/users/ada@example.com", "/users/{id}"),
            ("/oauth2/token", "/oauth2/token"),
            ("/x/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "/x/{id}"),
        ] {
            assert_eq!(generalised(path), template, "{path}");
        }
    }

    #[test]
    fn a_template_is_bounded_and_can_be_a_rule_of_a_manifest() {
        let long = format!("/{}", "word/".repeat(2_000));
        let template = generalised(&long);
        assert!(template.len() <= BYTES_MAX && template.ends_with("/{path...}"), "{template}");
        for path in ["/v1/invoices/1234/lines/7777777", &long] {
            let template = generalised(path);
            // A rule names each of its parts once; the proposal shows shapes, and the author names them.
            let named = template.replacen("{id}", "{first}", 1);
            assert!(
                named.parse::<PathTemplate>().is_ok_and(|rule| rule.matches(path.trim_end_matches('/'))),
                "{named}"
            );
        }
    }
}
