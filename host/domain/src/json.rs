//! Foreign JSON: bounded before it is parsed, and without names given twice.
//!
//! Two readers of `{"a": 1, "a": 2}` may each believe another value, so a text with a duplicate name is refused.

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

const SHOWN_BYTES_MAX: usize = 200;

/// Parses one JSON text.
pub fn parse(text: &[u8], bounds: Bounds) -> Result<Value, InvalidJson> {
    if text.len() > bounds.bytes {
        return Err(InvalidJson::TooLong { found: text.len(), allowed: bounds.bytes });
    }
    let syntax = |error: serde_json::Error| InvalidJson::Syntax(inert(&error.to_string(), SHOWN_BYTES_MAX));
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Strict { depth_left: bounds.depth }.deserialize(&mut deserializer).map_err(syntax)?;
    deserializer.end().map_err(syntax)?;
    Ok(value)
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
struct Strict {
    depth_left: usize,
}

impl Strict {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left }),
            None => Err(E::custom("it nests too deeply")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
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
