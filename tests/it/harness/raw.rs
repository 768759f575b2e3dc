//! Connectors written as text, for what no ordinary toolchain would compile: one file each in `tests/guests/raw`.
//!
//! A file says in its first line how its guest misbehaves. The rest are parts, each after a line `@name`, that take the
//! place of those of `_connector.wat`, which behaves.

use std::collections::BTreeMap;

use serde_json::json;

const TEMPLATE: &str = include_str!("../../guests/raw/_connector.wat");

/// What the template says where a fixture says nothing else.
const DEFAULTS: [(&str, &str); 14] = [
    ("imports", ""),
    ("with", ""),
    ("core_imports", ""),
    ("realloc", "(call $bump (local.get $old) (local.get $size) (local.get $align) (local.get $new))"),
    ("describe", "i32.const 0x200"),
    ("check", "i32.const 0x900"),
    ("run", "i32.const 0x400"),
    ("poll", "i32.const 0x800"),
    ("receive", "i32.const 0xa00"),
    ("after", ""),
    ("items", ""),
    ("lift", ""),
    ("manifest", ""),
    ("manifest_len", ""),
];

/// The component of one fixture. Its connector is named like the file, with hyphens.
pub fn raw(name: &str) -> Vec<u8> {
    let path = format!("{}/guests/raw/{name}.wat", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("there is no fixture {path}"));
    let (says, parts) = text.split_once('\n').expect("a first line");
    assert!(says.starts_with(";; "), "{path} does not say how it misbehaves");
    component(name, parts)
}

/// A component that wants something which no interface offers.
pub fn unknown_import() -> Vec<u8> {
    wat::parse_str(r#"(component (import "acme:door/knock@1.0.0" (instance)))"#).expect("a component")
}

/// A component that behaves, but that `run` returns this text.
pub fn returning(name: &str, text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).expect("a short text").to_le_bytes();
    let pages = text.len().div_ceil(0x1_0000) + 2;
    // A data segment reaches no further than the memory that the template begins with, so a long text is made of copies.
    let (run, data) = if text.len() <= 0x4000 {
        ("i32.const 0x400".to_owned(), format!("(data (i32.const 0x8000) \"{}\")", escaped(text)))
    } else {
        let byte = text[0];
        let fill = format!(
            "(drop (memory.grow (i32.const {pages}))) (memory.fill (i32.const 0x40000) (i32.const {byte}) (i32.const {}))
             (i32.store (i32.const 0x508) (i32.const 0x40000)) i32.const 0x400",
            text.len()
        );
        (fill, String::new())
    };
    let header = escaped(&[&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0][..], &length].concat());
    component(name, &format!("@run\n{run}\n@items\n{data} (data (i32.const 0x500) \"{header}\")\n"))
}

/// A component that behaves.
pub fn behaving(name: &str) -> Vec<u8> {
    component(name, "")
}

fn component(name: &str, parts: &str) -> Vec<u8> {
    let mut values: BTreeMap<&str, String> =
        DEFAULTS.iter().map(|(part, value)| (*part, (*value).to_owned())).collect();
    let manifest = manifest(&name.replace('_', "-"));
    let length = u32::try_from(manifest.len()).expect("a short manifest").to_le_bytes();
    values.insert("manifest_len", escaped(&length));
    values.insert("manifest", escaped(manifest.as_bytes()));
    let mut part = None;
    for line in parts.lines() {
        if let Some(next) = line.strip_prefix('@') {
            let known = values.get_mut(next).unwrap_or_else(|| panic!("{name}: the template has no {next}"));
            known.clear();
            part = Some(known);
        } else if let Some(part) = &mut part {
            part.push_str(line);
            part.push('\n');
        }
    }
    let mut text = TEMPLATE.to_owned();
    for (part, value) in &values {
        text = text.replace(&format!("{{{{{part}}}}}"), value);
    }
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn manifest(name: &str) -> String {
    let any = json!({});
    json!({
        "name": name,
        "version": "1.0.0",
        "title": name,
        "category": "custom",
        "hosts": [],
        "scopes": [],
        "actions": [{ "name": "act", "title": "Act", "effect": "read", "input": any, "output": any }],
        "triggers": [{ "name": "things", "title": "Things", "kind": "poll", "record": any }],
        "secrets": ["signing"],
    })
    .to_string()
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}
