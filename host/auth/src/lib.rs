//! Turns a sealed credential into an applied one: the only room that knows both what a profile holds and how it is sent.
//!
//! It must never log, return or format a secret, and never gives one to a host that it is not bound to.

mod api_key;
mod aws_sigv4;
mod basic;
mod bearer;
mod encoded;
mod filled;
mod mac;
mod oauth;
mod oauth1;
mod scheme;
mod signed_event;
mod vault;
pub mod webhook;

pub use oauth::{Callback, Connected, OauthError, Opened, endpoints};
pub use scheme::{
    Given, SECRET_BYTES_MIN, Scheme, SchemeError, VALUE_BYTES_MAX, check_credential, check_secret, scheme,
};
pub use signed_event::{new_signing_secret, seconds, sign_event};
pub use vault::Vault;
