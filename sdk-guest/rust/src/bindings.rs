//! What `wit-bindgen` generates from `wit/v0`, and the only place where it is called.
//!
//! Both worlds are generated, and neither is exported by being here: each export macro carries the description of its
//! own world into the guest that calls it, and imports that a guest does not use are dropped by the linker.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "generated code"
)]

pub mod connector {
    wit_bindgen::generate!({
        path: "../../wit/v0",
        world: "connector-component",
        pub_export_macro: true,
        export_macro_name: "export_connector",
        generate_all,
    });
}

pub mod transformer {
    wit_bindgen::generate!({
        path: "../../wit/v0",
        world: "transformer",
        pub_export_macro: true,
        export_macro_name: "export_transformer",
        with: {
            "lockgate:connector/types@0.1.0": crate::bindings::connector::lockgate::connector::types,
            "lockgate:connector/logging@0.1.0": crate::bindings::connector::lockgate::connector::logging,
        },
    });
}
