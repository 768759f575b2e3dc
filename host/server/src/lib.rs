//! The HTTP API of a host: `/v1` for tenants and operators, an OpenAPI document, and one shape for every error.
//!
//! A request passes, in this order: the guard (time and panics), the door (who speaks, and may they), the extractors
//! (bounded, strict), and one verb of `lockgate::Tenant` or `lockgate::Host`. The tenant comes from the token; no
//! route has a parameter for it.

mod api;
mod app;
mod body;
mod caller;
pub mod dto;
mod guard;
mod linger;
mod options;
mod path;
mod problem;
mod query;
mod router;
mod serve;
mod uploads;

pub use options::Options;
pub use problem::Problem;
pub use router::{Access, Route, openapi, router, routes};
pub use serve::serve;
