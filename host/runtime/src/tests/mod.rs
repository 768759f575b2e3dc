//! Tests of the room as a whole, on small components written as text.

mod admission;
mod cache;
mod calls;
mod guest;
mod limits;
mod mutants;
mod network;
mod rooms;
mod wasi;
