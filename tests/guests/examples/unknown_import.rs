//! A guest that wants a socket of its own, which no interface offers.

use std::net::TcpStream;

use lockgate_sdk::manifest::Manifest;
use lockgate_sdk::{Connector, Error};

struct UnknownImport;

impl Connector for UnknownImport {
    fn describe() -> Manifest {
        guests::manifest("unknown-import", &[])
    }

    fn check() -> Result<(), Error> {
        let connected = TcpStream::connect("127.0.0.1:80");
        connected.map(|_| ()).map_err(|error| Error::permanent(error.to_string()))
    }
}

lockgate_sdk::export!(UnknownImport);
