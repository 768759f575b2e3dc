//! Compilation of what a stranger wrote: where it happens, within which limits, and who waits for a turn.
//!
//! Compiling cannot be interrupted and can take as much time and memory as its input wants. So it belongs into a child
//! process (`worker` is the child, `child` its parent) that is killed at its limits: a compile bomb costs one upload.
//!
//! What the child is *not*: a wall against a broken compiler. It is our own program with the rights of this one, and
//! what it answers is run as machine code. It holds no secret, no environment, no file and no socket, and its input is
//! hostile; so what must be trusted is that Cranelift, which is memory-safe, translates hostile input correctly. The
//! same trust is needed without a child.

pub(crate) mod child;
pub(crate) mod turns;
pub(crate) mod worker;

use std::path::PathBuf;

/// Who compiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Compiler {
    /// A child: this same program, whose `main` begins with [`run_if_compile_worker`](crate::run_if_compile_worker).
    ThisProgram,
    /// A child: another program of the same build, whose `main` begins so.
    Program(PathBuf),
    /// A thread of this process. Nothing stops it: a compile bomb takes a processor until it is done, and as much
    /// memory as it wants. Only for components whose authors are trusted.
    #[default]
    InProcess,
}

/// Why there is no compiled component.
#[derive(Debug)]
pub(crate) enum Uncompiled {
    /// The component's own fault, said by the compiler.
    Failed(String),
    /// It reached this limit.
    Limit(String),
    /// Too many others wait.
    Busy,
    Host(String),
}
