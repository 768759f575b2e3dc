//! Tests of tokens against a scripted token endpoint on loopback, with a clock that the test turns.

mod bench;

mod consents;
mod grants;
mod renewals;
