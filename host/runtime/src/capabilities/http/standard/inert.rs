//! The serving side of `wasi:http/types`: there because toolchains import it, and impossible to get hold of.

use wasmtime::component::Resource;

use super::{Fields, IncomingBody, OutgoingBody, StandardHttp};
use crate::bindings::standard_http::{
    ErrorCode, HostIncomingRequest, HostOutgoingResponse, HostResponseOutparam, Method, Scheme,
};
use crate::failure::GuestBroke;

/// A request to a guest, or its answer: no value of it exists.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within the crate")]
pub enum Nobody {}

const NOBODY: GuestBroke = GuestBroke("it served a request, and nobody sends it any");

fn nobody<T>() -> wasmtime::Result<T> {
    Err(NOBODY.into())
}

impl HostIncomingRequest for StandardHttp<'_> {
    fn method(&mut self, _: Resource<Nobody>) -> wasmtime::Result<Method> {
        nobody()
    }

    fn path_with_query(&mut self, _: Resource<Nobody>) -> wasmtime::Result<Option<String>> {
        nobody()
    }

    fn scheme(&mut self, _: Resource<Nobody>) -> wasmtime::Result<Option<Scheme>> {
        nobody()
    }

    fn authority(&mut self, _: Resource<Nobody>) -> wasmtime::Result<Option<String>> {
        nobody()
    }

    fn headers(&mut self, _: Resource<Nobody>) -> wasmtime::Result<Resource<Fields>> {
        nobody()
    }

    fn consume(&mut self, _: Resource<Nobody>) -> wasmtime::Result<Result<Resource<IncomingBody>, ()>> {
        nobody()
    }

    fn drop(&mut self, _: Resource<Nobody>) -> wasmtime::Result<()> {
        nobody()
    }
}

impl HostOutgoingResponse for StandardHttp<'_> {
    fn new(&mut self, _: Resource<Fields>) -> wasmtime::Result<Resource<Nobody>> {
        nobody()
    }

    fn status_code(&mut self, _: Resource<Nobody>) -> wasmtime::Result<u16> {
        nobody()
    }

    fn set_status_code(&mut self, _: Resource<Nobody>, _: u16) -> wasmtime::Result<Result<(), ()>> {
        nobody()
    }

    fn headers(&mut self, _: Resource<Nobody>) -> wasmtime::Result<Resource<Fields>> {
        nobody()
    }

    fn body(&mut self, _: Resource<Nobody>) -> wasmtime::Result<Result<Resource<OutgoingBody>, ()>> {
        nobody()
    }

    fn drop(&mut self, _: Resource<Nobody>) -> wasmtime::Result<()> {
        nobody()
    }
}

impl HostResponseOutparam for StandardHttp<'_> {
    fn set(&mut self, _: Resource<Nobody>, _: Result<Resource<Nobody>, ErrorCode>) -> wasmtime::Result<()> {
        nobody()
    }

    fn drop(&mut self, _: Resource<Nobody>) -> wasmtime::Result<()> {
        nobody()
    }
}
