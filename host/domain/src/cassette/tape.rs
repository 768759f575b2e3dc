//! What is being recorded: bounded, and raw until it becomes a cassette. It cannot be written anywhere as it is.

use std::fmt;

use super::host_call::{Answer, Asked, HostCall};
use super::mask::Masks;
use super::{Call, CallLimits, Cassette, Outcome, VERSION};
use crate::call::Limits;
use crate::connector::ConnectorRef;
use crate::ids::Digest;
use crate::injected::Timestamp;

/// What every host call weighs, whatever is in it.
const HOST_CALL_BYTES: usize = 64;

/// How much one recording may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub host_calls: usize,
    /// Bytes that cross the boundary, both ways, the call's own inputs and outputs not counted.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { host_calls: 10_000, bytes: 4 << 20 }
    }
}

/// A recording under way. Authentication codes stand in it as the guest got them, so it is mute.
pub struct Tape {
    bounds: Bounds,
    host_calls: Vec<HostCall>,
    bytes: usize,
    truncated: bool,
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape").field("host_calls", &self.host_calls.len()).finish_non_exhaustive()
    }
}

/// What a recording is of.
#[derive(Clone, Debug)]
pub struct About {
    pub recorded_at: Timestamp,
    pub connector: ConnectorRef,
    pub digest: Digest,
    pub config: String,
    pub scopes: Vec<String>,
    pub limits: Limits,
}

impl Tape {
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, host_calls: Vec::new(), bytes: 0, truncated: false }
    }

    /// Takes down a question; its place, where there was room. Until it is answered it says that the call was over first.
    pub fn ask(&mut self, asked: Asked) -> Option<usize> {
        let size = HOST_CALL_BYTES + asked.size();
        if self.host_calls.len() >= self.bounds.host_calls || !self.fits(size) {
            self.truncated = true;
            return None;
        }
        self.host_calls.push(HostCall { asked, answer: Answer::Ended });
        Some(self.host_calls.len() - 1)
    }

    pub fn answer(&mut self, place: Option<usize>, answer: Answer) {
        let size = answer.size();
        match place.and_then(|place| self.host_calls.get_mut(place)) {
            Some(host_call) if self.bytes.saturating_add(size) <= self.bounds.bytes => {
                self.bytes += size;
                host_call.answer = answer;
            }
            _ => self.truncated = true,
        }
    }

    /// Whether there is room. Once there was not, nothing more is taken down: a recording with holes misleads.
    fn fits(&mut self, size: usize) -> bool {
        let fits = !self.truncated && self.bytes.saturating_add(size) <= self.bounds.bytes;
        if fits {
            self.bytes += size;
        }
        fits
    }

    /// The recording, with everything replaced that could be a secret.
    pub fn finish(self, about: About, call: Call, outcome: Outcome) -> Cassette {
        let About { recorded_at, connector, digest, config, scopes, limits } = about;
        let raw = Cassette {
            cassette: VERSION,
            recorded_at,
            connector,
            digest,
            contract: wit::PACKAGE.to_owned(),
            call,
            config,
            scopes,
            limits: CallLimits::from(&limits),
            host_calls: self.host_calls,
            truncated: self.truncated,
            outcome,
        };
        Masks::redact(raw)
    }
}
