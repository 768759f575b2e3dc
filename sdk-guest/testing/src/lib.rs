//! Test a connector without its vendor: a remote that answers as it is told to, and tests in plain files.
//!
//! [`Vendor`] holds the [`Exchange`]s that a test expects, answers requests from them, and says afterwards what did not
//! fit: a request that nothing expected, with the nearest expectation and the difference, and expectations that nobody
//! met. The same vendor serves native unit tests in Rust (`rust::on`, with the feature `rust`) and
//! `lockgate test`, which runs test files ([`file::parse`]) against a component of any language in the real sandbox.
//!
//! ```
//! use lockgate_testing::{Exchange, Received, Vendor};
//!
//! let exchange = Exchange::get("https://api.example.com/v1/orders/7").replies(200).json(r#"{"id": 7}"#);
//! let mut vendor = Vendor::new(vec![exchange]);
//!
//! let answer = vendor.answer(&Received::new("GET", "https://api.example.com/v1/orders/7"));
//! assert_eq!(answer.status, 200);
//! assert!(vendor.problems().is_empty());
//! ```
//!
//! It opens no socket, waits for nothing and knows no clock: a time that passes is a number in the answer.
#![warn(missing_docs)]

pub mod compare;
mod exchange;
mod expected;
mod fault;
pub mod file;
mod list;
mod outcome;
mod received;
mod reply;
#[cfg(feature = "rust")]
pub mod rust;
mod vendor;

pub use exchange::{Exchange, Times};
pub use expected::Expected;
pub use fault::Fault;
pub use list::{By, List, Paging};
pub use outcome::{Ended, Expect, Expected as ExpectedResult, Failed, Outcome, Record};
pub use received::Received;
pub use reply::{Answer, Ending, Reply};
pub use vendor::{Problem, Unreachable, Vendor};
