//! Typed actions: a table of what a connector can do, with JSON Schemas that come from the types.
//!
//! The table fills the manifest and dispatches calls. What an action takes and gives are types; an input that does not
//! fit is refused in its place, with the field that is wrong, and the others go on.
//!
//! ```
//! # #[cfg(feature = "schemas")] {
//! use lockgate_sdk::actions::{Actions, each, exchange, read};
//! use lockgate_sdk::http::{Request, Response, segment};
//! use lockgate_sdk::manifest::{self, Category, Manifest};
//! use lockgate_sdk::{Connector, Error, Input, Value, json};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct GetBook {
//!     id: String,
//! }
//!
//! #[derive(Deserialize, Serialize, JsonSchema)]
//! struct Book {
//!     id: String,
//!     title: String,
//! }
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Greet {
//!     name: String,
//! }
//!
//! struct Library;
//!
//! fn actions() -> Actions {
//!     Actions::new()
//!         // One request for each input, all of them sent at once.
//!         .with(read("get_book", "Read one book").scope("books:read"), exchange(ask_for_book, read_book))
//!         // One input after the other.
//!         .with(read("greet", "Say hello"), each(|input: Input<Greet>| Ok(format!("Hello, {}!", input.body.name))))
//! }
//!
//! fn ask_for_book(input: &Input<GetBook>) -> Result<Request, Error> {
//!     Ok(Request::get(format!("https://api.library.example/books/{}", segment(&input.body.id)?)))
//! }
//!
//! fn read_book(_: &Input<GetBook>, answer: Response) -> Result<Book, Error> {
//!     answer.error_for_status()?.json()
//! }
//!
//! impl Connector for Library {
//!     fn describe() -> Manifest {
//!         Manifest {
//!             actions: actions().manifest(),
//!             ..manifest::new("library", "0.1.0", "Library", Category::Custom)
//!         }
//!     }
//!
//!     fn run(action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
//!         actions().run(action, inputs)
//!     }
//! }
//!
//! let input = Input { key: "1".to_owned(), body: json!({"name": "Ada"}) };
//! assert_eq!(Library::run("greet", vec![input]), [Ok(json!("Hello, Ada!"))]);
//! assert_eq!(Library::describe().actions[0].input["required"][0], "id");
//! # }
//! ```

mod body;
mod offer;

pub use body::{Body, batch, each, exchange};
pub use offer::{Offer, read, write};

use crate::manifest::Action;
use crate::{Error, Input, Value};

/// What a connector can do, by name.
///
/// ```
/// use lockgate_sdk::actions::{Actions, each, read};
/// use lockgate_sdk::{Error, Input, Value, json};
///
/// let actions = Actions::new().with(read("echo", "Give it back"), each(|input: Input<Value>| Ok(input.body)));
/// let input = Input { key: "1".to_owned(), body: json!(7) };
/// assert_eq!(actions.run("echo", vec![input.clone()]), [Ok(json!(7))]);
/// assert_eq!(actions.run("fly", vec![input]), [Err(Error::unknown("action", "fly"))]);
/// ```
#[derive(Debug, Default)]
pub struct Actions {
    table: Vec<(Action, Body)>,
}

impl Actions {
    /// None yet.
    ///
    /// ```
    /// # use lockgate_sdk::actions::Actions;
    /// assert!(Actions::new().manifest().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an action: what the manifest says of it, and what it does. An [`Action`] of the manifest will do as well as
    /// an [`Offer`]; its schemas are replaced by those of the body's types.
    ///
    /// ```
    /// # use lockgate_sdk::actions::{Actions, each, read};
    /// # use lockgate_sdk::{Input, Value};
    /// let actions = Actions::new().with(read("echo", "Give it back"), each(|input: Input<Value>| Ok(input.body)));
    /// assert_eq!(actions.manifest().len(), 1);
    /// ```
    #[must_use]
    pub fn with(mut self, offer: impl Into<Action>, body: Body) -> Self {
        self.table.push((offer.into(), body));
        self
    }

    /// The actions as they stand in a manifest, with the schemas of their types.
    ///
    /// ```
    /// # use lockgate_sdk::actions::{Actions, each, read};
    /// # use lockgate_sdk::{Input, Value};
    /// let actions = Actions::new().with(read("echo", "Give it back"), each(|input: Input<Value>| Ok(input.body)));
    /// assert_eq!(actions.manifest()[0].name, "echo");
    /// ```
    pub fn manifest(&self) -> Vec<Action> {
        let described = |(action, body): &(Action, Body)| {
            let (input, output) = body.schemas();
            Action { input, output, ..action.clone() }
        };
        self.table.iter().map(described).collect()
    }

    /// Runs one of them on a batch: one result per input, in order.
    ///
    /// ```
    /// # use lockgate_sdk::actions::Actions;
    /// assert!(Actions::new().run("anything", Vec::new()).is_empty());
    /// ```
    pub fn run(&self, action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        match self.table.iter().find(|(offered, _)| offered.name == action) {
            Some((_, body)) => body.run(inputs),
            None => inputs.iter().map(|_| Err(Error::unknown("action", action))).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
