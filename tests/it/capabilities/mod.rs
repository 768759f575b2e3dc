//! What each capability does for a guest, and what it does not: one file an interface, of the same name.

mod http;
mod logging;
mod profile;
mod secrets;
mod standard_http;
mod together;
