//! `fields`: the headers of a request that is being made, or of an answer, bounded in count and size.

use domain::egress::is_token;
use wasmtime::component::{Resource, ResourceTable};

use super::room::{Held, Room};
use super::{StandardHttp, kept};
use crate::bindings::standard_http::{HeaderError, HostFields};
use crate::failure::GuestBroke;

/// Far above what the judge lets pass.
const ENTRIES_MAX: usize = 1_024;
const BYTES_MAX: usize = 128 << 10;
/// What an entry weighs, whatever is in it.
const ENTRY_BYTES: usize = 64;
const TOO_MANY: GuestBroke = GuestBroke("it made more than 1024 header fields, or 128 KiB of them, at once");

/// What concerns one connection, or where the request goes: `wasi:http` lets a host refuse it here. What else a
/// connector may not set, the judge refuses, with a row.
const FORBIDDEN: [&str; 9] = [
    "connection",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

type Entries = Vec<(String, Vec<u8>)>;

#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub struct Fields {
    entries: Entries,
    bytes: usize,
    /// Those of a request that was made, or of an answer.
    fixed: bool,
    held: Held,
}

impl Fields {
    fn new(room: &Room) -> Self {
        Self { entries: Vec::new(), bytes: 0, fixed: false, held: room.nothing() }
    }

    /// A copy that the guest may read.
    pub(super) fn fixed(entries: Entries, room: &Room) -> wasmtime::Result<Self> {
        let bytes = entries.iter().map(|(name, value)| weight(name, value)).sum();
        let held = kept(room.take(bytes))?;
        Ok(Self { entries, bytes, fixed: true, held })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn into_parts(self) -> (Entries, Held) {
        (self.entries, self.held)
    }

    fn add(&mut self, name: &str, value: Vec<u8>) -> wasmtime::Result<Result<(), HeaderError>> {
        if self.fixed {
            return Ok(Err(HeaderError::Immutable));
        }
        let name = name.to_ascii_lowercase();
        if let Err(error) = check(&name, &value) {
            return Ok(Err(error));
        }
        let more = weight(&name, &value);
        if self.entries.len() >= ENTRIES_MAX || self.bytes + more > BYTES_MAX {
            return Err(TOO_MANY.into());
        }
        kept(self.held.grow(more).then_some(()))?;
        self.bytes += more;
        self.entries.push((name, value));
        Ok(Ok(()))
    }

    fn remove(&mut self, name: &str) {
        let mut freed = 0;
        self.entries.retain(|(other, value)| {
            let goes = other.eq_ignore_ascii_case(name);
            freed += if goes { weight(other, value) } else { 0 };
            !goes
        });
        self.bytes -= freed;
        self.held.shrink(freed);
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Vec<u8>> {
        let named = move |entry: &&(String, Vec<u8>)| entry.0.eq_ignore_ascii_case(name);
        self.entries.iter().filter(named).map(|(_, value)| value)
    }
}

fn weight(name: &str, value: &[u8]) -> usize {
    ENTRY_BYTES + name.len() + value.len()
}

fn check(name: &str, value: &[u8]) -> Result<(), HeaderError> {
    if !is_token(name) || value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        Err(HeaderError::InvalidSyntax)
    } else if FORBIDDEN.contains(&name) || name.starts_with("proxy-") {
        Err(HeaderError::Forbidden)
    } else {
        Ok(())
    }
}

fn of<'a>(table: &'a ResourceTable, fields: &Resource<Fields>) -> wasmtime::Result<&'a Fields> {
    Ok(table.get(fields)?)
}

impl HostFields for StandardHttp<'_> {
    fn new(&mut self) -> wasmtime::Result<Resource<Fields>> {
        let fields = Fields::new(self.http.room());
        Ok(self.table.push(fields)?)
    }

    fn from_list(&mut self, entries: Entries) -> wasmtime::Result<Result<Resource<Fields>, HeaderError>> {
        let mut fields = Fields::new(self.http.room());
        for (name, value) in entries {
            if let Err(error) = fields.add(&name, value)? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(self.table.push(fields)?))
    }

    fn get(&mut self, fields: Resource<Fields>, name: String) -> wasmtime::Result<Vec<Vec<u8>>> {
        Ok(of(self.table, &fields)?.values(&name).cloned().collect())
    }

    fn has(&mut self, fields: Resource<Fields>, name: String) -> wasmtime::Result<bool> {
        Ok(of(self.table, &fields)?.values(&name).next().is_some())
    }

    fn set(
        &mut self,
        fields: Resource<Fields>,
        name: String,
        values: Vec<Vec<u8>>,
    ) -> wasmtime::Result<Result<(), HeaderError>> {
        let fields = self.table.get_mut(&fields)?;
        if fields.fixed {
            return Ok(Err(HeaderError::Immutable));
        }
        let lower = name.to_ascii_lowercase();
        // All or nothing.
        if let Some(error) = std::iter::once(&Vec::new()).chain(&values).find_map(|v| check(&lower, v).err())
        {
            return Ok(Err(error));
        }
        fields.remove(&name);
        for value in values {
            if let Err(error) = fields.add(&name, value)? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    fn delete(
        &mut self,
        fields: Resource<Fields>,
        name: String,
    ) -> wasmtime::Result<Result<(), HeaderError>> {
        let fields = self.table.get_mut(&fields)?;
        if fields.fixed {
            return Ok(Err(HeaderError::Immutable));
        }
        if !is_token(&name) {
            return Ok(Err(HeaderError::InvalidSyntax));
        }
        fields.remove(&name);
        Ok(Ok(()))
    }

    fn append(
        &mut self,
        fields: Resource<Fields>,
        name: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), HeaderError>> {
        self.table.get_mut(&fields)?.add(&name, value)
    }

    fn entries(&mut self, fields: Resource<Fields>) -> wasmtime::Result<Entries> {
        Ok(of(self.table, &fields)?.entries.clone())
    }

    fn clone(&mut self, fields: Resource<Fields>) -> wasmtime::Result<Resource<Fields>> {
        let entries = of(self.table, &fields)?.entries.clone();
        let copy = Fields { fixed: false, ..Fields::fixed(entries, self.http.room())? };
        Ok(self.table.push(copy)?)
    }

    fn drop(&mut self, fields: Resource<Fields>) -> wasmtime::Result<()> {
        self.table.delete(fields)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(bytes: usize) -> Fields {
        Fields::new(&Room::new(bytes))
    }

    #[test]
    fn names_are_compared_in_lower_case_and_values_keep_their_order() {
        let mut fields = made(10_000);
        for (name, value) in [("Accept", "a"), ("x-b", "b"), ("ACCEPT", "c")] {
            assert!(fields.add(name, value.into()).unwrap().is_ok());
        }
        assert_eq!(fields.values("aCCept").collect::<Vec<_>>(), [b"a", b"c"]);
        fields.remove("Accept");
        assert_eq!(fields.entries, [("x-b".to_owned(), b"b".to_vec())]);
    }

    #[test]
    fn a_name_or_value_that_ends_its_line_is_no_field_and_framing_is_forbidden() {
        let mut fields = made(10_000);
        for (name, value) in
            [("", "x"), ("a b", "x"), ("a\r\nb", "x"), ("é", "x"), ("a", "x\ny"), ("a", "\0")]
        {
            let added = fields.add(name, value.into()).unwrap();
            assert!(matches!(added, Err(HeaderError::InvalidSyntax)), "{name:?} {value:?}");
        }
        for name in ["Host", "Transfer-Encoding", "TE", "Proxy-Authorization", "Connection", "Upgrade"] {
            let added = fields.add(name, b"x".to_vec()).unwrap();
            assert!(matches!(added, Err(HeaderError::Forbidden)), "{name}");
        }
        assert!(fields.is_empty());
    }

    #[test]
    fn count_size_and_room_are_bounded() {
        let mut many = made(1 << 30);
        let refused = (0..ENTRIES_MAX + 1).find(|n| many.add(&format!("x-{n}"), Vec::new()).is_err());
        assert_eq!(refused, Some(ENTRIES_MAX));
        assert!(made(1 << 30).add("x", vec![b'a'; BYTES_MAX]).is_err());
        assert!(made(100).add("x", vec![b'a'; 100]).is_err());
    }

    #[test]
    fn the_headers_of_an_answer_cannot_be_changed() {
        let room = Room::new(1_000);
        let mut fields = Fields::fixed(vec![("a".to_owned(), b"b".to_vec())], &room).unwrap();
        assert!(matches!(fields.add("c", Vec::new()).unwrap(), Err(HeaderError::Immutable)));
    }
}
