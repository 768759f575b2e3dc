//! Rust types of the WIT contract: the only place where they are generated.

/// The world of a connector.
#[allow(unreachable_pub, clippy::allow_attributes_without_reason, reason = "generated code")]
mod connector_world {
    wasmtime::component::bindgen!({
        path: "../../wit/v0",
        world: "connector-component",
        imports: {
            "lockgate:connector/http": async | trappable,
            "lockgate:connector/secrets": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        with: {
            "lockgate:connector/secrets.secret": crate::capabilities::secrets::OpenedSecret,
        },
    });
}

/// The world of a transform. What it shares with a connector is the same Rust type.
#[allow(unreachable_pub, clippy::allow_attributes_without_reason, reason = "generated code")]
mod transformer_world {
    wasmtime::component::bindgen!({
        path: "../../wit/v0",
        world: "transformer",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "lockgate:connector/types": crate::bindings::connector_world::lockgate::connector::types,
            "lockgate:connector/logging": crate::bindings::connector_world::lockgate::connector::logging,
        },
    });
}

/// The outgoing side of `wasi:http`. Its streams, errors and pollables are those of `wasi:io`, which is linked anyway.
#[allow(unreachable_pub, clippy::allow_attributes_without_reason, reason = "generated code")]
mod standard_world {
    wasmtime::component::bindgen!({
        path: "wasi-http.wit",
        world: "lockgate:standard/http-client",
        imports: {
            "wasi:http/outgoing-handler.handle": async | trappable,
            "wasi:http/types.[static]outgoing-body.finish": async | trappable,
            default: trappable,
        },
        with: {
            "wasi:io": wasmtime_wasi_io::bindings::wasi::io,
            "wasi:http/types.fields": crate::capabilities::http::standard::fields::Fields,
            "wasi:http/types.outgoing-request": crate::capabilities::http::standard::request::OutgoingRequest,
            "wasi:http/types.request-options": crate::capabilities::http::standard::request::TimeOuts,
            "wasi:http/types.outgoing-body": crate::capabilities::http::standard::body::OutgoingBody,
            "wasi:http/types.future-incoming-response": crate::capabilities::http::standard::response::ResponseToCome,
            "wasi:http/types.incoming-response": crate::capabilities::http::standard::response::IncomingResponse,
            "wasi:http/types.incoming-body": crate::capabilities::http::standard::response::IncomingBody,
            "wasi:http/types.future-trailers": crate::capabilities::http::standard::response::NoTrailers,
            "wasi:http/types.incoming-request": crate::capabilities::http::standard::inert::Nobody,
            "wasi:http/types.outgoing-response": crate::capabilities::http::standard::inert::Nobody,
            "wasi:http/types.response-outparam": crate::capabilities::http::standard::inert::Nobody,
        },
    });
}

pub(crate) mod standard_http {
    pub(crate) use super::standard_world::wasi::http::outgoing_handler;
    pub(crate) use super::standard_world::wasi::http::types::*;
}

pub(crate) use connector_world::ConnectorComponentPre as ConnectorPre;
pub(crate) use connector_world::lockgate::connector::{http, logging, profile, secrets, types};
pub(crate) use transformer_world::TransformerPre;

impl From<domain::Denial> for types::Denial {
    fn from(denial: domain::Denial) -> Self {
        Self { gate: denial.gate.as_str().to_owned(), reason: denial.reason, remedy: denial.remedy }
    }
}
