//! The trace of a request that came in: W3C Trace Context, read strictly.

use crate::ids::CorrelationId;

/// The trace id of a `traceparent` header; none where it is not one, and then a new trace begins.
pub fn trace_of(header: &str) -> Option<CorrelationId> {
    let (version, rest) = header.split_once('-')?;
    let (trace, rest) = rest.split_once('-')?;
    let (parent, flags) = rest.split_once('-')?;
    let hex =
        |text: &str, len| text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    // A later version may have more behind the flags; this one has not.
    let flags = if version == "00" { flags } else { flags.split('-').next()? };
    let fits = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    if fits && !zero(trace) && !zero(parent) { trace.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_and_nothing_else_is() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let good = format!("00-{trace}-b7ad6b7169203331-01");
        assert_eq!(trace_of(&good).unwrap().as_str(), trace);
        assert!(trace_of(&format!("01-{trace}-b7ad6b7169203331-01-more")).is_some());
        for bad in [
            "",
            trace,
            &format!("ff-{trace}-b7ad6b7169203331-01"),
            &format!("00-{trace}-b7ad6b7169203331-01-more"),
            &format!("00-{trace}-0000000000000000-01"),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            &format!("00-{trace}-b7ad6b7169203331"),
            &format!("00-{trace}é-b7ad6b716920333-01"),
        ] {
            assert!(trace_of(bad).is_none(), "{bad}");
        }
    }
}
