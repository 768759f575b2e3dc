//! The bytes that an entry's digest is taken over: no two different entries, and no two chains, have the same.

use super::{Chain, Entry};

const FORMAT: &str = "lockgate audit entry 1";

impl Entry {
    /// Everything but the digest, part by part, each with its length before it.
    pub fn encoded(&self, chain: &Chain) -> Vec<u8> {
        let number = self.number.to_be_bytes();
        let at = self.at.as_ms().to_be_bytes();
        let count = length(self.changed.len());
        let previous = self.previous.as_ref().map_or("", |digest| digest.as_str());
        let chain = chain.to_string();
        let mut parts: Vec<&[u8]> = vec![
            FORMAT.as_bytes(),
            chain.as_bytes(),
            &number,
            &at,
            self.actor.as_bytes(),
            self.verb.as_bytes(),
            self.subject.noun.as_bytes(),
            self.subject.name.as_bytes(),
            self.outcome.as_bytes(),
            previous.as_bytes(),
            &count,
        ];
        parts.extend(self.changed.iter().map(String::as_bytes));
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&length(part.len()));
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

fn length(len: usize) -> [u8; 8] {
    u64::try_from(len).unwrap_or(u64::MAX).to_be_bytes()
}
