//! The document as it arrives: bounded, parsed, and searched for what its references mean.

use domain::json::{self, Bounds};
use domain::text::inert;
use serde_json::Value;

use crate::NotGenerated;

/// GitHub's description, the largest that is known, has 12 MB.
const BYTES_MAX: usize = 24 << 20;
const DEPTH_MAX: usize = 96;
const YAML_NODES_MAX: usize = 1_500_000;
/// References to references; an honest document has one or two.
const HOPS_MAX: usize = 16;
const SHOWN_BYTES_MAX: usize = 300;
/// What the strict parser says of an integer that it cannot keep exact.
const LARGE_INTEGER: &str = "more than 64 bits";

/// A parsed document.
#[derive(Debug)]
pub struct Document {
    root: Value,
    /// Its schemas are of OpenAPI's own dialect, and not JSON Schema.
    pub(crate) is_3_0: bool,
}

impl Document {
    /// Reads JSON or YAML.
    pub fn read(bytes: &[u8]) -> Result<Self, NotGenerated> {
        if bytes.len() > BYTES_MAX {
            return Err(NotGenerated::TooLarge { found: bytes.len(), allowed: BYTES_MAX });
        }
        let is_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let root = if is_json { of_json(bytes)? } else { of_yaml(bytes)? };
        let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
        let is_3_0 = version.starts_with("3.0");
        if !is_3_0 && !version.starts_with("3.1") {
            let found = match (version, root.get("swagger")) {
                ("", Some(swagger)) => format!("it is Swagger {}", text(swagger)),
                ("", None) => "it has no member `openapi`".to_owned(),
                (version, _) => format!("it says {:?}", inert(version, SHOWN_BYTES_MAX)),
            };
            return Err(NotGenerated::Version { found });
        }
        Ok(Self { root, is_3_0 })
    }

    pub(crate) fn get(&self, pointer: &str) -> Option<&Value> {
        self.root.pointer(pointer)
    }

    /// The value itself, or what it refers to.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> Result<&'a Value, NotGenerated> {
        let mut value = value;
        for _ in 0..HOPS_MAX {
            match reference(value) {
                Some(target) => value = self.target(target)?,
                None => return Ok(value),
            }
        }
        Err(NotGenerated::Circle { target: reference(value).map(shown).unwrap_or_default() })
    }

    /// What a reference means. Only this document is ever looked into.
    pub(crate) fn target(&self, reference: &str) -> Result<&Value, NotGenerated> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err(NotGenerated::RemoteReference { target: shown(reference) });
        };
        let pointer = decoded(pointer);
        self.root.pointer(&pointer).ok_or_else(|| NotGenerated::NoTarget { target: shown(reference) })
    }
}

fn of_json(bytes: &[u8]) -> Result<Value, NotGenerated> {
    match json::parse(bytes, Bounds { bytes: BYTES_MAX, depth: DEPTH_MAX }) {
        Ok(root) => Ok(root),
        // The text is sound, and a bound that nobody can reach need not be exact.
        Err(error) if error.to_string().contains(LARGE_INTEGER) => serde_json::from_slice(bytes)
            .map_err(|error| NotGenerated::Syntax { error: inert(&error.to_string(), SHOWN_BYTES_MAX) }),
        Err(error) => Err(NotGenerated::Syntax { error: error.to_string() }),
    }
}

fn of_yaml(bytes: &[u8]) -> Result<Value, NotGenerated> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: YAML_NODES_MAX,
            max_events: YAML_NODES_MAX * 2,
            max_documents: 1,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 200_000,
            max_total_scalar_bytes: BYTES_MAX,
            max_merge_keys: 1_000,
        },
        with_snippet: false,
    };
    serde_saphyr::from_slice_with_options(bytes, options)
        .map_err(|error| NotGenerated::Syntax { error: inert(&error.to_string(), SHOWN_BYTES_MAX) })
}

pub(crate) fn reference(value: &Value) -> Option<&str> {
    value.get("$ref").and_then(Value::as_str)
}

pub(crate) fn shown(text: &str) -> String {
    inert(text, SHOWN_BYTES_MAX)
}

/// A fragment is percent-encoded before it is a JSON pointer.
fn decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = (byte == b'%').then(|| after.get(..2)).flatten();
        let code = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (code, after.get(2..)) {
            (Some(code), Some(behind)) => {
                bytes.push(code);
                rest = behind;
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text(value: &Value) -> String {
    shown(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Document::read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn json_and_yaml_are_read_and_nothing_else_is_taken_for_a_description() {
        assert!(Document::read(b"{\"openapi\": \"3.1.0\"}").is_ok());
        assert!(Document::read(b"{\"openapi\": \"3.1.0\", \"maximum\": 18446744073709551616}").is_ok());
        assert!(Document::read(b"openapi: 3.0.3\ninfo: {title: a}\n").unwrap().is_3_0);
        assert!(error("swagger: '2.0'").contains("Swagger"));
        assert!(error("{}").contains("no member `openapi`"));
        assert!(error("openapi: 4.0.0").contains("4.0.0"));
        assert!(error("a: [").contains("cannot be read"));
    }

    #[test]
    fn a_document_that_unfolds_without_end_is_refused() {
        let mut bomb = "openapi: 3.1.0\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..30 {
            let before = n - 1;
            bomb.push_str(&format!(
                "a{n}: &a{n} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"
            ));
        }
        assert!(error(&bomb).contains("cannot be read"));
        assert!(error(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))).contains("cannot be read"));
        assert!(error(&format!("{{\"openapi\": {}}}", "[".repeat(10_000))).contains("cannot be read"));
        assert!(error(&" ".repeat(BYTES_MAX + 1)).contains("bytes"));
    }

    #[test]
    fn references_stay_in_the_document_and_end() {
        let document = Document::read(
            br##"{"openapi": "3.1.0", "a/b": {"$ref": "#/c"}, "c": {"x": 1}, "d": {"$ref": "#/d"},
                "e": {"$ref": "https://evil.example/spec.json#/a"}, "f": {"$ref": "#/nothing"}, "g": {"$ref": "#/a~1b"}, "h": {"$ref": "#/a%7E1b"}}"##,
        )
        .unwrap();
        let resolved = |name: &str| document.resolve(document.root.get(name).unwrap());
        assert_eq!(resolved("a/b").unwrap()["x"], 1);
        assert_eq!(resolved("g").unwrap()["x"], 1);
        assert_eq!(resolved("h").unwrap()["x"], 1);
        assert!(matches!(resolved("d"), Err(NotGenerated::Circle { .. })));
        assert!(matches!(resolved("f"), Err(NotGenerated::NoTarget { .. })));
        let error = resolved("e").unwrap_err();
        assert!(error.to_string().contains("https://evil.example/spec.json"), "{error}");
    }
}
