//! One file for each WIT interface that is imported, under the interface's name. A capability sees its own state only.

pub(crate) mod http;
pub(crate) mod logging;
pub(crate) mod profile;
pub(crate) mod secrets;
