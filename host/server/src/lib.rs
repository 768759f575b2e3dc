//! The HTTP API of a host: `/v1` for tenants and operators, an OpenAPI document, and one shape for every error.
//!
//! A request passes, in this order: the guard (time and panics), the front (is it meant for this host, and not sent by
//! a foreign page), the door (who speaks, may they, and not too often), the extractors (bounded, strict), and one verb
//! of `lockgate::Tenant` or `lockgate::Host`. The tenant comes from the token; no tenant's route has a parameter for it.

mod api;
mod app;
mod body;
mod caller;
pub mod dto;
mod follow;
mod front;
mod guard;
mod idempotency;
mod linger;
mod options;
mod pace;
mod pages;
mod path;
mod peer;
mod problem;
mod query;
mod router;
mod serve;
mod tls;

pub use body::parse as read_body;
pub use front::AllowedHosts;
pub use options::Options;
pub use problem::Problem;
pub use router::{Access, Route, openapi, router, routes};
pub use serve::{Serving, serve, serve_as};
pub use tls::{Tls, TlsError};
