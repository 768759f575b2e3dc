//! What a remote can do to the one who calls it: each misbehaviour ends in time, with one coarse code, and spoils nothing
//! for the next request, of this tenant or of another.

mod again;
mod answers;
mod certificates;
mod json;
mod names;
mod ports;
mod server;
mod shares;
mod wire;
mod world;
