//! Foreign JSON: bounded before it is parsed, and without names given twice.
//!
//! Two readers of `{"a": 1, "a": 2}` may each believe another value, so a text with a duplicate name is refused. So is
//! an integer that no 64-bit one can hold: most readers turn it into a nearby number in silence, and an identifier that
//! is nearly right is wrong. Numbers with a fraction or an exponent are doubles, as everywhere.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};
use serde_json::{Map, Number, Value};

use crate::text::inert;

/// How large a text may be, and how deeply it may nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub bytes: usize,
    pub depth: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJson {
    #[error("the JSON text has {found} bytes, more than the {allowed} allowed")]
    TooLong { found: usize, allowed: usize },
    #[error("the text is not acceptable JSON: {0}")]
    Syntax(String),
}

/// No integer below it is ever read as a double.
const INTEGERS_END: f64 = 9_223_372_036_854_775_808.0;
const SHOWN_BYTES_MAX: usize = 200;

/// Parses one JSON text.
pub fn parse(text: &[u8], bounds: Bounds) -> Result<Value, InvalidJson> {
    if text.len() > bounds.bytes {
        return Err(InvalidJson::TooLong { found: text.len(), allowed: bounds.bytes });
    }
    let syntax = |error: serde_json::Error| InvalidJson::Syntax(inert(&error.to_string(), SHOWN_BYTES_MAX));
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let large = Cell::new(false);
    let strict = Strict { depth_left: bounds.depth, large: &large };
    let value = strict.deserialize(&mut deserializer).map_err(syntax)?;
    deserializer.end().map_err(syntax)?;
    if large.get() && holds_large_integer(text) {
        return Err(InvalidJson::Syntax(
            "an integer has more than 64 bits; write it as a string to keep it exact".to_owned(),
        ));
    }
    Ok(value)
}

/// Whether a valid text contains an integer that was read as a double.
fn holds_large_integer(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'"' => rest = after_string(after),
            b'-' | b'0'..=b'9' => {
                let end = rest.iter().position(|byte| !is_in_number(*byte)).unwrap_or(rest.len());
                let (number, after) = rest.split_at(end);
                let digits = str::from_utf8(number).unwrap_or_default();
                let integer = digits.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
                if integer && digits.parse::<u64>().is_err() && digits.parse::<i64>().is_err() {
                    return true;
                }
                rest = after;
            }
            _ => rest = after,
        }
    }
    false
}

fn is_in_number(byte: u8) -> bool {
    matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
}

fn after_string(mut rest: &[u8]) -> &[u8] {
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'"' => return after,
            b'\\' => rest = after.get(1..).unwrap_or_default(),
            _ => rest = after,
        }
    }
    rest
}

/// How deeply a value nests: 0 for a scalar.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Builds a value, counting down the depth that is left.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth_left: usize,
    /// Set where a double may have been written as an integer.
    large: &'a Cell<bool>,
}

impl Strict<'_> {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(E::custom("it nests too deeply")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if value.abs() >= INTEGERS_END {
            self.large.set(true);
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("the name {:?} is given twice", inert(&name, 64))));
            }
            let value = access.next_value_seed(inner)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const BOUNDS: Bounds = Bounds { bytes: 1_000, depth: 3 };

    fn refused(text: &str) -> String {
        parse(text.as_bytes(), BOUNDS).unwrap_err().to_string()
    }

    #[test]
    fn plain_json_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,1.5,"x",true,null],"b":{"c":{}},"big":18446744073709551615}"#;
        let expected = json!({ "a": [1, -2, 1.5, "x", true, null], "b": { "c": {} }, "big": 18_446_744_073_709_551_615_u64 });
        assert_eq!(parse(text.as_bytes(), BOUNDS).unwrap(), expected);
        assert_eq!(depth(&expected), 3);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        assert!(refused(r#"{"a":1,"a":2}"#).contains("\"a\" is given twice"));
        assert!(refused(r#"[{"b":{"a":1,"\u0061":2}}]"#).contains("given twice"));
        for text in ["", "{} {}", "{}x", "NaN", "{'a':1}", "[1,]", "1e999", "\u{feff}{}", "\"\\ud800\"", "01"]
        {
            assert!(parse(text.as_bytes(), BOUNDS).is_err(), "{text:?}");
        }
        assert!(parse(b"\"\xff\"", BOUNDS).is_err());
    }

    #[test]
    fn an_integer_beyond_64_bits_is_refused_and_never_rounded() {
        for text in ["18446744073709551616", "-9223372036854775809", "[1.5,{\"a\":100000000000000000000}]"] {
            assert!(refused(text).contains("more than 64 bits"), "{text}");
        }
        assert!(refused(&"9".repeat(300)).contains("more than 64 bits"));
        for text in [
            "18446744073709551615",
            "-9223372036854775808",
            "9007199254740993",
            "-0",
            "1e19",
            "1.8446744073709552e19",
            "{\"18446744073709551616\":[\"\\\"18446744073709551616\",1e30]}",
        ] {
            assert!(parse(text.as_bytes(), BOUNDS).is_ok(), "{text}");
        }
        let exact = parse(b"9007199254740993", BOUNDS).unwrap();
        assert_eq!(exact.to_string(), "9007199254740993");
    }

    #[test]
    fn depth_and_length_are_bounded_before_anything_is_built() {
        assert!(parse(b"[[[1]]]", BOUNDS).is_ok());
        assert!(refused("[[[[1]]]]").contains("too deeply"));
        let deep = "[".repeat(100_000);
        assert!(parse(deep.as_bytes(), Bounds { bytes: 1 << 20, depth: 64 }).is_err());
        assert!(matches!(parse(&[b' '; 1_001], BOUNDS), Err(InvalidJson::TooLong { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes, BOUNDS);
        }
    }
}
