//! Two processes on one data folder: the second is refused by name and touches nothing; when the first has been killed,
//! the next one serves.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that starts and kills processes, and ends at the first surprise"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn lockgate(words: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    command.env_remove("LOCKGATE_KEY").args(words).arg("--data").arg(data).stdin(Stdio::null());
    command
}

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// A host that says that it serves.
fn serve(data: &Path) -> Served {
    let mut child = lockgate(&SERVE, data).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let served = Served(child);
    assert!(lines.any(|line| line.contains("serving ")), "it ended before it served");
    std::thread::spawn(move || lines.for_each(drop));
    served
}

fn refused(output: &Output, data: &Path) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    let why = format!("the data folder {} is in use by another process", data.display());
    assert!(said.contains(&why) && said.contains("stop it or choose another folder"), "{said}");
}

#[test]
fn a_second_host_on_a_folder_is_refused_by_name_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut first = serve(&data);
    let token = std::fs::read(data.join("operator.token")).unwrap();
    let second = lockgate(&[&SERVE[..], &["--new-operator-token"]].concat(), &data).output().unwrap();
    refused(&second, &data);
    assert_eq!(std::fs::read(data.join("operator.token")).unwrap(), token, "the second one wrote something");
    // Nor does a command that reads or changes the folder of a stopped host begin.
    refused(&lockgate(&["store", "check"], &data).output().unwrap(), &data);
    assert_eq!(first.0.try_wait().unwrap(), None, "the first one goes on");

    // Killed, it leaves a lock file behind that locks nothing.
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    assert!(data.join("lock").exists());
    let checked = lockgate(&["store", "check"], &data).output().unwrap();
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stderr));
    let third = serve(&data);
    assert_eq!(std::fs::read(data.join("operator.token")).unwrap(), token, "the tokens are those of before");
    drop(third);
}
