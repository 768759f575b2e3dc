//! A guest that looks for what is there besides its interfaces: environment, arguments, files.
#![allow(clippy::disallowed_methods, reason = "what a guest finds where it must find nothing is the point")]

use std::io;

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Input, Value, json};

struct Ambient;

impl Connector for Ambient {
    fn describe() -> Manifest {
        guests::manifest("ambient", &["look"])
    }

    fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.iter().map(|_| Ok(look())).collect()
    }
}

fn look() -> Value {
    let environment: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let arguments: Vec<String> = std::env::args().collect();
    json!({
        "environment": environment,
        "arguments": arguments,
        "read_root": outcome(std::fs::read_dir("/")),
        "read_passwd": outcome(std::fs::read("/etc/passwd")),
        "write_file": outcome(std::fs::write("/tmp/lockgate-was-here", "x")),
        "current_dir": outcome(std::fs::read_dir(".")),
    })
}

fn outcome<T>(result: io::Result<T>) -> &'static str {
    if result.is_ok() { "done" } else { "refused" }
}

lockgate_sdk::export!(Ambient);
