//! A host that the command serves, until it is dropped.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::program::lockgate;

pub(crate) struct Host {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A host on a port of its own, which can be asked.
pub(crate) fn serve(data: &Path, words: &[&str]) -> Host {
    let mut child = lockgate()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(words)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let url = loop {
        let line = lines.next().expect("it serves before it ends").unwrap();
        if let Some((_, rest)) = line.split_once("serving ") {
            break rest.split_whitespace().next().unwrap().to_owned();
        }
    };
    // Whatever else it says must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Host { child, url }
}
