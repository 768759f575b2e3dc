//! Proxies that the environment names: never asked.

use std::net::TcpListener;
use std::process::Command;

use domain::exchange::SendFailureKind::Tls;

use super::remote::{Remote, answer};
use super::{World, assert_failed, body, get};

/// What programs look for, in every spelling.
const NAMES: [&str; 8] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "SOCKS_PROXY",
    "REQUEST_METHOD",
];

#[tokio::test]
async fn a_request_goes_straight_to_its_remote() {
    let remote = Remote::saying(answer("ok")).await;
    let plain = remote.origin("a.test");
    let secret = plain.replace("http:", "https:");
    let mut world = World::new().private(&plain).private(&secret).resolves("a.test", &[&["127.0.0.1"]]);
    world.options.tls_timeout_ms = 200;
    let world = world.run();
    assert_eq!(body(&world.send(get(format!("{plain}/x"))).await), "ok");
    assert!(remote.seen()[0].starts_with("GET /x HTTP/1.1\r\n"), "{}", remote.seen()[0]);
    // It speaks no TLS and waits for a request; that it was reached is the point.
    assert_failed(&world.send(get(format!("{secret}/x"))).await, Tls, false);
    assert_eq!(remote.connections(), 2);
}

#[test]
fn a_proxy_of_the_environment_is_never_asked() {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let address = trap.local_addr().unwrap();
    for (scheme, exceptions) in [("http", ""), ("socks5h", "b.test"), ("http", "a.test,127.0.0.1")] {
        // This very test binary, in an environment of its own.
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "tests::proxies::a_request_goes_straight_to_its_remote"]);
        for name in NAMES {
            child.env(name, format!("{scheme}://user:password@{address}"));
        }
        let output = child.env("NO_PROXY", exceptions).env("no_proxy", exceptions).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
    let asked = trap.accept().map(|(_, from)| from);
    assert!(asked.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "the proxy was asked");
}
