//! A test as YAML: one line for each thing that a reader looks for.

use std::fmt::Write as _;

use domain::text::is_hidden;
use serde_json::{Map, Value};

/// The parts of a request, in the order in which they are read.
pub(super) type Request = Vec<(&'static str, Value)>;

pub(super) struct Test {
    pub(super) name: String,
    pub(super) config: Map<String, Value>,
    pub(super) call: Value,
    /// Each with a reply or a fault.
    pub(super) exchanges: Vec<(Request, (&'static str, Value))>,
    pub(super) expect: Value,
}

impl Test {
    pub(super) fn written(&self) -> String {
        let mut text = format!("name: {}\n", quoted(&self.name));
        if !self.config.is_empty() {
            let _ = writeln!(text, "profile: {{config: {}}}", flow(&Value::Object(self.config.clone())));
        }
        let _ = writeln!(text, "call: {}\nexchanges:", flow(&self.call));
        for (request, (name, answer)) in &self.exchanges {
            text.push_str("  - request:\n");
            for (name, value) in request {
                let _ = writeln!(text, "      {name}: {}", flow(value));
            }
            let _ = writeln!(text, "    {name}: {}", flow(answer));
        }
        let _ = writeln!(text, "expect: {}", flow(&self.expect));
        text
    }
}

/// A value in one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{}: {}", key(name), flow(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// Without quotes where it is a word that means nothing else.
fn key(name: &str) -> String {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.contains(&name.to_ascii_lowercase().as_str());
    if plain { name.to_owned() } else { quoted(name) }
}

/// JSON's quotes are YAML's; what nobody sees is written with its number.
fn quoted(text: &str) -> String {
    let text = Value::from(text).to_string();
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        match u16::try_from(u32::from(c)) {
            Ok(code) if c.is_control() || is_hidden(c) || code >= 0xFFFE => {
                let _ = write!(quoted, "\\u{code:04x}");
            }
            _ => quoted.push(c),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_the_same_when_it_is_read_again() {
        let value = json!({
            "plain": 1, "yes": true, "with space": null, "1": [1.5, -2, "a: b", "# c", "{d}", "\u{7f}\u{feff}\u{2028}\n\t\"\\"],
            "ü": {}, "": [], "-": "- x",
        });
        let read: Value = serde_saphyr::from_str(&format!("a: {}\n", flow(&value))).unwrap();
        assert_eq!(read["a"], value);
    }
}
