//! A share of the long run of the crash harness, both chains on both stores:
//! `cargo run --release -p lockgate-tests --bin crash -- --kills 5000 --parallel`.

use std::process::Command;

#[test]
fn a_host_that_is_killed_at_every_point_loses_nothing_and_delivers_nothing_under_two_keys() {
    let done = Command::new(env!("CARGO_BIN_EXE_crash"))
        .args(["--kills", "24", "--per-folder", "12", "--seed", "7", "--parallel"])
        .output()
        .expect("the harness starts");
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}\n{err}");
    assert!(
        out.trim_end().ends_with("48 kills: nothing lost, nothing under two keys, everything fits"),
        "{out}"
    );
    println!("{out}");
}
