//! OAuth 2 as far as it can be decided without a network: URLs, texts, scopes, lives of tokens, and the rows of both.

mod endpoint;
mod hand_off;
mod lease;
mod life;
mod pattern;
mod text;
mod wanted;

pub use endpoint::{Endpoint, EndpointError, split};
pub use hand_off::{HAND_OFF_MS, HAND_OFFS_MAX, HandOff};
pub use lease::{LEASE_MS, TokenLease};
pub use life::{ASSUMED_LIFETIME_MS, backoff_ms, is_due, is_idle, margin_ms};
pub use pattern::Pattern;
pub use text::{MissingText, fill, names};
pub use wanted::{covered, wanted};
