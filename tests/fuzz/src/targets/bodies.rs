//! Bodies of the API: what is read is the same when it is written and read again, a refusal never repeats what was sent.

use serde::Serialize;
use serde::de::DeserializeOwned;
use server::dto::{NewFlow, NewProfile, NewToken, SecretValue};

/// Stands in the seeds where a person would put a secret.
const CANARY: &str = "canary";

pub(super) fn run(bytes: &[u8]) {
    read::<NewFlow>(bytes);
    read::<NewProfile>(bytes);
    read::<NewToken>(bytes);
    read::<SecretValue>(bytes);
}

fn read<T: DeserializeOwned + Serialize>(bytes: &[u8]) {
    match server::read_body::<T>(bytes) {
        Ok(body) => {
            let written = serde_json::to_vec(&body).expect("a body is JSON");
            let again = server::read_body::<T>(&written).map(|again| serde_json::to_vec(&again).ok());
            assert_eq!(again.ok().flatten(), Some(written));
        }
        Err(problem) => {
            let said = serde_json::to_string(&problem).expect("a problem is JSON");
            assert!(!said.contains(CANARY) && said.len() < 4_000, "{said}");
        }
    }
}
