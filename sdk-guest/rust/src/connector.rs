//! A connector as a trait, and its export as a component.

use serde::de::DeserializeOwned;

use crate::http::too_large;
use crate::manifest::Manifest;
use crate::{Error, Value};

#[doc(hidden)]
pub mod adapter;

/// Talks to one system on behalf of one profile.
///
/// Every call gets fresh memory: what must survive it goes into the cursor of a [`Page`] or to the remote.
///
/// ```
/// use lockgate_sdk::manifest::{self, Category, Manifest};
/// use lockgate_sdk::{Connector, Error, Input, Value};
///
/// struct Echo;
///
/// impl Connector for Echo {
///     fn describe() -> Manifest {
///         manifest::new("echo", "0.1.0", "Echo", Category::Custom)
///     }
///
///     fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
///         inputs.into_iter().map(|input| Ok(input.body)).collect()
///     }
/// }
///
/// lockgate_sdk::export!(Echo);
/// # fn main() { assert!(Echo::poll("news", None).is_err()); }
/// ```
pub trait Connector {
    /// What the connector offers and asks for. Called once, at admission, with no capability at all.
    fn describe() -> Manifest;

    /// Verifies that the profile's target and credentials work. By default there is nothing to verify.
    fn check() -> Result<(), Error> {
        Ok(())
    }

    /// Runs one action on a batch: one result per input, in order. By default there are no actions.
    fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.iter().map(|_| Err(Error::unknown("action", action))).collect()
    }

    /// Reads one page of records. The cursor is the `next` of an earlier page. By default there are no triggers.
    fn poll(trigger: &str, cursor: Option<Value>) -> Result<Page, Error> {
        let _ = cursor;
        Err(Error::unknown("trigger", trigger))
    }

    /// Turns a webhook into records. The host has verified its signature over these bytes, and hands over each event once
    /// it is on the disk; `hook` is the name of the trigger. By default there are no hooks.
    ///
    /// An event may be handed over again, after a failure that may pass ([`Error::Transient`]) or after a crash: a record's
    /// `key` must follow from the event, so that it is the same then. What is no record for anybody is an empty list; what
    /// will never be readable is [`Error::Invalid`], and the event is kept as a dead letter.
    ///
    /// ```
    /// use lockgate_sdk::{Error, Inbound, Record, Value};
    ///
    /// fn receive(_hook: &str, event: Inbound) -> Result<Vec<Record>, Error> {
    ///     let body: Value = event.json()?;
    ///     let key = body["id"].as_str().ok_or_else(|| Error::invalid("the event has no id"))?.to_owned();
    ///     Ok(vec![Record { key, body }])
    /// }
    ///
    /// let event = Inbound { headers: Vec::new(), body: br#"{"id": "evt_1"}"#.to_vec() };
    /// assert_eq!(receive("events", event).unwrap()[0].key, "evt_1");
    /// ```
    fn receive(hook: &str, event: Inbound) -> Result<Vec<Record>, Error> {
        let _ = event;
        Err(Error::unknown("hook", hook))
    }
}

/// One input of an action.
///
/// ```
/// use lockgate_sdk::{Input, json};
///
/// let input = Input { key: "run-1/record-7".to_owned(), body: json!({"id": "7"}) };
/// assert_eq!(input.body["id"], "7");
/// ```
///
/// The body is JSON as it came, or what [`actions`](crate::actions) have read from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Input<T = Value> {
    /// The idempotency key: the same on every attempt at this input. At most 255 ASCII characters.
    pub key: String,
    /// Valid against the action's input schema.
    pub body: T,
}

/// One unit of data in a flow.
///
/// ```
/// use lockgate_sdk::{Record, json};
///
/// let record = Record { key: "contact/7".to_owned(), body: json!({"email": "ada@example.com"}) };
/// assert_eq!(record.key, "contact/7");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Identifies the record in its source: the same thing has the same key for ever.
    pub key: String,
    /// Valid against the trigger's record schema.
    pub body: Value,
}

/// One page of a poll.
///
/// ```
/// use lockgate_sdk::{Page, json};
///
/// let last = Page { records: Vec::new(), next: Some(json!({"after": "7"})), more: false };
/// assert!(!last.more);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The records, oldest first where the source has an order.
    pub records: Vec<Record>,
    /// Where the next poll continues; kept by the host, opaque to it. Absent: it keeps the old one.
    pub next: Option<Value>,
    /// Whether another page waits behind this one now.
    pub more: bool,
}

/// A header as it goes on the wire: values are bytes, and a name may appear more than once.
pub type Header = (String, Vec<u8>);

/// A webhook, as received; the host has verified its signature over these bytes.
///
/// ```
/// use lockgate_sdk::Inbound;
///
/// let event = Inbound { headers: Vec::new(), body: br#"{"type":"ping"}"#.to_vec() };
/// assert_eq!(event.body.len(), 15);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Those that say what the event is, with their names in lower case; never its signature.
    pub headers: Vec<Header>,
    /// As received.
    pub body: Vec<u8>,
}

impl Inbound {
    /// The body, read as JSON.
    ///
    /// ```
    /// use lockgate_sdk::{Inbound, Value};
    ///
    /// let event = Inbound { headers: Vec::new(), body: b"{}".to_vec() };
    /// assert!(event.json::<Value>().is_ok());
    /// ```
    ///
    /// A whole number that 64 bits cannot hold is refused, rather than read as one near it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if let Some(number) = too_large(&self.body) {
            return Err(Error::invalid(format!("the event has a number beyond 64 bits ({number})")));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::invalid(format!("the event is not the JSON that was expected: {error}")))
    }

    /// The first header of this name, in lower case, if it is text.
    ///
    /// ```
    /// use lockgate_sdk::Inbound;
    ///
    /// let headers = vec![("x-github-event".to_owned(), b"push".to_vec())];
    /// let event = Inbound { headers, body: Vec::new() };
    /// assert_eq!(event.header("x-github-event"), Some("push"));
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(other, _)| other == name)?;
        std::str::from_utf8(value).ok()
    }
}

/// Exports a type that implements [`Connector`] as this component's connector.
///
/// On native targets it only checks that the type does implement it.
///
/// ```
/// use lockgate_sdk::Connector;
/// use lockgate_sdk::manifest::{self, Category, Manifest};
///
/// struct Nothing;
///
/// impl Connector for Nothing {
///     fn describe() -> Manifest {
///         manifest::new("nothing", "0.1.0", "Nothing", Category::Custom)
///     }
/// }
///
/// lockgate_sdk::export!(Nothing);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($connector:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            impl $crate::bindings::connector::exports::lockgate::connector::connector::Guest for Component {
                fn describe() -> ::std::string::String {
                    $crate::connector_adapter::describe::<$connector>()
                }

                fn check() -> ::core::result::Result<(), $crate::connector_adapter::wire::Error> {
                    $crate::connector_adapter::check::<$connector>()
                }

                fn run(
                    action: ::std::string::String,
                    inputs: ::std::vec::Vec<$crate::connector_adapter::wire::Input>,
                ) -> ::std::vec::Vec<
                    ::core::result::Result<::std::string::String, $crate::connector_adapter::wire::Error>,
                > {
                    $crate::connector_adapter::run::<$connector>(&action, inputs)
                }

                fn poll(
                    trigger: ::std::string::String,
                    cursor: ::core::option::Option<::std::string::String>,
                ) -> ::core::result::Result<
                    $crate::connector_adapter::wire::Page,
                    $crate::connector_adapter::wire::Error,
                > {
                    $crate::connector_adapter::poll::<$connector>(&trigger, cursor)
                }

                fn receive(
                    hook: ::std::string::String,
                    event: $crate::connector_adapter::wire::Inbound,
                ) -> ::core::result::Result<
                    $crate::connector_adapter::wire::Received,
                    $crate::connector_adapter::wire::Error,
                > {
                    $crate::connector_adapter::receive::<$connector>(&hook, event)
                }
            }

            $crate::bindings::connector::export_connector!(
                Component with_types_in $crate::bindings::connector
            );
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = $crate::connector_adapter::is_connector::<$connector>;
    };
}
