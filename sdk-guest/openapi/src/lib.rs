//! Writes a connector from an OpenAPI 3.0 or 3.1 document: what `lockgate new NAME --openapi SPEC` does.
//!
//! A document becomes a manifest that the host takes (hosts, ways to authenticate, scopes with their wire rules, one action
//! for each operation, a trigger for each list that has pages) and a table of operations with one small piece of Rust that
//! carries them all out. The document is foreign text: it is bounded before it is parsed, and nothing outside it is ever
//! fetched. What it says and a connector cannot do is not dropped in silence: it is in [`Project::notes`] and in the README
//! of the project.
//!
//! ```
//! let document = br#"{"openapi": "3.1.0", "info": {"title": "Weather", "version": "1"},
//!     "servers": [{"url": "https://api.weather.example/v1"}],
//!     "paths": {"/now/{city}": {"get": {"operationId": "getNow", "tags": ["now"],
//!         "parameters": [{"name": "city", "in": "path", "required": true, "schema": {"type": "string"}}],
//!         "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object"}}}}}}}}}"#;
//! let project = lockgate_openapi::generate("weather", document, &[])?;
//! assert_eq!(project.manifest.actions[0].name, "get_now");
//! assert_eq!(project.manifest.scopes[0].rules[0].path, "/v1/now/{city}");
//! # Ok::<(), lockgate_openapi::NotGenerated>(())
//! ```
#![warn(missing_docs)]

mod auth;
mod body;
mod config;
mod document;
mod fit;
mod names;
mod only;
mod operation;
mod pages;
mod parameters;
mod project;
mod schema;
mod scopes;
mod servers;
mod shape;
mod write;

pub use document::Document;
pub use project::{File, NotGenerated, Note, Project, generate};
