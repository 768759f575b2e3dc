//! The only place where keys are built. Each begins with the tenant: `tenant 00 table 00 part [00 part]...`
//!
//! No identifier contains a zero byte, so a prefix that ends in one matches whole parts only: the tenant `a`
//! never sees the rows of `a-b`. What belongs to no tenant lies under `_`, which no tenant can be called.

mod hooks;
mod runs;

use domain::audit::Chain;
use domain::connector::ConnectorRef;
use domain::{
    CassetteId, ConnectorName, DeadLetterId, Digest, EventId, FlowName, ProfileName, RecordKey, ReplayJobId,
    SecretName, SubscriptionName, TenantId, Timestamp, TokenId,
};

pub(crate) use hooks::*;
pub(crate) use runs::*;

const SYSTEM: &str = "_";
/// Tables whose rows hold what customers' systems have sent: sealed row by row. The keys of rows are never sealed.
const SEALED: [&[u8]; 4] = [b"dead-letters", b"inbox", b"logs", b"outbox"];
const SEPARATOR: u8 = 0;
const SHOWN_CHARS_MAX: usize = 200;

/// The name of one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(Vec<u8>);

/// The beginning of the keys of many rows. Ends with a separator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix(Vec<u8>);

/// A key for people.
pub(crate) struct Shown {
    pub(crate) table: String,
    pub(crate) key: String,
}

impl Key {
    fn new(tenant: &str, table: &str, parts: &[&str]) -> Self {
        let mut key = Prefix::new(tenant, table, &[]).0;
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                key.push(SEPARATOR);
            }
            key.extend_from_slice(part.as_bytes());
        }
        Self(key)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn shown(&self) -> Shown {
        shown(&self.0)
    }
}

impl Prefix {
    fn new(tenant: &str, table: &str, parts: &[&str]) -> Self {
        let mut prefix = Vec::new();
        for part in [tenant, table].iter().chain(parts) {
            prefix.extend_from_slice(part.as_bytes());
            prefix.push(SEPARATOR);
        }
        Self(prefix)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key that `rest` names under this prefix.
    pub(crate) fn join(&self, rest: &[u8]) -> Vec<u8> {
        [self.0.as_slice(), rest].concat()
    }

    /// What a key has after this prefix.
    pub(crate) fn rest<'a>(&self, key: &'a [u8]) -> Option<&'a [u8]> {
        key.strip_prefix(self.0.as_slice())
    }
}

/// The table and the rest of a key, escaped and bounded.
pub(crate) fn shown(key: &[u8]) -> Shown {
    let text = String::from_utf8_lossy(key);
    let mut parts = text.split('\0');
    let tenant = parts.next().unwrap_or_default();
    let table = parts.next().unwrap_or_default().to_owned();
    let path: Vec<&str> = std::iter::once(tenant).chain(parts).collect();
    let key = path.join("/").chars().flat_map(char::escape_default).take(SHOWN_CHARS_MAX).collect();
    Shown { table, key }
}

/// The tenant with whose key the row of this name is sealed; none where it is kept in the clear.
pub(crate) fn sealed_for(key: &[u8]) -> Option<&[u8]> {
    let mut parts = key.splitn(3, |byte| *byte == SEPARATOR);
    let (tenant, table) = (parts.next()?, parts.next()?);
    SEALED.contains(&table).then_some(tenant)
}

/// A key taken apart.
pub(crate) struct Parts<'a> {
    place: &'a str,
    pub(crate) table: &'a str,
    rest: Vec<&'a str>,
}

impl Parts<'_> {
    /// None where it belongs to the host.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        self.place.parse().ok()
    }

    pub(crate) fn rest(&self) -> &[&str] {
        &self.rest
    }
}

/// None: no key built here looks so.
pub(crate) fn parts(key: &[u8]) -> Option<Parts<'_>> {
    let mut parts = std::str::from_utf8(key).ok()?.split('\0');
    let (place, table) = (parts.next()?, parts.next()?);
    let rest: Vec<&str> = parts.collect();
    let sound =
        (place == SYSTEM || place.parse::<TenantId>().is_ok()) && !table.is_empty() && !rest.is_empty();
    sound.then_some(Parts { place, table, rest })
}

/// The last part of a key: the identifier that an index row points to.
pub(crate) fn last_part(key: &[u8]) -> Option<&str> {
    key.rsplit(|byte| *byte == SEPARATOR).next().and_then(|part| std::str::from_utf8(part).ok())
}

pub(crate) fn version_floor() -> Key {
    Key::new(SYSTEM, "meta", &["version-floor"])
}

pub(crate) fn tenants() -> Prefix {
    Prefix::new(SYSTEM, "tenants", &[])
}

pub(crate) fn tenant(id: &TenantId) -> Key {
    Key::new(SYSTEM, "tenants", &[id.as_str()])
}

pub(crate) fn tokens() -> Prefix {
    Prefix::new(SYSTEM, "tokens", &[])
}

pub(crate) fn token(id: &TokenId) -> Key {
    Key::new(SYSTEM, "tokens", &[id.as_str()])
}

pub(crate) fn connectors(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "connectors", &[])
}

pub(crate) fn connector_versions(tenant: &TenantId, name: &ConnectorName) -> Prefix {
    Prefix::new(tenant.as_str(), "connectors", &[name.as_str()])
}

pub(crate) fn connector(tenant: &TenantId, of: &ConnectorRef) -> Key {
    Key::new(tenant.as_str(), "connectors", &[of.name.as_str(), &of.version.to_string()])
}

pub(crate) fn profiles(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "profiles", &[])
}

pub(crate) fn profile(tenant: &TenantId, name: &ProfileName) -> Key {
    Key::new(tenant.as_str(), "profiles", &[name.as_str()])
}

pub(crate) fn observation(tenant: &TenantId, profile: &ProfileName) -> Key {
    Key::new(tenant.as_str(), "observations", &[profile.as_str()])
}

pub(crate) fn recording(tenant: &TenantId, profile: &ProfileName) -> Key {
    Key::new(tenant.as_str(), "recordings", &[profile.as_str()])
}

pub(crate) fn cassettes(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "cassettes", &[])
}

pub(crate) fn cassette(tenant: &TenantId, id: &CassetteId) -> Key {
    Key::new(tenant.as_str(), "cassettes", &[id.as_str()])
}

pub(crate) fn cassette_piece(tenant: &TenantId, id: &CassetteId, number: usize) -> Key {
    Key::new(tenant.as_str(), "cassette-pieces", &[id.as_str(), &format!("{number:04}")])
}

pub(crate) fn trial(tenant: &TenantId, profile: &ProfileName) -> Key {
    Key::new(tenant.as_str(), "trials", &[profile.as_str()])
}

pub(crate) fn drift(tenant: &TenantId, profile: &ProfileName) -> Key {
    Key::new(tenant.as_str(), "drift", &[profile.as_str()])
}

pub(crate) fn flows(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "flows", &[])
}

pub(crate) fn flow(tenant: &TenantId, name: &FlowName) -> Key {
    Key::new(tenant.as_str(), "flows", &[name.as_str()])
}

pub(crate) fn flow_version(tenant: &TenantId, name: &FlowName, version: u64) -> Key {
    Key::new(tenant.as_str(), "flow-versions", &[name.as_str(), &sorted(version)])
}

/// Of all tenants, by the time at which they are to be looked at.
pub(crate) fn due_flows() -> Prefix {
    Prefix::new(SYSTEM, "due-flows", &[])
}

pub(crate) fn due_flow(at: Timestamp, tenant: &TenantId, flow: &FlowName) -> Key {
    Key::new(SYSTEM, "due-flows", &[&sorted_time(at), tenant.as_str(), flow.as_str()])
}

pub(crate) fn flow_state(tenant: &TenantId, name: &FlowName) -> Key {
    Key::new(tenant.as_str(), "flow-states", &[name.as_str()])
}

pub(crate) fn outbox(tenant: &TenantId, flow: &FlowName) -> Prefix {
    Prefix::new(tenant.as_str(), "outbox", &[flow.as_str()])
}

/// Of every flow.
pub(crate) fn all_outboxes(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "outbox", &[])
}

pub(crate) fn parcel(tenant: &TenantId, flow: &FlowName, seq: u64) -> Key {
    Key::new(tenant.as_str(), "outbox", &[flow.as_str(), &sorted(seq)])
}

pub(crate) fn seen(tenant: &TenantId, flow: &FlowName, key: &RecordKey) -> Key {
    Key::new(tenant.as_str(), "seen", &[flow.as_str(), key.as_str()])
}

/// Of every flow.
pub(crate) fn all_seen(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "seen", &[])
}

/// Of the records of a flow whose keys begin so.
pub(crate) fn seen_beginning(tenant: &TenantId, flow: &FlowName, start: &str) -> Prefix {
    let mut prefix = Prefix::new(tenant.as_str(), "seen", &[flow.as_str()]);
    prefix.0.extend_from_slice(start.as_bytes());
    prefix
}

pub(crate) fn dead_letters(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "dead-letters", &[])
}

pub(crate) fn dead_letter(tenant: &TenantId, id: &DeadLetterId) -> Key {
    Key::new(tenant.as_str(), "dead-letters", &[id.as_str()])
}

pub(crate) fn dead_letters_by_flow(tenant: &TenantId, flow: &FlowName) -> Prefix {
    Prefix::new(tenant.as_str(), "dead-letters-by-flow", &[flow.as_str()])
}

/// Of every flow.
pub(crate) fn all_dead_letters_by_flow(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "dead-letters-by-flow", &[])
}

pub(crate) fn dead_letter_by_flow(tenant: &TenantId, flow: &FlowName, id: &DeadLetterId) -> Key {
    Key::new(tenant.as_str(), "dead-letters-by-flow", &[flow.as_str(), id.as_str()])
}

/// Of one flow, by the key of the record.
pub(crate) fn letters_by_key(tenant: &TenantId, flow: &FlowName, key: &RecordKey) -> Prefix {
    Prefix::new(tenant.as_str(), "dead-letters-by-key", &[flow.as_str(), key.as_str()])
}

pub(crate) fn letter_by_key(tenant: &TenantId, flow: &FlowName, key: &RecordKey, id: &DeadLetterId) -> Key {
    Key::new(tenant.as_str(), "dead-letters-by-key", &[flow.as_str(), key.as_str(), id.as_str()])
}

pub(crate) fn replay_jobs(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "replay-jobs", &[])
}

pub(crate) fn replay_job(tenant: &TenantId, id: &ReplayJobId) -> Key {
    Key::new(tenant.as_str(), "replay-jobs", &[id.as_str()])
}

pub(crate) fn answers(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "answers", &[])
}

pub(crate) fn answer(tenant: &TenantId, id: &Digest) -> Key {
    Key::new(tenant.as_str(), "answers", &[id.as_str()])
}

pub(crate) fn parked(tenant: &TenantId, flow: Option<&FlowName>) -> Prefix {
    match flow {
        Some(flow) => Prefix::new(tenant.as_str(), "parked", &[flow.as_str()]),
        None => Prefix::new(tenant.as_str(), "parked", &[]),
    }
}

pub(crate) fn parked_letter(tenant: &TenantId, flow: &FlowName, id: &DeadLetterId) -> Key {
    Key::new(tenant.as_str(), "parked", &[flow.as_str(), id.as_str()])
}

pub(crate) fn logs(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "logs", &[])
}

/// Sorts by the order of writing. Rows of earlier builds begin with their time, which is far below any number that
/// follows it.
pub(crate) fn log(tenant: &TenantId, number: u64) -> Key {
    Key::new(tenant.as_str(), "logs", &[&sorted(number)])
}

/// The number of a log row's key.
pub(crate) fn log_number(key: &[u8]) -> u64 {
    let digits = last_part(key).and_then(|part| part.get(..16));
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

pub(crate) fn log_named(tenant: &TenantId, rest: &str) -> Key {
    Key::new(tenant.as_str(), "logs", &[rest])
}

pub(crate) fn told_events(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "events", &[])
}

pub(crate) fn told_event(tenant: &TenantId, id: &EventId) -> Key {
    Key::new(tenant.as_str(), "events", &[id.as_str()])
}

pub(crate) fn subscriptions(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "event-subscriptions", &[])
}

pub(crate) fn subscription(tenant: &TenantId, name: &SubscriptionName) -> Key {
    Key::new(tenant.as_str(), "event-subscriptions", &[name.as_str()])
}

/// Deliveries that wait.
pub(crate) fn event_outbox(tenant: &TenantId, name: &SubscriptionName) -> Prefix {
    Prefix::new(tenant.as_str(), "event-outbox", &[name.as_str()])
}

pub(crate) fn waiting_delivery(tenant: &TenantId, name: &SubscriptionName, event: &EventId) -> Key {
    Key::new(tenant.as_str(), "event-outbox", &[name.as_str(), event.as_str()])
}

/// Deliveries that are over.
pub(crate) fn event_deliveries(tenant: &TenantId, name: &SubscriptionName) -> Prefix {
    Prefix::new(tenant.as_str(), "event-deliveries", &[name.as_str()])
}

pub(crate) fn finished_delivery(tenant: &TenantId, name: &SubscriptionName, event: &EventId) -> Key {
    Key::new(tenant.as_str(), "event-deliveries", &[name.as_str(), event.as_str()])
}

/// Of every profile.
pub(crate) fn all_secrets(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "secrets", &[])
}

pub(crate) fn secrets(tenant: &TenantId, profile: &ProfileName) -> Prefix {
    Prefix::new(tenant.as_str(), "secrets", &[profile.as_str()])
}

pub(crate) fn secret(tenant: &TenantId, profile: &ProfileName, name: &SecretName) -> Key {
    Key::new(tenant.as_str(), "secrets", &[profile.as_str(), name.as_str()])
}

/// One row for each consent that is under way, found by what stands in its link.
pub(crate) fn hand_off(id: &str) -> Key {
    Key::new(SYSTEM, "hand-offs", &[id])
}

pub(crate) fn hand_offs_of(tenant: &TenantId) -> Prefix {
    Prefix::new(tenant.as_str(), "hand-offs", &[])
}

pub(crate) fn hand_off_of(tenant: &TenantId, id: &str) -> Key {
    Key::new(tenant.as_str(), "hand-offs", &[id])
}

pub(crate) fn token_lease(tenant: &TenantId, profile: &ProfileName) -> Key {
    Key::new(tenant.as_str(), "token-leases", &[profile.as_str()])
}

pub(crate) fn signers(tenant: &TenantId) -> Key {
    Key::new(tenant.as_str(), "policy", &["signers"])
}

pub(crate) fn data_key(tenant: &TenantId) -> Key {
    Key::new(tenant.as_str(), "data-key", &["current"])
}

/// Names the newest version of every secret of the tenant.
pub(crate) fn newest_secrets(tenant: &TenantId) -> Key {
    Key::new(tenant.as_str(), "newest-secrets", &["current"])
}

pub(crate) fn audit(chain: &Chain) -> Prefix {
    Prefix::new(place_of(chain), "audit", &[])
}

pub(crate) fn audit_entry(chain: &Chain, number: u64) -> Key {
    Key::new(place_of(chain), "audit", &[&sorted(number)])
}

/// The number of an audit entry's key.
pub(crate) fn audit_number(key: &[u8]) -> Option<u64> {
    let part = last_part(key)?;
    u64::from_str_radix(part, 16).ok().filter(|number| sorted(*number) == part)
}

pub(crate) fn audit_head(chain: &Chain) -> Key {
    Key::new(place_of(chain), "audit-head", &["current"])
}

fn place_of(chain: &Chain) -> &str {
    match chain {
        Chain::Tenant(tenant) => tenant.as_str(),
        Chain::Host => SYSTEM,
    }
}

/// What lies before 1970 sorts as its first moment: nothing waits for it.
fn sorted_time(at: Timestamp) -> String {
    sorted(u64::try_from(at.as_ms()).unwrap_or(0))
}

/// The time that such a text stands for.
pub(crate) fn time_of(sorted: &str) -> Option<Timestamp> {
    let ms = u64::from_str_radix(sorted, 16).ok()?;
    i64::try_from(ms).ok().map(Timestamp::from_ms)
}

/// A number as text that sorts like the number.
fn sorted(number: u64) -> String {
    format!("{number:016x}")
}

#[cfg(test)]
mod tests;
