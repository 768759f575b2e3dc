//! Whether a request that came in was signed by somebody who knows the hook's secret, and whether it is fresh.
//!
//! Everything is judged over the bytes as they arrived, digests are compared in constant time, and every secret that is
//! good is tried. What failed is for the operator alone: the sender is told nothing.

mod generic;
mod github;
mod hubspot;
mod parts;
mod quickbooks;
mod scheme;
mod shopify;
mod slack;
mod standard;
mod stripe;

pub use parts::{Arrived, Refused, Signed, Verified};
pub use scheme::{kept_headers, secret_fits, sign, verify};

#[cfg(test)]
mod tests;
