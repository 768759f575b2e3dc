//! HTTP to the hosts that the profile was granted. Credentials are added by the host, after its gates.
//!
//! Natively there is no network: a test puts its own remote in its place with [`with_transport`].

mod exact;
mod failure;
mod link;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod request;
mod response;
#[cfg(target_arch = "wasm32")]
mod wire;

pub(crate) use exact::too_large;
pub use failure::{Failure, FailureKind, SendError};
#[cfg(not(target_arch = "wasm32"))]
pub use native::{Sent, with_transport};
pub use request::Request;
pub use response::Response;

#[cfg(not(target_arch = "wasm32"))]
use native as import;
#[cfg(target_arch = "wasm32")]
use wire as import;

use crate::Error;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 3986 calls unreserved is left as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Sends all requests concurrently; one result per request, in order.
///
/// ```
/// use lockgate_sdk::http::{self, Request, Response};
///
/// let answers = http::with_transport(
///     |sent| Ok(Response::new(200).with_body(sent.path())),
///     || http::send_all(vec![Request::get("https://a.example/1"), Request::get("https://a.example/2")]),
/// );
/// let bodies: Vec<_> = answers.into_iter().flatten().map(|answer| answer.body).collect();
/// assert_eq!(bodies, [b"/1", b"/2"]);
/// ```
pub fn send_all(requests: Vec<Request>) -> Vec<Result<Response, SendError>> {
    let repeatable: Vec<bool> = requests.iter().map(Request::is_repeatable).collect();
    let results = import::send_all(requests.into_iter().map(Request::into_parts).collect());
    results.into_iter().zip(repeatable).map(|(result, repeatable)| settle(result, repeatable)).collect()
}

/// Sends, concurrently, those requests that could be put together, and keeps every result in its place: one stage of a
/// batch whose inputs fail one by one.
///
/// ```
/// use lockgate_sdk::Error;
/// use lockgate_sdk::http::{self, Request, Response};
///
/// let batch = vec![Err(Error::invalid("no id")), Ok(Request::get("https://a.example/7"))];
/// let answers = http::with_transport(|_| Ok(Response::new(200)), || http::send_each(batch));
/// assert_eq!(answers.first(), Some(&Err(Error::invalid("no id"))));
/// assert!(matches!(answers.get(1), Some(Ok(answer)) if answer.status == 200));
/// ```
pub fn send_each(requests: Vec<Result<Request, Error>>) -> Vec<Result<Response, Error>> {
    let places: Vec<Result<(), Error>> =
        requests.iter().map(|request| request.as_ref().map(|_| ()).map_err(Error::clone)).collect();
    let mut answers = send_all(requests.into_iter().flatten().collect()).into_iter();
    let answer = |place: Result<(), Error>| {
        place?;
        match answers.next() {
            Some(answer) => answer.map_err(Error::from),
            None => Err(Error::transient("the host gave no answer to a request")),
        }
    };
    places.into_iter().map(answer).collect()
}

fn send(request: Request) -> Result<Response, SendError> {
    let repeatable = request.is_repeatable();
    settle(import::send(request.into_parts()), repeatable)
}

/// Lets an outcome remember whether its request may be repeated, which decides the class of an error.
fn settle(result: Result<Response, SendError>, repeatable: bool) -> Result<Response, SendError> {
    match result {
        Ok(response) => Ok(response.settled(repeatable)),
        Err(SendError::Failed(failure)) => Err(SendError::Failed(failure.settled(repeatable))),
        Err(denied) => Err(denied),
    }
}

/// One segment of a path, percent-encoded. What would change the path is invalid: nothing, `.` and `..`.
///
/// ```
/// use lockgate_sdk::http::segment;
///
/// assert_eq!(segment("in/42 ü").as_deref(), Ok("in%2F42%20%C3%BC"));
/// assert!(segment("..").is_err());
/// ```
pub fn segment(value: &str) -> Result<String, Error> {
    match value {
        "" | "." | ".." => Err(Error::invalid(format!("{value:?} cannot be part of a path"))),
        value => Ok(utf8_percent_encode(value, SEGMENT).to_string()),
    }
}

/// A request as it goes over the boundary.
struct Parts {
    method: String,
    url: String,
    headers: Vec<crate::Header>,
    body: Vec<u8>,
    timeout_ms: Option<u32>,
}

#[cfg(test)]
mod tests;
