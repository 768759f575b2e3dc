//! Spellings that other programs read differently, and what never panics.

use proptest::prelude::*;

use super::*;

fn gate(text: &str) -> Option<Gate> {
    url(text).err().map(|denial| denial.gate)
}

#[test]
fn a_plain_url_passes_unchanged() {
    for text in [
        "https://api.stripe.com/v1/invoices",
        "https://api.stripe.com/v1/invoices/",
        "https://api.stripe.com/v1/invoices?limit=10&starting_after=in_1",
        "https://api.stripe.com/v1/files/a%20b%C3%A9",
        "https://example.com/a.b/...c/~x/!$&'()*+,=:@",
        "http://127.0.0.1:4010/",
        "https://example.com/?next=https://other.example/../x;y",
    ] {
        let (url, _) = url(text).unwrap();
        assert!(url.as_str() == text || url.as_str() == text.replace('\'', "%27"), "{text} became {url}");
    }
}

#[test]
fn a_path_that_could_be_read_in_two_ways_is_refused() {
    for path in [
        "/v1/contacts/../admin",
        "/v1/contacts/./x",
        "/..",
        "/v1/contacts/..",
        "/v1/%2e%2e/admin",
        "/v1/%2E%2e/admin",
        "/v1/.%2e/admin",
        "/v1/contacts/..;/admin",
        "/v1/contacts;x=1",
        "/v1/contacts%2fadmin",
        "/v1/contacts%2Fadmin",
        "/v1/%252e%252e/admin",
        "/v1/%252fadmin",
        "/v1/%25252fadmin",
        "/v1/%25%32%66admin",
        "//v1",
        "/v1//contacts",
        "/v1\\admin",
        "/v1%5cadmin",
        "/v1/contacts%00",
        "/v1/contacts%0d%0aX:y",
        "/v1/%7f",
        "/v1/%",
        "/v1/%2",
        "/v1/%zz",
        "/v1/%%32%65",
        "/v1/%c0%ae%c0%ae/admin",
        "/v1/%ff",
        "/v1/a b",
        "/v1/\ta",
        "/v1/{id}",
        "/v1/\"x\"",
        "/v1/<x>",
        "/v1/é",
        "/v1/contacts#x",
        "/v1/%3b",
        "/v1/x%253bx",
    ] {
        assert_eq!(gate(&format!("https://api.example.com{path}")), Some(Gate::Normalise), "{path}");
    }
}

#[test]
fn an_authority_that_could_be_read_in_two_ways_is_refused() {
    for text in [
        "",
        "/v1/contacts",
        "//example.com/x",
        "https:example.com",
        "https:/example.com",
        "https:///example.com/x",
        "https:/\\example.com",
        "https://user@example.com/",
        "https://user:pw@example.com/",
        "https://a@b@example.com/",
        "https://example.com:/",
        "https://example.com:0/",
        "https://example.com:007/",
        "https://example.com:0443/",
        "https://[::1]:080/",
        "https://xn--a/",
        "https://xn--zz.example/",
        "https://exa\u{ad}mple.com:08/",
        "https://LOCALHOST./",
        "https://api.example.com%2eevil.io/",
        "https://api.example.com%00.evil.io/",
        "https://-a.example.com/",
        "https://example.com:65536/",
        "https://example.com:x/",
        "https://example.com./",
        "https://a..b/",
        "https://ex%61mple.com/",
        "https://[::1%25eth0]/",
        "https:// example.com/",
        "ht\ntps://a.com/",
        "https://_x.example.com/",
        "https://exa_mple.com/",
        "https://?x",
        "https://example.com\u{0}/",
    ] {
        assert_eq!(gate(text), Some(Gate::Normalise), "{text:?}");
    }
}

#[test]
fn another_scheme_is_refused_by_name_of_its_gate() {
    for scheme in ["file", "ftp", "gopher", "dict", "jar", "data", "unix", "ws", "wss", "javascript"] {
        assert_eq!(gate(&format!("{scheme}://example.com/x")), Some(Gate::Scheme), "{scheme}");
    }
    assert_eq!(gate("HTTPS://EXAMPLE.com/x"), None);
}

#[test]
fn every_spelling_of_an_address_becomes_the_address() {
    for host in ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "017700000001", "①②⑦.⓪.⓪.①"] {
        let (_, origin) = url(&format!("http://{host}/")).unwrap();
        assert_eq!(origin.host(), "127.0.0.1", "{host}");
    }
    assert_eq!(url("http://0/").unwrap().1.host(), "0.0.0.0");
}

#[test]
fn a_method_is_an_exact_token() {
    assert_eq!(method("GET").unwrap(), Method::Get);
    for text in ["get", "GET\t", " GET", "", "CONNECT", "TRACE", "PROPFIND", "GE\u{422}", "PATCH HTTP/1.1"] {
        assert!(method(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_query_cannot_replace_the_method() {
    for query in [
        "_method=DELETE",
        "a=1&_METHOD=put",
        "%5fmethod=DELETE",
        "%255fmethod=1&_method",
        "X-HTTP-Method-Override=PUT",
        "x-method-override=PUT",
    ] {
        assert_eq!(gate(&format!("https://example.com/x?{query}")), Some(Gate::Normalise), "{query}");
    }
}

#[test]
fn a_name_is_as_long_as_a_resolver_takes_it() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    assert_eq!(longest.len(), 253);
    assert_eq!(gate(&format!("https://{longest}/")), None);
    assert_eq!(gate(&format!("https://{longest}a/")), Some(Gate::Normalise));
    assert_eq!(gate(&format!("https://a{label}.example/")), Some(Gate::Normalise));
}

#[test]
fn a_homograph_is_another_name() {
    // Cyrillic letters in place of Latin ones, and characters that fold to Latin ones.
    for (host, becomes) in [
        ("аpi.example.com", "xn--pi-6kc.example.com"),
        ("exаmple.com", "xn--exmple-4nf.com"),
        ("ex\u{ad}ample.com", "example.com"),
        ("ＥＸＡＭＰＬＥ.com", "example.com"),
        ("example。com", "example.com"),
    ] {
        assert_eq!(url(&format!("https://{host}/")).unwrap().1.host(), becomes, "{host}");
    }
}

#[test]
fn a_long_url_is_refused_before_it_is_parsed() {
    assert_eq!(gate(&format!("https://example.com/{}", "a".repeat(1 << 20))), Some(Gate::Normalise));
    assert_eq!(gate(&format!("https://example.com/{}", "a".repeat(8_000))), None);
    // Non-ASCII text grows when the query is encoded.
    assert_eq!(gate(&format!("https://example.com/?{}", "é".repeat(4_000))), Some(Gate::Normalise));
}

proptest! {
    #[test]
    fn no_text_panics_and_what_passes_is_sent_as_judged(text in "\\PC{0,60}|https?://[a-z0-9.:@%\\[\\]-]{0,20}[/a-z.;%0-9?#=&é\\\\]{0,40}") {
        if let Ok((url, origin)) = url(&text) {
            let again = Url::parse(url.as_str()).unwrap();
            prop_assert_eq!(&again, &url);
            prop_assert_eq!(Origin::of(&again).unwrap(), origin);
            prop_assert!(!url.path().split('/').any(|segment| segment == "." || segment == ".."));
            prop_assert!(text.contains(url.path()) || url.path() == "/");
            prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        }
    }

    #[test]
    fn a_decoded_path_has_the_segments_that_were_judged(path in "(/[a-z0-9.%2ef5c;]{0,8}){1,5}") {
        if let Ok((url, _)) = url(&format!("https://example.com{path}")) {
            let once = decode(url.path().as_bytes()).unwrap();
            let slashes = once.iter().filter(|byte| byte.value == b'/').count();
            prop_assert_eq!(slashes, path.matches('/').count());
        }
    }
}
