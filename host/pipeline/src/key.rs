//! The idempotency key of a record: the same flow and the same record always have the same one.

use domain::dead_letter::DeadLetter;
use domain::{Digest, FlowName, RecordKey, TenantId};

const START: &str = "lg_";

/// Derived, not drawn: a record that is accepted again after a lost page has the key that it had before.
///
/// Every part is written with its length, so that no two triples run together.
pub(crate) fn idempotency_key(tenant: &TenantId, flow: &FlowName, key: &RecordKey) -> String {
    let mut text = Vec::new();
    for part in [tenant.as_str(), flow.as_str(), key.as_str()] {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    let digest = Digest::of(&text);
    let first_16_bytes: String = digest.as_str().chars().take(32).collect();
    format!("{START}{first_16_bytes}")
}

/// A key that was never used for the letter's record: the remote takes what comes under it for something new.
pub(crate) fn new_key(letter: &DeadLetter) -> String {
    let text = format!("{}/{}/{}", letter.id, letter.idempotency_key, letter.former_keys.len());
    let first_16_bytes: String = Digest::of(text.as_bytes()).as_str().chars().take(32).collect();
    format!("{START}{first_16_bytes}")
}

/// Every text in `text` that has the form of a key.
pub(crate) fn keys_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(START).filter_map(|(at, _)| text.get(at..at + START.len() + 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(tenant: &str, flow: &str, record: &str) -> String {
        idempotency_key(&tenant.parse().unwrap(), &flow.parse().unwrap(), &record.parse().unwrap())
    }

    #[test]
    fn the_same_record_of_the_same_flow_has_the_same_key_for_ever() {
        assert_eq!(key("acme", "deals", "1"), "lg_e429974c36e9d7905588ab865d926016");
    }

    #[test]
    fn keys_are_found_in_what_was_sent() {
        let one = key("acme", "deals", "1");
        let text = format!("https://x.test/?requestid={one}&a=lg_short lg_{}", "é".repeat(20));
        assert_eq!(keys_in(&text).filter(|found| **found == one).count(), 1);
        assert_eq!(keys_in(&format!("{one}-invoice")).next(), Some(one.as_str()));
    }

    #[test]
    fn parts_never_run_together() {
        let keys = [key("a", "bc", "d"), key("ab", "c", "d"), key("a", "b", "cd"), key("a", "bc", "d ")];
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }
}
