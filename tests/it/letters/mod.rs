//! The whole story of a record over the API: asked for once, found where it is, sent again, followed in the log.

mod bulk;
mod edited;
mod follow;
mod once;
mod records;
pub mod remote;
mod replayed;
mod traces;
pub mod world;
