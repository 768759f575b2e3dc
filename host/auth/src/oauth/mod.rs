//! OAuth 2 in the host: consent, tokens and their renewal. A connector sees none of it.
//!
//! `case` is one profile with all that its tokens need; `form` writes what the token endpoint is asked, `endpoint` asks
//! it through the one door to the network, `answer` reads what it says. `tokens` is what is sealed. `refresh` renews
//! one token at a time, however many want it (`lease`); `hand_off` and `connect` take a person to the provider's
//! consent and back; `revoke` gives tokens back.

mod answer;
mod authorize;
mod broker;
mod case;
mod connect;
mod endpoint;
mod error;
mod form;
mod hand_off;
mod jwt;
mod keep;
mod lease;
mod refresh;
mod refused;
mod revoke;
mod tokens;

pub use connect::{Callback, Connected};
pub use error::OauthError;
pub use hand_off::Opened;

pub(crate) use broker::{Broker, Reach};
pub(crate) use case::check_secret;
pub(crate) use refresh::Why;

pub use case::endpoints;

#[cfg(test)]
mod tests;
