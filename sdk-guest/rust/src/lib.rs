//! Write a Lockgate connector in Rust.
//!
//! A connector is a type that implements [`Connector`] and one line, [`export!`]. It says what it can do and what it
//! asks for in its [`Manifest`](manifest::Manifest); it reaches the outside only through the modules here, one for each
//! interface of the contract: [`http`], [`secrets`], [`logging`] and [`profile`]. The host adds credentials to requests
//! after they have left the connector, so none ever appears here.
//!
//! ```
//! use lockgate_sdk::manifest::{self, Action, Category, Effect, Manifest};
//! use lockgate_sdk::{Connector, Error, Input, Value, http, json};
//!
//! struct Weather;
//!
//! impl Connector for Weather {
//!     fn describe() -> Manifest {
//!         Manifest {
//!             hosts: vec!["https://api.weather.example".to_owned()],
//!             scopes: vec![manifest::scope("now:read", "Read the weather", &[("GET", "/now")])],
//!             actions: vec![Action {
//!                 scopes: vec!["now:read".to_owned()],
//!                 input: json!({"type": "object", "required": ["city"]}),
//!                 ..manifest::action("now", "The weather now", Effect::Read)
//!             }],
//!             ..manifest::new("weather", "0.1.0", "Weather", Category::Custom)
//!         }
//!     }
//!
//!     fn check() -> Result<(), Error> {
//!         http::Request::get("https://api.weather.example/now").send()?.error_for_status()?;
//!         Ok(())
//!     }
//!
//!     fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
//!         inputs
//!             .iter()
//!             .map(|input| {
//!                 let city = input.body["city"].as_str().ok_or_else(|| Error::invalid("no city"))?;
//!                 let now = http::Request::get("https://api.weather.example/now").query("city", city);
//!                 now.send()?.error_for_status()?.json()
//!             })
//!             .collect()
//!     }
//! }
//!
//! lockgate_sdk::export!(Weather);
//! # fn main() {}
//! ```
//!
//! The same crate compiles natively, where its tests put their own remote in place of the network with
//! [`http::with_transport`] and their own settings in place of a profile with [`profile::with_config`].
#![warn(missing_docs)]

pub mod actions;
pub mod batch;
#[doc(hidden)]
pub mod bindings;
mod connector;
mod error;
pub mod http;
pub mod logging;
pub mod manifest;
pub mod pages;
pub mod profile;
pub mod schema;
#[cfg(not(target_arch = "wasm32"))]
mod scoped;
pub mod secrets;
mod transform;

#[doc(hidden)]
pub use connector::adapter as connector_adapter;
pub use connector::{Connector, Header, Inbound, Input, Page, Record};
pub use error::{Denial, Error};
pub use transform::Transformer;
#[doc(hidden)]
pub use transform::adapter as transformer_adapter;

#[doc(no_inline)]
pub use serde_json::{Value, json};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
