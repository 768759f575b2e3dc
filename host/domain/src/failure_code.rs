//! What went wrong on the wire, one code for each cause, with the coarse class and the words that a guest gets for it.

use serde::{Deserialize, Serialize};

use crate::exchange::SendFailureKind as Kind;

/// Stable: operators count these. A guest sees only `kind` and `message`, which are the same for a port that is closed
/// and one that is filtered, and for every reason not to trust a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The name does not exist.
    NameNotFound,
    /// The name servers failed, or gave an unusable answer.
    NameUnavailable,
    NameTimeout,
    ConnectFailed,
    /// Waiting for a connection of the tenant's share counts too.
    ConnectTimeout,
    /// Whatever was wrong with the certificate, its chain, its name, the version or the handshake.
    TlsFailed,
    TlsTimeout,
    /// The head of the answer was not complete in time.
    FirstByteTimeout,
    /// The body paused for too long.
    IdleTimeout,
    /// The time of the whole request was over.
    TotalTimeout,
    /// The call ended before the answer; what comes later is dropped.
    CallEnded,
    /// More decoded bytes than the call may take.
    TooLarge,
    /// So much out of so little that it can only be a bomb.
    TooDense,
    /// Not an HTTP/1.1 head.
    BadHead,
    HeadTooLarge,
    /// One interim (1xx) answer after the other.
    TooManyInterim,
    /// The remote changes the protocol (101).
    ProtocolSwitch,
    /// Two lengths, or a length and chunks.
    ConflictingFraming,
    /// A length or a transfer coding that is none, or chunks that are broken.
    BadFraming,
    /// The body ended before it was complete.
    CutShort,
    /// A content coding that the host did not ask for.
    UnknownEncoding,
    /// Not what the content coding promised.
    BadEncoding,
    /// A proxy or a captive portal answered (407, 511): nobody asked for one.
    ProxyAnswer,
    ConnectionLost,
    /// The provider gave no access token at this moment; nothing of the request was sent.
    TokenUnavailable,
    /// The request could not be written down.
    NotBuilt,
    #[default]
    Other,
}

impl FailureCode {
    /// The class that a guest learns.
    pub fn kind(self) -> Kind {
        match self {
            Self::NameNotFound | Self::NameUnavailable | Self::NameTimeout => Kind::Name,
            Self::ConnectFailed | Self::ConnectTimeout | Self::TokenUnavailable => Kind::Connect,
            Self::TlsFailed | Self::TlsTimeout => Kind::Tls,
            Self::FirstByteTimeout | Self::IdleTimeout | Self::TotalTimeout | Self::CallEnded => {
                Kind::Timeout
            }
            Self::TooLarge | Self::TooDense => Kind::TooLarge,
            Self::BadHead
            | Self::HeadTooLarge
            | Self::TooManyInterim
            | Self::ProtocolSwitch
            | Self::ConflictingFraming
            | Self::BadFraming
            | Self::CutShort
            | Self::UnknownEncoding
            | Self::BadEncoding
            | Self::ProxyAnswer => Kind::BadResponse,
            Self::ConnectionLost | Self::NotBuilt | Self::Other => Kind::Other,
        }
    }

    /// For people, guests included.
    pub fn message(self) -> &'static str {
        match self {
            Self::NameNotFound | Self::NameUnavailable | Self::NameTimeout => {
                "resolving the name of the remote failed; check the host's spelling"
            }
            Self::ConnectFailed | Self::ConnectTimeout => {
                "connecting to the remote failed; check host and port, then try again"
            }
            Self::TlsFailed | Self::TlsTimeout => {
                "no trusted TLS connection to the remote; check its certificate and port"
            }
            Self::FirstByteTimeout => "the remote took too long to answer",
            Self::IdleTimeout => "the remote paused for too long while it answered",
            Self::TotalTimeout => "the time of the request was over before the answer was complete",
            Self::CallEnded => "the call ended before the remote had answered",
            Self::TooLarge => "the answer is larger than the host allows; ask for less at once",
            Self::TooDense => "the answer decodes to far more than was sent; ask for it uncompressed",
            Self::BadHead => "the remote's answer is not usable: its head is not valid HTTP/1.1",
            Self::HeadTooLarge => "the remote's answer is not usable: its headers are too many or too large",
            Self::TooManyInterim => "the remote's answer is not usable: too many interim answers came first",
            Self::ProtocolSwitch => "the remote's answer is not usable: it changes the protocol",
            Self::ConflictingFraming => "the remote's answer is not usable: it states its length in two ways",
            Self::BadFraming => {
                "the remote's answer is not usable: its body is not framed as HTTP/1.1 demands"
            }
            Self::CutShort => "the remote's answer is not usable: it ended before it was complete",
            Self::UnknownEncoding => "the remote's answer is not usable: its content coding is not gzip",
            Self::BadEncoding => "the remote's answer is not usable: its gzip is broken or cut short",
            Self::ProxyAnswer => {
                "the remote's answer is not usable: a proxy or a portal answered in its place"
            }
            Self::ConnectionLost => "the connection was lost before the answer was complete",
            Self::TokenUnavailable => {
                "the provider gave no access token at this moment; nothing was sent, and it is tried again"
            }
            Self::NotBuilt => "the request could not be built; check its URL, its headers and the credential",
            Self::Other => "the exchange failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_a_closed_port_from_a_filtered_one_stays_in_the_log() {
        for (one, other) in [
            (FailureCode::ConnectFailed, FailureCode::ConnectTimeout),
            (FailureCode::NameNotFound, FailureCode::NameUnavailable),
            (FailureCode::NameNotFound, FailureCode::NameTimeout),
            (FailureCode::TlsFailed, FailureCode::TlsTimeout),
        ] {
            assert_eq!((one.kind(), one.message()), (other.kind(), other.message()), "{one:?} {other:?}");
        }
    }
}
