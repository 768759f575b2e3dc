//! Bodies of requests: bounded before they are parsed, strict when they are.

mod capped;
mod json;
mod strict;

pub(crate) use capped::{Bounds, essence, read};
pub use json::parse;
pub(crate) use json::{Json, expectation};
