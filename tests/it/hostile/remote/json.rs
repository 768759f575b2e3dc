//! JSON that two readers could read differently, or that is made to cost more than it is worth.

use lockgate::domain::json::{self, Bounds, InvalidJson};

const BOUNDS: Bounds = Bounds { bytes: 1 << 20, depth: 128 };

#[test]
fn what_is_read_is_exact_and_what_cannot_be_is_refused() {
    for (text, read_as) in [
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854775808"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9007199254740993", "9007199254740993"),
        ("-0", "-0.0"),
        ("0.1", "0.1"),
        ("1e-400", "0.0"),
        ("\"\\ud83d\\ude00\"", "\"😀\""),
        ("[\"\\u0000\"]", "[\"\\u0000\"]"),
    ] {
        assert_eq!(json::parse(text.as_bytes(), BOUNDS).unwrap().to_string(), read_as, "{text}");
    }
    let long = "9".repeat(1 << 20);
    for text in [
        "18446744073709551616",
        "-9223372036854775809",
        "1e400",
        "-1e400",
        long.as_str(),
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "\u{feff}{}",
        "{} {}",
        "{}\0",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{a:1}",
        "'a'",
        "NaN",
        "Infinity",
        "+1",
        "01",
        "1.",
        ".1",
        "0x1",
        "1e",
        "tru",
        "\"\t\"",
        "\"\\x41\"",
        "/* */1",
        "",
        " ",
    ] {
        let shown: String = text.chars().take(40).collect();
        let refusal = json::parse(text.as_bytes(), BOUNDS).expect_err(&shown);
        assert!(
            matches!(refusal, InvalidJson::Syntax(_)) && refusal.to_string().len() < 300,
            "{shown}: {refusal}"
        );
    }
    for bytes in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", b"\xff\xfe{\0}\0", b"\"\xc0\xaf\""] {
        assert!(json::parse(bytes, BOUNDS).is_err(), "{bytes:?}");
    }
}

#[test]
fn depth_and_length_are_bounded_before_anything_is_built() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
        // The parser's own bound is 128; what is deeper is refused, not overflowed.
        assert!(json::parse(nested(100).as_bytes(), BOUNDS).is_ok());
        assert!(json::parse(nested(129).as_bytes(), BOUNDS).is_err());
        assert!(json::parse(nested(100_000).as_bytes(), BOUNDS).is_err());
        assert!(json::parse(open.repeat(100_000).as_bytes(), BOUNDS).is_err());
    }
    let keys: String = (0..1_000_000).map(|at| format!("\"{at}\":0,")).collect();
    let text = format!("{{{keys}\"last\":0}}");
    assert!(matches!(json::parse(text.as_bytes(), BOUNDS), Err(InvalidJson::TooLong { .. })));
}
