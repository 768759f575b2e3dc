//! The connectors that ship with Lockgate, as components.

include!(concat!(env!("OUT_DIR"), "/components.rs"));
