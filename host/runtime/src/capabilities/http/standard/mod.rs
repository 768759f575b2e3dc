//! `wasi:http@0.2`, the outgoing side: for components that bring an HTTP client of their own.
//!
//! It is another way to write the request down, and no other way out: what the guest put together (`fields`, `request`,
//! `body`) becomes the same `http::Request` that our own interface takes, and `HttpState::begin` hands it to the same
//! judge and the same door. The answer is there as a whole, bounded, before the guest sees any of it (`response`).
//!
//! Whatever the host keeps for a guest is taken from one `room`, and gone with the call.

pub(crate) mod body;
mod error;
pub(crate) mod fields;
pub(crate) mod inert;
mod pending;
pub(crate) mod request;
pub(crate) mod response;
mod room;

use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::bindings::standard_http::{self, outgoing_handler};
use crate::failure::GuestBroke;
use crate::state::CallState;

pub(crate) use pending::{Pending, Returned, UnderWay, Wakes};
pub(crate) use room::{Held, Room};

use super::HttpState;
use body::OutgoingBody;
use fields::Fields;
use response::{IncomingBody, ResponseToCome};

/// The resources of the call and what sends.
pub(crate) struct StandardHttp<'a> {
    table: &'a mut ResourceTable,
    http: &'a mut HttpState,
}

struct Standard;

impl HasData for Standard {
    type Data<'a> = StandardHttp<'a>;
}

/// Adds both interfaces. Nothing that serves requests is there.
pub(crate) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    fn view(state: &mut CallState) -> StandardHttp<'_> {
        StandardHttp { table: state.wasi.table(), http: &mut state.http }
    }
    standard_http::add_to_linker::<CallState, Standard>(linker, view)?;
    outgoing_handler::add_to_linker::<CallState, Standard>(linker, view)
}

/// What there was room for.
fn kept<T>(held: Option<T>) -> wasmtime::Result<T> {
    held.ok_or_else(|| {
        GuestBroke("its requests and answers together are larger than its memory may be").into()
    })
}
