//! Answers saved under the client's keys: the same request again gets the same answer and has no second effect.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::refusal::Refusal;
use crate::answer::Answer;

pub(super) const KEY_MAX: usize = 255;

/// Everything saved, and the keys whose first request is still being processed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Saved {
    answers: BTreeMap<String, SavedAnswer>,
    #[serde(skip)]
    in_progress: BTreeSet<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedAnswer {
    fingerprint: String,
    status: u16,
    body: String,
    request_id: String,
}

/// What a key means for the request that carries it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Replay(Answer),
}

impl Saved {
    /// Claims a key for a request. Every claim that is the first must end in [`Saved::save`].
    pub(super) fn claim(&mut self, key: &str, fingerprint: &str) -> Result<Turn, Refusal> {
        if let Some(saved) = self.answers.get(key) {
            if saved.fingerprint != fingerprint {
                let message = "this idempotency key was first used with another endpoint or other parameters";
                return Err(Refusal::with(400, "idempotency_error", message));
            }
            return Ok(Turn::Replay(saved.replay()));
        }
        if !self.in_progress.insert(key.to_owned()) {
            let message = "another request with this idempotency key is still being processed";
            return Err(Refusal::with(409, "idempotency_error", message).coded("idempotency_key_in_use"));
        }
        Ok(Turn::First)
    }

    pub(super) fn save(&mut self, key: &str, fingerprint: String, answer: &Answer, request_id: &str) {
        self.in_progress.remove(key);
        let saved = SavedAnswer {
            fingerprint,
            status: answer.status,
            body: answer.body.clone(),
            request_id: request_id.to_owned(),
        };
        self.answers.insert(key.to_owned(), saved);
    }
}

impl SavedAnswer {
    fn replay(&self) -> Answer {
        let answer =
            Answer { status: self.status, headers: Vec::new(), body: self.body.clone(), replayed: true };
        answer.with("Idempotent-Replayed", true).with("Original-Request", &self.request_id)
    }
}

/// What must be the same for a request to be the same: endpoint and parameters, in whatever order they came.
pub(super) fn fingerprint(path: &str, pairs: &[(String, String)]) -> String {
    let mut sorted = pairs.to_vec();
    sorted.sort();
    let params = form_urlencoded::Serializer::new(String::new()).extend_pairs(sorted).finish();
    format!("{path}?{params}")
}
