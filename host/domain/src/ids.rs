//! Typed identifiers: what a person may choose, and what the host makes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {shown:?} is not valid: {rule}")]
pub struct InvalidId {
    kind: &'static str,
    shown: String,
    rule: &'static str,
}

const SLUG_RULE: &str =
    "use lower-case letters, digits and hyphens, starting with a letter or digit, at most 63 characters";
const SHOWN_CHARS_MAX: usize = 80;

fn slug(kind: &'static str, text: &str, also: char) -> Result<(), InvalidId> {
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let valid = text.len() <= 63
        && text.starts_with(first)
        && text.chars().all(|c| first(c) || c == '-' || c == also);
    if valid { Ok(()) } else { Err(invalid(kind, text, SLUG_RULE)) }
}

fn invalid(kind: &'static str, text: &str, rule: &'static str) -> InvalidId {
    let shown = text.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_default).collect();
    InvalidId { kind, shown, rule }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> Result<(), InvalidId> = $check;
                check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The unit of isolation; the first part of every key.
    TenantId, |text| slug("tenant", text, '-')
);
text_id!(
    /// A connector's name within its tenant.
    ConnectorName, |text| slug("connector name", text, '-')
);
text_id!(
    /// A profile's name within its tenant.
    ProfileName, |text| slug("profile name", text, '-')
);
text_id!(
    /// A flow's name within its tenant.
    FlowName, |text| slug("flow name", text, '-')
);
text_id!(
    /// A subscription's name within its tenant. Short enough that its secrets can be named after it.
    SubscriptionName, |text| {
        slug("subscription name", text, '-')?;
        if text.len() <= 48 {
            Ok(())
        } else {
            Err(invalid("subscription name", text, "use at most 48 characters"))
        }
    }
);
text_id!(
    /// A secret's name within its profile.
    SecretName, |text| slug("secret name", text, '_')
);
text_id!(
    /// A scope's name within its connector, in the vendor's own spelling.
    ScopeName, |text| {
        let valid = !text.is_empty()
            && text.len() <= 128
            && text.chars().all(|c| c.is_ascii_alphanumeric() || ":._/-".contains(c));
        if valid {
            Ok(())
        } else {
            Err(invalid("scope", text, "use letters, digits and `:._/-`, at most 128 characters"))
        }
    }
);
text_id!(
    /// Identifies a record in its source.
    RecordKey, |text| {
        if !text.is_empty() && text.len() <= 512 && !text.chars().any(char::is_control) {
            Ok(())
        } else {
            Err(invalid("record key", text, "use 1 to 512 bytes without control characters"))
        }
    }
);
text_id!(
    /// The SHA-256 of a component's bytes, in lower-case hexadecimal.
    Digest, |text| sixty_four_digits("digest", text)
);
text_id!(
    /// The keyed digest of an audit entry, in lower-case hexadecimal.
    EntryDigest, |text| sixty_four_digits("digest of an audit entry", text)
);
text_id!(
    /// One execution of a flow; sorts by the time it was made.
    RunId, |text| made("run", text)
);
text_id!(
    /// A dead letter; sorts by the time it was made.
    DeadLetterId, |text| made("dead letter", text)
);
text_id!(
    /// The address of a hook: 128 bits of chance.
    HookId, |text| thirty_two_digits("hook", text)
);
text_id!(
    /// An event that was taken and not yet read; sorts by the time and the order in which events were taken.
    InboxId, |text| made("event", text)
);
text_id!(
    /// Something that happened; sorts by the time it was made.
    EventId, |text| made("event", text)
);
text_id!(
    /// A replay of many dead letters; sorts by the time it was made.
    ReplayJobId, |text| made("replay job", text)
);
text_id!(
    /// A kept cassette; sorts by the time it was made.
    CassetteId, |text| made("cassette", text)
);
text_id!(
    /// An API token's public part; sorts by the time it was made.
    TokenId, |text| made("token", text)
);
text_id!(
    /// Follows one piece of work through host, connector and remote: the trace id of W3C Trace Context.
    CorrelationId, |text| thirty_two_digits("correlation id", text)
);

fn thirty_two_digits(kind: &'static str, text: &str) -> Result<(), InvalidId> {
    if text.len() == 32 && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
        Ok(())
    } else {
        Err(invalid(kind, text, "use 32 lower-case hexadecimal digits"))
    }
}

fn sixty_four_digits(kind: &'static str, text: &str) -> Result<(), InvalidId> {
    if text.len() == 64 && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
        Ok(())
    } else {
        Err(invalid(kind, text, "use 64 lower-case hexadecimal digits"))
    }
}

fn made(kind: &'static str, text: &str) -> Result<(), InvalidId> {
    match ulid::Ulid::from_string(text) {
        Ok(id) if id.to_string() == text => Ok(()),
        _ => Err(invalid(kind, text, "use the identifier as the host shows it: 26 characters")),
    }
}

macro_rules! made_from_time_and_chance {
    ($($name:ident),*) => {
        $(impl $name {
            pub fn make(clock: &dyn crate::Clock, randomness: &dyn crate::Randomness) -> Self {
                let mut chance = [0; 16];
                randomness.fill(&mut chance);
                let time_ms = u64::try_from(clock.now().as_ms()).unwrap_or(0);
                Self(ulid::Ulid::from_parts(time_ms, u128::from_le_bytes(chance)).to_string())
            }
        })*
    };
}

made_from_time_and_chance!(CassetteId, RunId, DeadLetterId, EventId, ReplayJobId, TokenId);

impl CorrelationId {
    pub fn make(randomness: &dyn crate::Randomness) -> Self {
        let mut chance = [0; 16];
        randomness.fill(&mut chance);
        Self(format!("{:032x}", u128::from_le_bytes(chance)))
    }
}

impl HookId {
    pub fn make(randomness: &dyn crate::Randomness) -> Self {
        let mut chance = [0; 16];
        randomness.fill(&mut chance);
        Self(format!("{:032x}", u128::from_le_bytes(chance)))
    }
}

impl InboxId {
    /// `order` keeps apart and in order what is taken in the same millisecond.
    pub fn make(at: crate::Timestamp, order: u32, randomness: &dyn crate::Randomness) -> Self {
        let mut chance = [0; 8];
        randomness.fill(&mut chance);
        let time_ms = u64::try_from(at.as_ms()).unwrap_or(0);
        let low = u128::from(u64::from_le_bytes(chance) & 0xffff_ffff_ffff);
        Self(ulid::Ulid::from_parts(time_ms, u128::from(order) << 48 | low).to_string())
    }
}

/// What names of the host's own begin with.
const RESERVED: &str = "lockgate-";

/// Whether the host keeps this name for itself.
pub fn is_reserved(name: &ProfileName) -> bool {
    name.as_str().starts_with(RESERVED)
}

impl ProfileName {
    /// In place of a profile, for the signing secrets of event subscriptions.
    pub(crate) fn of_subscriptions() -> Self {
        Self(format!("{RESERVED}event-subscriptions"))
    }
}

impl SecretName {
    /// The profile's own credential: injected by the host, never opened by name.
    pub fn credential() -> Self {
        Self("credential".to_owned())
    }

    /// The tokens that the host got with the credential. No manifest can declare it.
    pub fn tokens() -> Self {
        Self("oauth_tokens".to_owned())
    }
}

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(hexadecimal(&sha2::Sha256::digest(bytes)))
    }
}

/// A digest of bytes that come piece by piece.
#[derive(Clone, Debug, Default)]
pub struct DigestOf(sha2::Sha256);

impl DigestOf {
    pub fn add(&mut self, bytes: &[u8]) {
        sha2::Digest::update(&mut self.0, bytes);
    }

    pub fn end(self) -> Digest {
        Digest(hexadecimal(&sha2::Digest::finalize(self.0)))
    }
}

impl EntryDigest {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(hexadecimal(&bytes))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(digit).collect()
}

/// A profile, with the tenant that owns it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileKey {
    pub tenant: TenantId,
    pub profile: ProfileName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_plain_slug() {
        for good in ["a", "stripe", "stripe-2", "0x"] {
            assert!(good.parse::<ConnectorName>().is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "-a", "A", "a/b", "../../etc", "a.b", "а", "a b", "a\0", long.as_str()] {
            assert!(bad.parse::<ConnectorName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn events_sort_by_time_and_then_by_order() {
        struct Ones;
        impl crate::Randomness for Ones {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(255);
            }
        }
        let made: Vec<_> = [(1, 7), (1, 8), (1, u32::MAX), (2, 0)]
            .map(|(ms, order)| InboxId::make(crate::Timestamp::from_ms(ms), order, &Ones))
            .to_vec();
        assert!(made.is_sorted() && made.iter().all(|id| id.as_str().parse::<InboxId>().is_ok()), "{made:?}");
    }

    #[test]
    fn a_digest_is_the_sha_256_of_the_bytes() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(digest.as_str().parse::<Digest>().is_ok());
    }

    #[test]
    fn an_error_shows_a_bounded_escaped_part_of_what_was_given() {
        let text = format!("{}", "\u{1b}[2J".repeat(100).parse::<FlowName>().unwrap_err());
        assert!(text.len() < 700 && !text.contains('\u{1b}'), "{text}");
    }
}
