//! The log of one call: what the guest says, bounded in lines and bytes, made inert, stamped by the host.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Clock;
use domain::call::{Level, Limits, LogLine};

use domain::text::inert;

use crate::deck::Deck;

const MESSAGE_BYTES_MAX: usize = 4_000;
const FIELDS_MAX: usize = 32;
const FIELD_NAME_BYTES_MAX: usize = 64;
const FIELD_VALUE_BYTES_MAX: usize = 1_000;
/// A line of standard output that is longer is split.
const STDIO_LINE_BYTES_MAX: usize = 4_000;

/// A handle to the log, so that standard output and the logging capability write into one.
#[derive(Clone)]
pub(crate) struct GuestLog {
    inner: Arc<Mutex<Inner>>,
    /// Everything that is said is recorded, also what the bounds drop.
    pub(crate) deck: Deck,
}

struct Inner {
    clock: Arc<dyn Clock>,
    lines: Vec<LogLine>,
    limit_lines: u32,
    limit_bytes: usize,
    bytes: usize,
    dropped: u64,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Where a guest that knows only files writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stdio {
    Out,
    Err,
}

impl GuestLog {
    pub(crate) fn new(clock: Arc<dyn Clock>, limits: &Limits, deck: Deck) -> Self {
        let inner = Inner {
            clock,
            lines: Vec::new(),
            limit_lines: limits.log_lines,
            limit_bytes: limits.log_bytes,
            bytes: 0,
            dropped: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)), deck }
    }

    // Held for one line, never across an await: a standard mutex is enough.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line. Fields stay the guest's own: they cannot take the place of what the host stamps.
    pub(crate) fn line(&self, level: Level, message: &str, fields: &[(String, String)]) {
        self.inner().line(level, message, fields);
    }

    /// Adds what was written to standard output or error, line by line.
    pub(crate) fn stdio(&self, stdio: Stdio, bytes: &[u8]) {
        self.inner().stdio(stdio, bytes);
    }

    /// Ends the log: unfinished lines count, and what was dropped is said.
    pub(crate) fn finish(&self) -> Vec<LogLine> {
        let mut inner = self.inner();
        for stdio in [Stdio::Out, Stdio::Err] {
            inner.end_stdio_line(stdio);
        }
        let (dropped, lines, bytes) = (inner.dropped, inner.limit_lines, inner.limit_bytes);
        if dropped > 0 {
            let message = format!("{dropped} lines dropped: a call may log {lines} lines and {bytes} bytes");
            let at = inner.clock.now();
            inner.lines.push(LogLine { at, level: Level::Warn, message, fields: Vec::new() });
        }
        std::mem::take(&mut inner.lines)
    }
}

impl Inner {
    fn line(&mut self, level: Level, message: &str, fields: &[(String, String)]) {
        if self.lines.len() >= self.limit_lines as usize || self.bytes >= self.limit_bytes {
            self.dropped += 1;
            return;
        }
        let message = inert(message, MESSAGE_BYTES_MAX);
        let fields: Vec<_> = fields
            .iter()
            .take(FIELDS_MAX)
            .map(|(name, value)| (inert(name, FIELD_NAME_BYTES_MAX), inert(value, FIELD_VALUE_BYTES_MAX)))
            .collect();
        let bytes =
            message.len() + fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        if self.bytes + bytes > self.limit_bytes {
            self.dropped += 1;
            return;
        }
        self.bytes += bytes;
        self.lines.push(LogLine { at: self.clock.now(), level, message, fields });
    }

    fn stdio(&mut self, stdio: Stdio, bytes: &[u8]) {
        let mut pieces = bytes.split(|&byte| byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let unfinished = self.unfinished(stdio);
            let room = STDIO_LINE_BYTES_MAX.saturating_sub(unfinished.len());
            unfinished.extend(piece.iter().take(room));
            if piece.len() > room {
                self.dropped += 1;
            }
            if pieces.peek().is_some() {
                self.end_stdio_line(stdio);
            }
        }
    }

    fn end_stdio_line(&mut self, stdio: Stdio) {
        let line = std::mem::take(self.unfinished(stdio));
        if line.is_empty() {
            return;
        }
        let level = if stdio == Stdio::Out { Level::Info } else { Level::Warn };
        self.line(level, &String::from_utf8_lossy(&line), &[]);
    }

    fn unfinished(&mut self, stdio: Stdio) -> &mut Vec<u8> {
        match stdio {
            Stdio::Out => &mut self.stdout,
            Stdio::Err => &mut self.stderr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> domain::Timestamp {
            domain::Timestamp::from_ms(0)
        }
    }

    fn log(lines: u32, bytes: usize) -> GuestLog {
        GuestLog::new(
            Arc::new(Still),
            &Limits { log_lines: lines, log_bytes: bytes, ..Limits::default() },
            Deck::Empty,
        )
    }

    #[test]
    fn what_exceeds_the_bounds_is_counted_in_one_last_line() {
        let log = log(2, 1_000);
        for _ in 0..5 {
            log.line(Level::Info, "hello", &[]);
        }
        let lines = log.finish();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[2].message, "3 lines dropped: a call may log 2 lines and 1000 bytes");
    }

    #[test]
    fn bytes_are_bounded_after_escaping() {
        let log = log(100, 20);
        log.line(Level::Info, "\0\0\0\0\0\0", &[]);
        log.line(Level::Info, "fits", &[]);
        let lines = log.finish();
        assert_eq!(lines[0].message, "fits");
        assert!(lines[1].message.starts_with("1 lines dropped"));
    }

    #[test]
    fn a_line_feed_in_a_message_does_not_start_another_line() {
        let log = log(10, 1_000);
        log.line(Level::Info, "a\n{\"level\":\"audit\"}", &[("tenant\u{1b}".to_owned(), "other".to_owned())]);
        let lines = log.finish();
        assert_eq!(lines[0].message, "a\\n{\"level\":\"audit\"}");
        assert_eq!(lines[0].fields, [("tenant\\u{1b}".to_owned(), "other".to_owned())]);
    }

    #[test]
    fn standard_output_becomes_lines_wherever_it_is_cut() {
        let log = log(10, 10_000);
        for piece in ["one\ntw", "o\n\nthr"] {
            log.stdio(Stdio::Out, piece.as_bytes());
        }
        log.stdio(Stdio::Err, b"oops\n");
        let lines: Vec<_> = log.finish().into_iter().map(|line| (line.level, line.message)).collect();
        assert_eq!(
            lines,
            [
                (Level::Info, "one".to_owned()),
                (Level::Info, "two".to_owned()),
                (Level::Warn, "oops".to_owned()),
                (Level::Info, "thr".to_owned()),
            ]
        );
    }
}
