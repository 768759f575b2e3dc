//! A guest that looks for what is there besides its interfaces: environment, arguments, files, sockets.
#![allow(clippy::disallowed_methods, reason = "what a guest finds where it must find nothing is the point")]
#![expect(clippy::indexing_slicing, reason = "an index into JSON gives null where there is nothing")]

use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error, Input, Value, json};

struct Ambient;

impl Connector for Ambient {
    fn describe() -> Manifest {
        guests::manifest("ambient", &["look"])
    }

    fn run(_action: &str, inputs: Vec<Input>) -> Vec<Result<Value, Error>> {
        inputs.iter().map(|input| Ok(look(input.body["address"].as_str().unwrap_or_default()))).collect()
    }
}

/// `address` is one where somebody listens.
fn look(address: &str) -> Value {
    let environment: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let arguments: Vec<String> = std::env::args().collect();
    json!({
        "environment": environment,
        "arguments": arguments,
        "read_root": outcome(std::fs::read_dir("/")),
        "read_passwd": outcome(std::fs::read("/etc/passwd")),
        "write_file": outcome(std::fs::write("/tmp/lockgate-was-here", "x")),
        "current_dir": outcome(std::fs::read_dir(".")),
        "connect": outcome(TcpStream::connect(address)),
        "listen": outcome(TcpListener::bind("127.0.0.1:0")),
        "datagram": outcome(UdpSocket::bind("0.0.0.0:0")),
        "look_up": outcome("localhost:80".to_socket_addrs()),
    })
}

fn outcome<T>(result: io::Result<T>) -> &'static str {
    if result.is_ok() { "done" } else { "refused" }
}

lockgate_sdk::export!(Ambient);
