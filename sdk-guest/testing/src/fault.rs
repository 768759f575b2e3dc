//! What can go wrong between a host and a vendor.

use serde::Deserialize;

/// A fault takes the place of the reply, or spoils it.
///
/// ```
/// use lockgate_testing::{Exchange, Fault, Received, Vendor};
///
/// let limited = Exchange::get("https://api.example.com/v1/orders").fails(Fault::RateLimited { retry_after_s: 2 });
/// let mut vendor = Vendor::new(vec![limited]);
/// let answer = vendor.answer(&Received::new("GET", "https://api.example.com/v1/orders"));
/// assert_eq!((answer.status, answer.header("retry-after")), (429, Some("2")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nobody listens: the connection is refused.
    Refused,
    /// Nobody answers: the connection is never there.
    Unreachable,
    /// The certificate is wrong.
    Tls,
    /// The connection ends after the request, without an answer.
    Reset,
    /// The answer never begins.
    SlowHead,
    /// The answer stops in the middle of its body and never goes on.
    SlowBody,
    /// The connection ends in the middle of the body.
    Truncated,
    /// The body is half of the JSON that it should be, and otherwise well.
    BrokenJson,
    /// The body is this large: the reply's, with spaces behind it.
    HugeBody {
        /// In bytes.
        bytes: usize,
    },
    /// 429 with `Retry-After`.
    RateLimited {
        /// In seconds.
        retry_after_s: u64,
    },
    /// A status of the server's own failure.
    ServerError {
        /// 500 to 599.
        #[serde(default = "unavailable")]
        status: u16,
    },
    /// 401 until a header has this value; the exchange is over when it has.
    ExpiredToken {
        /// The header, for instance `authorization`.
        header: String,
        /// Its value when all is well, for instance `Bearer fresh`.
        until: String,
    },
}

fn unavailable() -> u16 {
    503
}

impl Fault {
    /// Whether it happens before there is a request.
    pub fn is_of_connecting(&self) -> bool {
        matches!(self, Self::Refused | Self::Unreachable | Self::Tls)
    }

    /// What makes no sense, if anything.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match self {
            Self::ServerError { status } if !(500..600).contains(status) => {
                Some("the status of `server_error` is between 500 and 599")
            }
            Self::HugeBody { bytes } if *bytes > HUGE_BYTES_MAX => {
                Some("`huge_body` has at most 1 GiB; no host reads more")
            }
            _ => None,
        }
    }
}

const HUGE_BYTES_MAX: usize = 1 << 30;
