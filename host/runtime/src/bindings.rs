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

pub(crate) use connector_world::ConnectorComponentPre as ConnectorPre;
pub(crate) use connector_world::lockgate::connector::{http, logging, profile, secrets, types};
pub(crate) use transformer_world::TransformerPre;

impl From<domain::Denial> for types::Denial {
    fn from(denial: domain::Denial) -> Self {
        Self { gate: denial.gate.as_str().to_owned(), reason: denial.reason, remedy: denial.remedy }
    }
}
