//! The vendor in native unit tests of a connector in Rust, in place of the network.
//!
//! ```
//! use lockgate_sdk::http::Request;
//! use lockgate_testing::{Exchange, Fault, rust};
//!
//! let exchanges = vec![
//!     Exchange::get("https://api.example.com/v1/orders").query("limit", "2").fails(Fault::RateLimited { retry_after_s: 3 }),
//! ];
//! let (error, problems) = rust::on(exchanges, || {
//!     let answer = Request::get("https://api.example.com/v1/orders").query("limit", "2").send();
//!     answer.map_err(lockgate_sdk::Error::from).and_then(|answer| answer.error_for_status())
//! });
//! assert_eq!(error, Err(lockgate_sdk::Error::RateLimited(Some(3_000))));
//! assert!(problems.is_empty(), "{problems:?}");
//! ```

use std::cell::RefCell;
use std::rc::Rc;

use lockgate_sdk::http::{self, Failure, FailureKind, Response, SendError, Sent};

use crate::exchange::Exchange;
use crate::received::Received;
use crate::reply::{Answer, Ending};
use crate::vendor::{Problem, Unreachable, Vendor};

/// Runs `body` against a vendor that expects these exchanges, in any order, and gives its result with everything that did
/// not go as they say: `assert!(problems.is_empty(), "{problems:?}")`.
pub fn on<R>(exchanges: Vec<Exchange>, body: impl FnOnce() -> R) -> (R, Vec<Problem>) {
    let (result, vendor) = with(Vendor::new(exchanges), body);
    (result, vendor.problems())
}

/// Runs `body` against this vendor, and gives it back: with all that it received, and what was not expected.
///
/// ```
/// use lockgate_sdk::http::Request;
/// use lockgate_testing::{Exchange, Vendor, rust};
///
/// let vendor = Vendor::new(vec![Exchange::get("https://api.example.com/v1/me")]).in_order();
/// let (_, vendor) = rust::with(vendor, || Request::get("https://api.example.com/v1/me").send());
/// assert_eq!(vendor.requests().len(), 1);
/// ```
pub fn with<R>(vendor: Vendor, body: impl FnOnce() -> R) -> (R, Vendor) {
    let vendor = Rc::new(RefCell::new(vendor));
    let answering = Rc::clone(&vendor);
    let result = http::with_transport(move |sent| send(&mut answering.borrow_mut(), sent), body);
    let vendor = vendor.borrow().clone();
    (result, vendor)
}

fn send(vendor: &mut Vendor, sent: &Sent) -> Result<Response, SendError> {
    let request = Received {
        method: sent.method.clone(),
        url: sent.url.clone(),
        headers: sent.headers.clone(),
        body: sent.body.clone(),
    };
    let failed = |kind, sent, message: &str| Err(SendError::Failed(Failure::new(kind, sent, message)));
    match vendor.connect(request.origin()) {
        Ok(()) => {}
        Err(Unreachable::Refused) => {
            return failed(FailureKind::Connect, false, "the remote cannot be reached");
        }
        Err(Unreachable::TimedOut) => {
            return failed(FailureKind::Connect, false, "the remote cannot be reached");
        }
        Err(Unreachable::Tls) => {
            return failed(FailureKind::Tls, false, "no trusted connection to the remote");
        }
    }
    let Answer { status, headers, body, ending, .. } = vendor.answer(&request);
    match ending {
        Ending::Whole => {
            let response = Response::new(status).with_body(body);
            Ok(headers
                .iter()
                .fold(response, |response, (name, value)| response.with_header(name, value.as_str())))
        }
        Ending::Silent => failed(FailureKind::Timeout, true, "the remote took too long to answer"),
        Ending::Stalled(_) => {
            failed(FailureKind::Timeout, true, "the remote paused for too long while it answered")
        }
        Ending::Cut(_) => failed(FailureKind::BadResponse, true, "the answer was cut short"),
        Ending::Reset => failed(FailureKind::Other, true, "the connection was lost"),
    }
}
