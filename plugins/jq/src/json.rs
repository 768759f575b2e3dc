//! JSON as the host reads it: what a program is given and what it gives, judged record by record.
//!
//! jq reads and writes more than JSON, and the host refuses a whole batch for one result that it does not accept. That
//! one is found here, and costs its own record only.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The host refuses what is deeper.
const DEPTH: usize = 100;

/// Whether the text is JSON with numbers that a 64-bit reader can hold and no deeper than the host reads.
pub(crate) fn judge(text: &str) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    Judged { depth_left: DEPTH }.deserialize(&mut reader)?;
    reader.end()
}

/// Reads a value and keeps nothing of it.
#[derive(Clone, Copy)]
struct Judged {
    depth_left: usize,
}

impl Judged {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        let depth_left = depth_left.ok_or_else(|| E::custom(format!("it nests more than {DEPTH} deep")))?;
        Ok(Self { depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for Judged {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Judged {
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
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
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
        deserializer.deserialize_str(Judged { depth_left: 0 }).map(|()| Self)
    }
}
