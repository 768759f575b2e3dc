//! Foreign JSON: what is accepted is JSON for everybody, within its bounds, and the same when it is written and read again.

use domain::json::{Bounds, depth, parse};
use serde_json::Value;

const BOUNDS: Bounds = Bounds { bytes: 4 << 10, depth: 16 };

pub(super) fn run(bytes: &[u8]) {
    match parse(bytes, BOUNDS) {
        Ok(value) => {
            assert!(bytes.len() <= BOUNDS.bytes && depth(&value) <= BOUNDS.depth);
            assert_eq!(serde_json::from_slice::<Value>(bytes).ok().as_ref(), Some(&value));
            let written = value.to_string();
            let wide = Bounds { bytes: usize::MAX, ..BOUNDS };
            assert_eq!(parse(written.as_bytes(), wide).as_ref(), Ok(&value), "{written}");
        }
        Err(error) => assert!(error.to_string().len() < 1_000, "{error}"),
    }
}
