//! An identity provider whose refresh tokens rotate: each answer has a new pair, and the old pair is good until the new
//! one is used.
//!
//! Whoever uses a new pair before it is written down, and then forgets it, has nothing left that this provider takes.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::answer::Answer;
use crate::call::{Call, pairs};
use crate::faults::Faults;
use crate::front::{Front, Mishap, Vendor};
use crate::serve::Server;

const ACCESS: &str = "issued-access-";
const REFRESH: &str = "issued-refresh-";
const LIFETIME_S: u64 = 3_600;

/// What it has given out and what came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Pairs are numbered from 1; this is the last.
    pub issued: u64,
    /// The last pair of which either token has been used.
    pub used: u64,
    /// The pairs that are good.
    good: BTreeSet<u64>,
    /// Refresh tokens that came and were good no more.
    pub refused: u64,
    /// Access tokens that came although a later pair had been used.
    pub stale: u64,
}

impl Tokens {
    /// The number in a refresh token, if it would be taken now.
    pub fn takes(&self, refresh_token: &str) -> Option<u64> {
        number(refresh_token, REFRESH).filter(|number| self.good.contains(number))
    }

    fn issue(&mut self) -> Answer {
        self.issued += 1;
        self.good.insert(self.issued);
        let number = self.issued;
        let tokens = json!({
            "access_token": format!("{ACCESS}{number}"),
            "refresh_token": format!("{REFRESH}{number}"),
            "token_type": "Bearer",
            "expires_in": LIFETIME_S,
        });
        Answer::json(200, &tokens)
    }

    /// All older pairs end.
    fn note_use(&mut self, number: u64) {
        self.used = self.used.max(number);
        self.good = self.good.split_off(&number);
    }
}

fn number(token: &str, prefix: &str) -> Option<u64> {
    token.strip_prefix(prefix)?.parse().ok()
}

/// An identity provider on loopback, until it is dropped.
pub struct Issuer {
    front: Arc<Front<Desk>>,
    server: Server,
}

impl Issuer {
    /// One code, which is good as often as it comes: whoever was cut off consents again.
    pub const CODE: &str = "code-of-a-consent";
    pub const CLIENT: (&str, &str) = ("lockgate", "secret-of-the-client");

    pub async fn start() -> io::Result<Self> {
        let front = Front::new(Desk(Mutex::default()), Faults::none());
        let server = Server::start(0, Arc::clone(&front)).await?;
        Ok(Self { front, server })
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn tokens(&self) -> Tokens {
        self.front.vendor.tokens().clone()
    }
}

struct Desk(Mutex<Tokens>);

impl Desk {
    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn token(&self, call: &Call) -> Answer {
        let client = format!("{}:{}", Issuer::CLIENT.0, Issuer::CLIENT.1);
        let proof = call.authorization().filter(|(scheme, _)| scheme == "basic");
        if proof.is_none_or(|(_, value)| value != STANDARD.encode(client)) {
            return refusal(401, "invalid_client");
        }
        let form = pairs(call.bytes());
        let field =
            |name: &str| form.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let mut tokens = self.tokens();
        match field("grant_type") {
            Some("authorization_code") if field("code") == Some(Issuer::CODE) => tokens.issue(),
            Some("refresh_token") => match field("refresh_token").and_then(|token| tokens.takes(token)) {
                Some(number) => {
                    tokens.note_use(number);
                    tokens.issue()
                }
                None => {
                    tokens.refused += 1;
                    refusal(400, "invalid_grant")
                }
            },
            _ => refusal(400, "invalid_request"),
        }
    }

    fn me(&self, call: &Call) -> Answer {
        let token = call.authorization().and_then(|(_, token)| number(token, ACCESS));
        let mut tokens = self.tokens();
        match token.filter(|number| *number <= tokens.issued) {
            Some(number) if tokens.good.contains(&number) => {
                tokens.note_use(number);
                Answer::json(200, &json!({ "sub": "ada" }))
            }
            Some(_) => {
                tokens.stale += 1;
                refusal(401, "invalid_token")
            }
            None => refusal(401, "invalid_token"),
        }
    }
}

impl Vendor for Desk {
    async fn answer(&self, call: &Call, mishap: Mishap) -> Answer {
        mishap.pause().await;
        match (call.method.as_str(), call.path.as_str()) {
            ("POST", "/token") => self.token(call),
            ("GET", "/me") => self.me(call),
            _ => refusal(404, "not_found"),
        }
    }

    fn refuse(&self, _call: &Call, status: u16) -> Answer {
        refusal(status, "temporarily_unavailable")
    }
}

fn refusal(status: u16, code: &str) -> Answer {
    Answer::json(status, &json!({ "error": code }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_pair_is_good_until_a_new_one_is_used() {
        let mut tokens = Tokens::default();
        tokens.issue();
        tokens.issue();
        tokens.issue();
        let takes = |tokens: &Tokens, number: u64| tokens.takes(&format!("{REFRESH}{number}")).is_some();
        assert!((1..=3).all(|number| takes(&tokens, number)), "two answers were lost under way");
        tokens.note_use(2);
        assert!(!takes(&tokens, 1) && takes(&tokens, 2) && takes(&tokens, 3));
        tokens.note_use(3);
        assert!(!takes(&tokens, 2) && takes(&tokens, 3));
        assert_eq!((tokens.issued, tokens.used), (3, 3));
    }
}
