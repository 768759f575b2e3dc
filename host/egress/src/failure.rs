//! Turns the errors of a connection into coarse failures: a guest learns the class, nothing of the host's network.

use std::error::Error as StdError;
use std::io;

use domain::FailureCode;
use domain::exchange::SendFailure;
use tokio::time::Instant;

use crate::written::Written;

/// Before anything was sent.
pub(crate) fn unsent(code: FailureCode) -> SendFailure {
    SendFailure::new(code, false)
}

/// After the head of the request may have reached the remote.
pub(crate) fn sent(code: FailureCode) -> SendFailure {
    SendFailure::new(code, true)
}

/// A step was not done in time: the step's own, or the whole request's.
pub(crate) fn late(step: FailureCode, until: Instant, deadline: Instant, sent: bool) -> SendFailure {
    SendFailure::new(if until >= deadline { FailureCode::TotalTimeout } else { step }, sent)
}

pub(crate) fn of_connect(error: &io::Error) -> SendFailure {
    tell_operator(error);
    unsent(FailureCode::ConnectFailed)
}

/// Nothing of a request is written before the handshake is over.
pub(crate) fn of_tls(error: &io::Error) -> SendFailure {
    tell_operator(error);
    unsent(FailureCode::TlsFailed)
}

/// An error before the response's head was complete.
pub(crate) fn of_request(error: &hyper::Error, written: &Written) -> SendFailure {
    tell_operator(error);
    // A cancelled request was handed back by a connection that never began it.
    let sent = written.perhaps() && !error.is_canceled();
    let code = if error.is_parse_too_large() {
        FailureCode::HeadTooLarge
    } else if error.is_parse() {
        FailureCode::BadHead
    } else if find::<rustls::Error>(error).is_some() {
        FailureCode::TlsFailed
    } else if find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
        FailureCode::FirstByteTimeout
    } else {
        FailureCode::ConnectionLost
    };
    SendFailure::new(code, sent)
}

/// An error while the body arrived.
pub(crate) fn of_body(error: &hyper::Error) -> SendFailure {
    tell_operator(error);
    let io = find::<io::Error>(error).map(io::Error::kind);
    sent(match io {
        _ if error.is_parse() => FailureCode::BadFraming,
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            // A record that does not decrypt is the connection's fault, a chunk that is none is the remote's.
            if find::<rustls::Error>(error).is_some() {
                FailureCode::ConnectionLost
            } else {
                FailureCode::BadFraming
            }
        }
        Some(io::ErrorKind::TimedOut) => FailureCode::IdleTimeout,
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted) => {
            FailureCode::ConnectionLost
        }
        _ => FailureCode::CutShort,
    })
}

/// The root cause is for the host's own log.
fn tell_operator(error: &(dyn StdError + 'static)) {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    if let Some(cause) = chain.last() {
        tracing::debug!(%cause, "an exchange failed");
    }
}

/// The first error of one type in a chain. An `io::Error` hides what it wraps from `source`, so it is opened.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_found_behind_io_errors() {
        let inner = io::Error::other(rustls::Error::DecryptError);
        let outer = io::Error::other(inner);
        assert!(find::<rustls::Error>(&outer).is_some());
        assert!(find::<hyper::Error>(&outer).is_none());
    }
}
