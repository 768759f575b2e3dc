//! What `lockgate new` writes: a project that builds and passes its own tests at once.
//!
//! - [`Language`]: what a connector can be written in.
//! - [`Project`]: what is asked for; [`Project::frame`] is everything around a connector (its manifest, the SDK),
//!   [`Project::example`] a small connector with its tests.
//! - [`write()`]: puts files into a folder, all of them or none.
//!
//! The templates are in `templates/<language>/{frame,example}`. In their paths `dot-` at the beginning of a name stands
//! for a dot and `.template` at its end for nothing, so that no tool takes them for files of this repository. In their
//! text `@name@`, `@module@` (the name with `_` for `-`), `@title@` and `@sdk@` (where the SDK is) are replaced.
#![warn(missing_docs)]

mod language;
mod project;
mod write;

mod embedded {
    //! The files that the build script found, with their bytes.
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

pub use language::{Language, UnknownLanguage};
pub use project::{BadName, File, Project, Sdk};
pub use write::{NotWritten, write};
