//! Takes out of a recording whatever could be a secret, so that it can still be played.
//!
//! A credential is never here: the host adds it behind the guest's back and masks its echoes before the guest reads an
//! answer. What is left are values that a name says are sensitive, and authentication codes, from which a weak secret
//! could be guessed. What came from outside under such a name is replaced by a stand-in of the same length, wherever it
//! stands in the recording, so that a connector that hands a token on still does. A code and a fingerprint are replaced
//! by a digest of what was asked: whoever plays the cassette computes the same. What the guest itself made under a
//! sensitive name is blanked.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256, Sha512};

use super::bytes::Bytes;
use super::compare::{blanked, blanked_outcome};
use super::host_call::{Answer, Asked, HostCall, HttpAnswer, HttpRequest, Mac};
use super::scan::{MASK, members};
use super::{Call, Cassette, Given, OneResult, Outcome};
use crate::call::GuestError;
use crate::egress::redact::is_sensitive;

/// A shorter value occurs by chance, and replacing it everywhere would shred the recording.
const EVERYWHERE_BYTES_MIN: usize = 6;
/// Values that are replaced everywhere. Further ones are replaced where they stand.
const VALUES_MAX: usize = 2_000;
const STAND_IN: &str = "masked";

/// What stands in for an authentication code: it depends on what was asked, and on no secret.
pub fn hmac_stand_in(secret: &str, algorithm: Mac, data: &[u8]) -> Vec<u8> {
    let asked = [b"lockgate cassette hmac\0", secret.as_bytes(), b"\0", data].concat();
    match algorithm {
        Mac::HmacSha256 => Sha256::digest(&asked).to_vec(),
        Mac::HmacSha512 => Sha512::digest(&asked).to_vec(),
    }
}

/// What stands in for the fingerprint of a secret.
pub fn fingerprint_stand_in(secret: &str) -> String {
    let digest = Sha256::digest([b"lockgate cassette fingerprint\0", secret.as_bytes()].concat());
    hex(digest.get(..8).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is replaced by what, wherever it stands.
#[derive(Default)]
pub(super) struct Masks {
    everywhere: BTreeMap<Vec<u8>, Vec<u8>>,
    stand_ins: BTreeMap<String, String>,
}

impl Masks {
    pub(super) fn redact(mut cassette: Cassette) -> Cassette {
        let mut masks = Self::default();
        masks.codes(&mut cassette.host_calls);
        masks.inbound(&mut cassette);
        if let Some(finder) = masks.finder() {
            let replacements: Vec<&[u8]> = masks.everywhere.values().map(Vec::as_slice).collect();
            Everywhere { finder, replacements }.of(&mut cassette);
        }
        for host_call in &mut cassette.host_calls {
            host_call.asked = blanked(&host_call.asked);
        }
        cassette.outcome = blanked_outcome(&cassette.outcome);
        cassette
    }

    fn finder(&self) -> Option<AhoCorasick> {
        let builder = &mut AhoCorasick::builder();
        let found = builder.match_kind(MatchKind::LeftmostLongest).build(self.everywhere.keys());
        found.ok().filter(|_| !self.everywhere.is_empty())
    }

    /// Authentication codes and fingerprints, in the forms in which a connector writes them.
    fn codes(&mut self, host_calls: &mut [HostCall]) {
        for HostCall { asked, answer } in host_calls {
            match (asked, answer) {
                (Asked::Hmac { secret, algorithm, data }, Answer::Bytes(code)) => {
                    let stand_in = hmac_stand_in(secret, *algorithm, &data.0);
                    self.add_forms(&code.0, &stand_in);
                    code.0 = stand_in;
                }
                (Asked::Fingerprint { secret }, Answer::Text(print)) => {
                    let stand_in = fingerprint_stand_in(secret);
                    self.add(print.as_bytes(), stand_in.as_bytes());
                    *print = stand_in;
                }
                _ => {}
            }
        }
    }

    fn add_forms(&mut self, code: &[u8], stand_in: &[u8]) {
        self.add(code, stand_in);
        let (code_hex, stand_in_hex) = (hex(code), hex(stand_in));
        self.add(code_hex.to_uppercase().as_bytes(), stand_in_hex.to_uppercase().as_bytes());
        self.add(code_hex.as_bytes(), stand_in_hex.as_bytes());
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            let (code, stand_in) = (engine.encode(code), engine.encode(stand_in));
            self.add(escaped(&code).as_bytes(), escaped(&stand_in).as_bytes());
            self.add(code.as_bytes(), stand_in.as_bytes());
        }
    }

    fn add(&mut self, value: &[u8], stand_in: &[u8]) {
        if value.len() >= EVERYWHERE_BYTES_MIN && value != stand_in && self.everywhere.len() < VALUES_MAX {
            self.everywhere.entry(value.to_vec()).or_insert_with(|| stand_in.to_vec());
        }
    }

    /// What the guest was given: the call itself and the answers of remotes.
    fn inbound(&mut self, cassette: &mut Cassette) {
        match &mut cassette.call {
            Call::Check => {}
            Call::Run { inputs, .. } => inputs.iter_mut().for_each(|input| self.text(&mut input.body)),
            Call::Poll { cursor, .. } => cursor.iter_mut().for_each(|cursor| self.text(cursor)),
            Call::Receive { headers, body, .. } => {
                self.headers(headers);
                self.bytes(body);
            }
        }
        for HostCall { answer, .. } in &mut cassette.host_calls {
            let Answer::Http(answers) = answer else { continue };
            for answer in answers {
                if let HttpAnswer::Response { headers, body, .. } = answer {
                    self.headers(headers);
                    self.bytes(body);
                }
            }
        }
    }

    fn headers(&mut self, headers: &mut [(String, Bytes)]) {
        for (_, value) in headers.iter_mut().filter(|(name, value)| is_sensitive(name) && !value.0.is_empty())
        {
            let stand_in = match value.as_text() {
                Some(text) => self.stand_in(text),
                None => MASK.to_owned(),
            };
            *value = Bytes(stand_in.into_bytes());
        }
    }

    fn bytes(&mut self, body: &mut Bytes) {
        if let Some(text) = body.as_text() {
            let mut text = text.to_owned();
            self.text(&mut text);
            *body = Bytes(text.into_bytes());
        }
    }

    fn text(&mut self, text: &mut String) {
        *text = members(text, &mut |literal| {
            let value = serde_json::from_str::<String>(&format!("\"{literal}\""));
            let stand_in = self.stand_in(value.as_deref().unwrap_or(literal));
            self.add(literal.as_bytes(), stand_in.as_bytes());
            stand_in
        });
    }

    /// The same stand-in for the same value, as long as the value where that is long enough.
    fn stand_in(&mut self, value: &str) -> String {
        if value == MASK {
            return MASK.to_owned();
        }
        if let Some(known) = self.stand_ins.get(value) {
            return known.clone();
        }
        let mut stand_in = format!("{STAND_IN}{:06}", self.stand_ins.len() + 1);
        while stand_in.len() < value.len() {
            stand_in.push('x');
        }
        self.stand_ins.insert(value.to_owned(), stand_in.clone());
        self.add(escaped(value).as_bytes(), stand_in.as_bytes());
        self.add(value.as_bytes(), stand_in.as_bytes());
        stand_in
    }
}

/// As in a query or a form.
fn escaped(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// Replaces in every part of a recording that may hold a value of the guest or of a remote.
struct Everywhere<'a> {
    finder: AhoCorasick,
    replacements: Vec<&'a [u8]>,
}

impl Everywhere<'_> {
    fn of(&self, cassette: &mut Cassette) {
        match &mut cassette.call {
            Call::Check => {}
            Call::Run { inputs, .. } => self.given(inputs),
            Call::Poll { cursor, .. } => cursor.iter_mut().for_each(|cursor| self.text(cursor)),
            Call::Receive { headers, body, .. } => {
                self.headers(headers);
                self.bytes(body);
            }
        }
        for HostCall { asked, answer } in &mut cassette.host_calls {
            self.asked(asked);
            self.answer(answer);
        }
        match &mut cassette.outcome {
            Outcome::Checked => {}
            Outcome::Results(results) => {
                for result in results {
                    match result {
                        OneResult::Output(text) => self.text(text),
                        OneResult::Error(error) => self.error(error),
                    }
                }
            }
            Outcome::Page { records, next, .. } => {
                self.given(records);
                next.iter_mut().for_each(|next| self.text(next));
            }
            Outcome::Records(records) => self.given(records),
            Outcome::Error(error) => self.error(error),
            Outcome::Failed(failure) => self.text(&mut failure.message),
        }
    }

    fn asked(&self, asked: &mut Asked) {
        match asked {
            Asked::Send(request) => self.request(request),
            Asked::SendAll(requests) => requests.iter_mut().for_each(|request| self.request(request)),
            Asked::Hmac { data, .. } => self.bytes(data),
            Asked::Log { message, fields, .. } => {
                self.text(message);
                fields.iter_mut().for_each(|(_, value)| self.text(value));
            }
            Asked::Stdio { text, .. } => self.bytes(text),
            Asked::OpenSecret { .. }
            | Asked::Fingerprint { .. }
            | Asked::Config
            | Asked::Scopes
            | Asked::WallClock
            | Asked::MonotonicClock
            | Asked::Random { .. } => {}
        }
    }

    fn answer(&self, answer: &mut Answer) {
        let Answer::Http(answers) = answer else { return };
        for answer in answers {
            match answer {
                HttpAnswer::Response { headers, body, .. } => {
                    self.headers(headers);
                    self.bytes(body);
                }
                HttpAnswer::Denied(denial) => {
                    self.text(&mut denial.reason);
                    self.text(&mut denial.remedy);
                }
                HttpAnswer::Failed { message, .. } => self.text(message),
            }
        }
    }

    fn request(&self, request: &mut HttpRequest) {
        self.text(&mut request.url);
        self.headers(&mut request.headers);
        self.bytes(&mut request.body);
    }

    fn given(&self, records: &mut [Given]) {
        for record in records {
            self.text(&mut record.key);
            self.text(&mut record.body);
        }
    }

    fn error(&self, error: &mut GuestError) {
        match error {
            GuestError::Invalid(text)
            | GuestError::AuthRequired(text)
            | GuestError::NotFound(text)
            | GuestError::Conflict(text)
            | GuestError::Transient(text)
            | GuestError::Ambiguous(text)
            | GuestError::Permanent(text) => self.text(text),
            GuestError::RateLimited { .. } => {}
            GuestError::Denied(denial) => {
                self.text(&mut denial.reason);
                self.text(&mut denial.remedy);
            }
        }
    }

    fn headers(&self, headers: &mut [(String, Bytes)]) {
        headers.iter_mut().for_each(|(_, value)| self.bytes(value));
    }

    fn bytes(&self, bytes: &mut Bytes) {
        if self.finder.is_match(&bytes.0) {
            bytes.0 = self.finder.replace_all_bytes(&bytes.0, &self.replacements);
        }
    }

    /// A value that is text stands in text between whole characters, and so does what replaces it.
    fn text(&self, text: &mut String) {
        if self.finder.is_match(text.as_bytes()) {
            let replaced = self.finder.replace_all_bytes(text.as_bytes(), &self.replacements);
            *text = String::from_utf8_lossy(&replaced).into_owned();
        }
    }
}
