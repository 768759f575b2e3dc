//! JSON as the host reads it: what a program is given and what it gives, judged record by record.
//!
//! jq reads and writes more than JSON, and the host refuses a whole batch for one result that it does not accept. That
//! one is found here, and costs its own record only.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The host refuses what is deeper.
const DEPTH: usize = 100;

/// No integer below it is read as a double.
const INTEGERS_END: f64 = 9_223_372_036_854_775_808.0;

/// Whether the text is JSON with numbers that a 64-bit reader can hold and no deeper than the host reads.
pub(crate) fn judge(text: &str) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let large = Cell::new(false);
    Judged { depth_left: DEPTH, large: &large }.deserialize(&mut reader)?;
    reader.end()?;
    if large.get() && holds_large_integer(text) {
        return Err(Error::custom("an integer has more than 64 bits; make it a text to keep it exact"));
    }
    Ok(())
}

/// Whether a JSON text holds an integer that a 64-bit reader would round.
fn holds_large_integer(text: &str) -> bool {
    let (mut in_string, mut escaped, mut number) = (false, false, String::new());
    for character in text.chars().chain([' ']) {
        let is_part = !in_string && matches!(character, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
        if is_part {
            number.push(character);
            continue;
        }
        let is_integer = number.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
            && !number.contains(['.', 'e', 'E']);
        if is_integer && number.parse::<u64>().is_err() && number.parse::<i64>().is_err() {
            return true;
        }
        number.clear();
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    false
}

/// Reads a value and keeps nothing of it.
#[derive(Clone, Copy)]
struct Judged<'a> {
    depth_left: usize,
    /// Whether there was a number that may have been a large integer.
    large: &'a Cell<bool>,
}

impl Judged<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        let depth_left = depth_left.ok_or_else(|| E::custom(format!("it nests more than {DEPTH} deep")))?;
        Ok(Self { depth_left, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Judged<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Judged<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    /// The reader has refused what is out of range.
    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.large.set(self.large.get() || number.abs() >= INTEGERS_END);
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while access.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        // Names are read whole: the host does not take half a surrogate pair either.
        while access.next_key::<Name>()?.is_some() {
            access.next_value_seed(inner)?;
        }
        Ok(())
    }
}

struct Name;

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let large = Cell::new(false);
        deserializer.deserialize_str(Judged { depth_left: 0, large: &large }).map(|()| Self)
    }
}
