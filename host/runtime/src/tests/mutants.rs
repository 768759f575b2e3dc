//! Components that are damaged, hostile in their names, or odd in what they export.

use domain::call::Fault;

use super::guest::{Guest, MANIFEST};
use super::rooms::runtime;
use crate::{Admitted, Refused, Upload};

async fn admit(bytes: Vec<u8>) -> Result<Admitted, Refused> {
    runtime().admit(Upload::new(bytes, 16 << 20)?).await
}

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[tokio::test]
async fn thousands_of_damaged_components_are_admitted_or_refused_by_a_code_and_the_next_is_fine() {
    let whole = Guest::default().component();
    let mut chance = Chance(42);
    let (mut refused, mut admitted) = (0, 0);
    for round in 0..2_000 {
        let mut bytes = whole.clone();
        match round % 3 {
            0 => bytes.truncate(8 + chance.below(bytes.len() - 8)),
            1 => {
                for _ in 0..=chance.below(3) {
                    let at = 8 + chance.below(bytes.len() - 8);
                    bytes[at] ^= 1 << chance.below(8);
                }
            }
            _ => {
                let (from, to) = (8 + chance.below(bytes.len() - 8), 8 + chance.below(bytes.len() - 8));
                let length = chance.below(40).min(bytes.len() - from.max(to));
                bytes.copy_within(from..from + length, to);
            }
        }
        match admit(bytes).await {
            Ok(_) => admitted += 1,
            Err(Refused::Host { message }) => panic!("round {round}: {message}"),
            Err(error) => {
                let shown = error.to_string();
                assert!(
                    !shown.chars().any(domain::text::is_hidden) && shown.len() < 4_000,
                    "round {round}: {shown}"
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 1_300 && admitted > 0, "{refused} refused, {admitted} admitted");
    assert!(admit(whole).await.is_ok());
}

#[tokio::test]
async fn malformed_sections_are_refused_at_once() {
    let header = b"\0asm\x0d\0\x01\0".to_vec();
    let tails: [&[u8]; 16] = [
        b"\x01",
        b"\x01\xff",
        b"\x01\xff\xff\xff\xff\xff",
        b"\x01\x80\x80\x80\x80\x80\x01",
        b"\x0d\0",
        b"\x40\0",
        b"\x01\x04\0asm",
        b"\x01\x08\0asm\x01\0\0\x01",
        b"\x01\x08\0asm\x0d\0\x01\0",
        b"\x04\x08\0asm\x01\0\0\0",
        b"\x02\x01\x01",
        b"\x07\x02\x01\x3f",
        b"\x0a\x02\x01\x05",
        b"\x0b\x05\x01\0\x03\xff\xfe",
        b"\0\x00",
        b"\0\x05\x09a",
    ];
    for tail in tails {
        let refused = admit([header.clone(), tail.to_vec()].concat()).await.unwrap_err();
        assert_eq!(refused.code(), "invalid_component", "{tail:02x?}: {refused}");
    }
}

#[tokio::test]
async fn names_of_functions_with_escapes_or_of_great_length_are_not_in_what_a_trap_says() {
    let long = "n".repeat(100 << 10);
    for name in ["\\1b[2J\\1b]52;c;AAAA\\07", "\\e2\\80\\ae\\e2\\80\\a8", long.as_str()] {
        let guest = Guest {
            describe: "(call $hostile) i32.const 0x200".to_owned(),
            items: format!("(func $hostile (@name \"{name}\") unreachable)"),
            ..Guest::default()
        };
        let Refused::DescribeFailed { failure } = admit(guest.component()).await.unwrap_err() else {
            panic!("another reason")
        };
        assert_eq!(failure.fault, Fault::Trap);
        let shown = failure.to_string();
        assert!(shown.len() <= 200 && !shown.chars().any(domain::text::is_hidden), "{shown}");
        assert!(!shown.contains("nnnn"), "{shown}");
    }
    // A name section that is no UTF-8 at all is only a custom section.
    let broken = [Guest::default().component(), b"\0\x09\x04name\x01\xff\xfe\xfd".to_vec()].concat();
    assert!(admit(broken).await.is_ok());
}

#[tokio::test]
async fn a_manifest_that_is_huge_or_plays_with_the_eye_is_refused() {
    let titled = |title: &str| MANIFEST.replace("\"Probe\"", &format!("\"{title}\""));
    for title in ["a\\u202eb", "\\u001b[2J", "a\\nb", "\\u200b", "", &"t".repeat(121)] {
        let guest = Guest { manifest: titled(title), ..Guest::default() };
        assert_eq!(admit(guest.component()).await.unwrap_err().code(), "bad_manifest", "{title:.20}");
    }
    for name in ["Probe", "../probe", "pr\\u043ebe", "probe ", &"p".repeat(64)] {
        let guest =
            Guest { manifest: MANIFEST.replace("\"probe\"", &format!("\"{name}\"")), ..Guest::default() };
        assert_eq!(admit(guest.component()).await.unwrap_err().code(), "bad_manifest", "{name:.20}");
    }
    // A beacon in markdown is plain text, and a description is nothing that a manifest has.
    let described =
        MANIFEST.replace("\"title\"", "\"description\":\"![](https://evil.example/b.png)\",\"title\"");
    let guest = Guest { manifest: described, ..Guest::default() };
    assert_eq!(admit(guest.component()).await.unwrap_err().code(), "bad_manifest");
    let huge =
        MANIFEST.replace("\"hosts\"", &format!("\"secrets\":[\"{}\"],\"hosts\"", "s".repeat(150 << 10)));
    let guest = Guest { manifest: huge, ..Guest::default() };
    assert_eq!(admit(guest.component()).await.unwrap_err().code(), "bad_manifest");
}

#[tokio::test]
async fn exports_beside_the_contract_give_nothing_and_take_nothing() {
    let text = Guest::default().text();
    let text = text.trim_end().trim_end_matches(')');
    let beside = format!(
        "{text} (export \"wasi:http/outgoing-handler@0.2.0\" (instance $connector)) (export \"lockgate:connector/http@0.1.0\" (instance $connector)))"
    );
    let admitted = admit(wat::parse_str(&beside).unwrap()).await.unwrap();
    assert_eq!(admitted.imports, ["lockgate:connector/types@0.1.0"]);
}

#[tokio::test]
async fn a_number_that_is_none_has_one_pattern_of_bits_on_every_machine() {
    // On x86 the sign of 0/0 is set, on Arm it is not.
    let check = |divide: &str, bits: &str, eq: &str, reinterpret: &str| {
        format!("(if ({eq} ({reinterpret} {divide}) {bits}) (then unreachable))")
    };
    let single = check(
        "(f32.div (global.get $zero) (global.get $zero))",
        "(i32.const 0x7fc00000)",
        "i32.ne",
        "i32.reinterpret_f32",
    );
    let guest = Guest {
        items: "(global $zero (mut f32) (f32.const 0))".to_owned(),
        describe: format!("{single} i32.const 0x200"),
        ..Guest::default()
    };
    assert!(admit(guest.component()).await.is_ok());
}
