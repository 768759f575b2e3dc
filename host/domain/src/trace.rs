//! Which trace a piece of work belongs to, as W3C Trace Context says it: read from outside, strictly, and written on.

use serde::{Deserialize, Serialize};

use crate::ids::CorrelationId;

/// What the specification asks every party to pass on at least.
const STATE_BYTES_MAX: usize = 512;
const PARENT_BYTES: usize = 55;

/// The work goes on under the caller's trace: its id is the correlation id of everything that follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub correlation: CorrelationId,
    pub state: Option<TraceState>,
}

/// What other tracing systems keep beside a trace. Passed on as it came, and never read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceState(String);

impl Trace {
    /// A trace of the caller's. Anything that is not exactly one begins a new trace instead: none.
    pub fn read(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let (version, rest) = traceparent.split_once('-')?;
        if !is_hex(version, 2) || version == "ff" {
            return None;
        }
        let mut parts = rest.splitn(4, '-');
        let (trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?);
        // Later versions may add parts, the first one has none.
        let ends = version != "00" || traceparent.len() == PARENT_BYTES;
        let is_one = is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
        if !ends || !is_one || is_zero(trace) || is_zero(parent) {
            return None;
        }
        let state = tracestate.and_then(|text| TraceState::try_from(text.to_owned()).ok());
        Some(Self { correlation: trace.parse().ok()?, state })
    }
}

impl TraceState {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TraceState {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if text.trim().is_empty() || text.len() > STATE_BYTES_MAX || !plain || !text.contains('=') {
            return Err("a tracestate is a list of key=value in at most 512 visible characters");
        }
        Ok(Self(text))
    }
}

impl From<TraceState> for String {
    fn from(state: TraceState) -> Self {
        state.0
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn a_trace_of_a_caller_is_continued_under_its_id() {
        let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
        let trace = Trace::read(&parent, Some("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")).unwrap();
        assert_eq!(trace.correlation.as_str(), TRACE);
        assert_eq!(trace.state.unwrap().as_str(), "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
        assert!(Trace::read(&format!("cc-{TRACE}-b7ad6b7169203331-01-what-comes"), None).is_some());
    }

    #[test]
    fn what_is_no_trace_begins_a_new_one() {
        for bad in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-b7ad6b7169203331"),
            format!("00-{TRACE}-b7ad6b7169203331-01-"),
            format!("00-{TRACE}-b7ad6b7169203331-01-x"),
            format!("00-{TRACE}-b7ad6b7169203331-0x"),
            format!("ff-{TRACE}-b7ad6b7169203331-01"),
            format!("0-{TRACE}-b7ad6b7169203331-01"),
            format!("00-{}-b7ad6b7169203331-01", TRACE.to_uppercase()),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE} -b7ad6b7169203331-01"),
            format!("00-{}-b7ad6b7169203331-01", "é".repeat(16)),
        ] {
            assert_eq!(Trace::read(&bad, None), None, "{bad}");
        }
    }

    #[test]
    fn a_state_that_is_too_long_or_none_is_dropped_and_the_trace_goes_on() {
        let parent = format!("00-{TRACE}-b7ad6b7169203331-00");
        let long = format!("a={}", "x".repeat(511));
        for bad in ["", "  ", "no list", "a=\u{7f}", "a=é", "a=1\r\nhost: x", long.as_str()] {
            assert_eq!(Trace::read(&parent, Some(bad)).unwrap().state, None, "{bad}");
        }
    }
}
