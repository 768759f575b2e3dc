//! Turns a client's error into a coarse failure: a guest learns the class, nothing of the host's network.

use std::error::Error as StdError;
use std::io;

use domain::exchange::{SendFailure, SendFailureKind};

use crate::written::Written;

pub(crate) fn name() -> SendFailure {
    failure(
        SendFailureKind::Name,
        false,
        "resolving the name of the remote failed; check the host's spelling",
    )
}

pub(crate) fn busy() -> SendFailure {
    failure(
        SendFailureKind::Timeout,
        false,
        "waiting for a turn took longer than the request's time; send less at once",
    )
}

/// `doing` completes "the remote took too long to".
pub(crate) fn timeout(sent: bool, doing: &str) -> SendFailure {
    let message = format!("the remote took too long to {doing}");
    SendFailure { kind: SendFailureKind::Timeout, sent, message }
}

pub(crate) fn too_large(limit_bytes: usize) -> SendFailure {
    let message = format!("the response is larger than {limit_bytes} bytes; ask for less at once");
    SendFailure { kind: SendFailureKind::TooLarge, sent: true, message }
}

pub(crate) fn bad_response(what: &str) -> SendFailure {
    let message = format!("the remote's answer is not usable: {what}");
    SendFailure { kind: SendFailureKind::BadResponse, sent: true, message }
}

pub(crate) fn not_built(what: &str) -> SendFailure {
    let message = format!("the request could not be built: {what}");
    SendFailure { kind: SendFailureKind::Other, sent: false, message }
}

/// An error before the response's head was complete.
pub(crate) fn of_request(error: &reqwest::Error, written: &Written) -> SendFailure {
    tell_operator(error);
    if error.is_connect() {
        return of_connect(error);
    }
    let Some(cause) = find::<hyper::Error>(error) else { return lost(written.perhaps()) };
    // A cancelled request was handed back by a connection that never began it.
    let sent = written.perhaps() && !cause.is_canceled();
    if cause.is_parse() {
        bad_response("its head is not valid HTTP/1.1 or too large")
    } else if find::<rustls::Error>(error).is_some() {
        SendFailure { sent, ..tls() }
    } else {
        lost(sent)
    }
}

/// An error while the body arrived.
pub(crate) fn of_body(error: &reqwest::Error) -> SendFailure {
    tell_operator(error);
    match find::<hyper::Error>(error) {
        Some(cause) if cause.is_parse() => bad_response("its body is not framed as HTTP/1.1 demands"),
        _ if find::<io::Error>(error).is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionReset) => {
            lost(true)
        }
        _ => bad_response("it ended before it was complete"),
    }
}

fn of_connect(error: &reqwest::Error) -> SendFailure {
    if error.is_timeout() {
        timeout(false, "accept a connection")
    } else if find::<rustls::Error>(error).is_some() {
        tls()
    } else if error.is_dns() {
        name()
    } else {
        failure(
            SendFailureKind::Connect,
            false,
            "connecting to the remote failed; check host and port, then try again",
        )
    }
}

fn tls() -> SendFailure {
    failure(
        SendFailureKind::Tls,
        false,
        "no trusted TLS connection to the remote; check its certificate and port",
    )
}

fn lost(sent: bool) -> SendFailure {
    failure(SendFailureKind::Other, sent, "the connection was lost before the answer was complete")
}

fn failure(kind: SendFailureKind, sent: bool, message: &str) -> SendFailure {
    SendFailure { kind, sent, message: message.to_owned() }
}

/// The root cause is for the host's own log. The client's error itself is not: it shows the URL, and a credential may
/// be part of that.
fn tell_operator(error: &reqwest::Error) {
    let chain = std::iter::successors(error.source(), |error| (*error).source());
    if let Some(cause) = chain.filter(|error| !error.is::<reqwest::Error>()).last() {
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
