//! What the manifest says of an action, besides what follows from its types.

use crate::Value;
use crate::manifest::{self, Action, Effect, Example, Idempotency};

/// An action as it is offered, put together step by step.
///
/// ```
/// use lockgate_sdk::actions::write;
/// use lockgate_sdk::manifest::{Action, Effect};
///
/// let offer = write("place_order", "Order a book").scope("orders:write").idempotency_header("Idempotency-Key");
/// let action = Action::from(offer);
/// assert_eq!((action.effect, action.scopes.len()), (Effect::Write, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Offer(Action);

/// An action that only reads.
///
/// ```
/// # use lockgate_sdk::actions::read;
/// let offer = read("get_book", "Read one book").scope("books:read");
/// ```
pub fn read(name: &str, title: &str) -> Offer {
    Offer(manifest::action(name, title, Effect::Read))
}

/// An action that changes something.
///
/// ```
/// # use lockgate_sdk::actions::write;
/// let offer = write("place_order", "Order a book").scope("orders:write");
/// ```
pub fn write(name: &str, title: &str) -> Offer {
    Offer(manifest::action(name, title, Effect::Write))
}

impl Offer {
    /// It needs this scope; may be said for several.
    ///
    /// ```
    /// # use lockgate_sdk::actions::read;
    /// let offer = read("get_order", "Read an order").scope("orders:read").scope("books:read");
    /// ```
    #[must_use]
    pub fn scope(mut self, name: &str) -> Self {
        self.0.scopes.push(name.to_owned());
        self
    }

    /// The remote recognises a repeated attempt by this header. The action's requests carry the input's key there:
    /// [`Request::idempotency_key`](crate::http::Request::idempotency_key).
    ///
    /// ```
    /// # use lockgate_sdk::actions::write;
    /// let offer = write("place_order", "Order a book").idempotency_header("Idempotency-Key");
    /// ```
    #[must_use]
    pub fn idempotency_header(mut self, name: &str) -> Self {
        self.0.idempotency = Some(Idempotency::in_header(name));
        self
    }

    /// The same by a query parameter.
    ///
    /// ```
    /// # use lockgate_sdk::actions::write;
    /// let offer = write("send_invoice", "Send an invoice").idempotency_query("requestid");
    /// ```
    #[must_use]
    pub fn idempotency_query(mut self, name: &str) -> Self {
        self.0.idempotency = Some(Idempotency::in_query(name));
        self
    }

    /// An input with an output that it may give. Both have to fit their schemas.
    ///
    /// ```
    /// # use lockgate_sdk::{actions::read, json};
    /// let offer = read("get_book", "Read one book").example(json!({"id": "1"}), json!({"id": "1", "title": "Emma"}));
    /// ```
    #[must_use]
    pub fn example(mut self, input: Value, output: Value) -> Self {
        self.0.examples.push(Example { input, output });
        self
    }
}

impl From<Offer> for Action {
    fn from(Offer(action): Offer) -> Self {
        action
    }
}
