//! What `serde_json` lets pass and two readers may read differently: keys given twice, and nesting without end.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Why a text that may well be JSON is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    TooDeep,
    DuplicateKey,
}

/// Walks over a value and keeps nothing of it.
#[derive(Clone, Copy)]
pub(super) struct Strict<'a> {
    depth_left: usize,
    /// Beside the error, because the text of a serde error is not for deciding.
    flaw: &'a Cell<Option<Flaw>>,
}

impl<'a> Strict<'a> {
    pub(super) fn new(depth_max: usize, flaw: &'a Cell<Option<Flaw>>) -> Self {
        Self { depth_left: depth_max, flaw }
    }

    fn refuse<E: Error>(self, flaw: Flaw) -> E {
        self.flaw.set(Some(flaw));
        E::custom("refused")
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(self.refuse(Flaw::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut keys = BTreeSet::new();
        while let Some(key) = entries.next_key::<Cow<'de, str>>()? {
            if !keys.insert(key) {
                return Err(self.refuse(Flaw::DuplicateKey));
            }
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}
