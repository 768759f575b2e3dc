//! What a permit still has to prove: addresses and redirects.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::call::Limits;
use crate::egress::{Ceiling, NoDoors, PolicyParts};
use crate::profile::Grant;

const LOOPBACK: &str = "http://127.0.0.1:4010";

fn permit(method: &str, url: &str) -> Permit<Wire> {
    let hosts = ["https://a.example.com", "https://b.example.com", LOOPBACK, "https://[::ffff:7f00:1]"];
    let manifest = serde_json::from_value(json!({
        "name": "files", "version": "1.0.0", "title": "Files", "category": "custom", "hosts": hosts,
        "scopes": [{ "name": "files", "title": "Files", "rules": [
            { "method": "GET", "path": "/files/{path...}" }, { "method": "POST", "path": "/files/{path...}" },
        ] }],
    }))
    .unwrap();
    let grant = Grant {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        scopes: ["files".parse().unwrap()].into(),
        granted_at: None,
    };
    let private = [LOOPBACK.parse().unwrap(), "https://[::ffff:7f00:1]".parse().unwrap()].into();
    let parts = PolicyParts {
        profile: &"acme".parse().unwrap(),
        manifest: &manifest,
        config: &json!({}),
        grant: &grant,
        ceiling: &Arc::new(Ceiling { private, ..Ceiling::default() }),
        limits: Limits::default(),
        credential: &[],
        rate: None,
    };
    let request = Request {
        method: method.into(),
        url: url.into(),
        headers: vec![("Accept".into(), b"*/*".to_vec())],
        body: Vec::new(),
        timeout_ms: Some(700),
    };
    Arc::new(Policy::new(parts).unwrap()).judge(request, Spent::default()).unwrap()
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn public_addresses_are_vetted() {
    let permit = permit("GET", "https://a.example.com/files/x");
    let given = addresses(&["8.8.8.8", "2606:4700::1111"]);
    let vetted = permit.vet(&given, &NoDoors).unwrap();
    assert_eq!(vetted.addresses(), given);
    assert_eq!(vetted.origin(), permit.origin());
    assert_eq!(permit.literal(), None);
}

#[test]
fn one_blocked_address_blocks_all() {
    let permit = permit("GET", "https://a.example.com/files/x");
    for blocked in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "fd00:ec2::254",
    ] {
        for given in [[blocked, "8.8.8.8"], ["8.8.8.8", blocked]] {
            let denial = permit.vet(&addresses(&given), &NoDoors).unwrap_err();
            assert_eq!(denial.gate, Gate::Address, "{given:?}");
            assert!(!denial.to_string().contains(blocked), "a guest learns no address: {denial}");
        }
    }
}

#[test]
fn an_origin_that_the_ceiling_names_may_be_private_but_never_metadata() {
    let permit = permit("GET", "http://127.0.0.1:4010/files/x");
    assert_eq!(permit.literal(), Some("127.0.0.1".parse().unwrap()));
    assert!(permit.vet(&addresses(&["127.0.0.1", "10.0.0.1", "::1"]), &NoDoors).is_ok());
    for blocked in [
        "169.254.169.254",
        "169.254.1.1",
        "fe80::1",
        "224.0.0.1",
        "0.0.0.0",
        "100.100.100.200",
        "::ffff:127.0.0.1",
    ] {
        assert!(permit.vet(&addresses(&[blocked]), &NoDoors).is_err(), "{blocked}");
    }
}

#[test]
fn an_address_wrapped_in_another_is_refused_even_when_the_ceiling_names_it() {
    let permit = permit("GET", "https://[::ffff:127.0.0.1]/files/x");
    let literal = permit.literal().unwrap();
    assert!(permit.vet(&[literal], &NoDoors).is_err());
}

#[test]
fn a_refusal_names_what_is_inside_without_naming_the_address() {
    let permit = permit("GET", "https://a.example.com/files/x");
    for (given, said) in [
        ("2002:a9fe:a9fe::1", "6to4 address with a cloud metadata IPv4 address inside"),
        ("64:ff9b::808:808", "NAT64 address with a public IPv4 address inside"),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", "Teredo address with a private IPv4 address inside"),
    ] {
        let denial = permit.vet(&addresses(&[given]), &NoDoors).unwrap_err();
        assert!(denial.reason.contains(said) && !denial.reason.contains(given), "{denial}");
    }
}

/// Listens on one port of one address.
struct Door(std::net::SocketAddr);

impl OwnDoors for Door {
    fn leads_here(&self, address: std::net::SocketAddr) -> bool {
        address == self.0
    }
}

#[test]
fn the_host_itself_is_reached_only_where_the_ceiling_names_it() {
    let ours = |text: &str| Door(text.parse().unwrap());
    let public = permit("GET", "https://a.example.com/files/x");
    let denial = public.vet(&addresses(&["1.1.1.1", "8.8.8.8"]), &ours("8.8.8.8:443")).unwrap_err();
    assert_eq!(denial.gate, Gate::Address);
    assert!(denial.remedy.contains("naming \"https://a.example.com\" itself"), "{denial}");
    assert!(public.vet(&addresses(&["8.8.8.8"]), &ours("8.8.8.8:8443")).is_ok());
    let named = permit("GET", "http://127.0.0.1:4010/files/x");
    assert!(named.vet(&addresses(&["127.0.0.1"]), &ours("127.0.0.1:4010")).is_ok());
}

#[test]
fn a_redirect_starts_again_at_the_first_gate() {
    let permit = permit("GET", "https://a.example.com/files/x?page=1");
    for (location, url) in [
        ("/files/y", "https://a.example.com/files/y"),
        ("y?page=2", "https://a.example.com/files/y?page=2"),
        ("../files/z", "https://a.example.com/files/z"),
        ("//b.example.com/files/y", "https://b.example.com/files/y"),
        ("https://b.example.com/files/y#part", "https://b.example.com/files/y"),
    ] {
        let next = permit.follow(302, location).unwrap();
        assert_eq!(next.url().as_str(), url, "{location}");
        assert_eq!(next.same_origin(&permit), url.contains("//a."), "{location}");
        assert_eq!((next.headers(), next.timeout_ms(), next.hops()), (permit.headers(), 700, 1));
    }
    for (location, gate) in [
        ("/admin", Gate::Scope),
        ("https://evil.example.org/files/y", Gate::Hosts),
        ("https://169.254.169.254/files/y", Gate::Ceiling),
        ("http://127.0.0.1:4010/files/y", Gate::Scheme),
        ("http://a.example.com/files/y", Gate::Scheme),
        ("file:///etc/passwd", Gate::Scheme),
        ("javascript:alert(1)", Gate::Normalise),
        ("https://user:pw@b.example.com/files/y", Gate::Normalise),
        ("/files/a\r\nX-Evil: 1", Gate::Normalise),
        ("\\\\b.example.com\\files", Gate::Normalise),
        ("/files/%2e%2e%2fadmin", Gate::Normalise),
        ("https://", Gate::Normalise),
    ] {
        assert_eq!(permit.follow(302, location).unwrap_err().gate, gate, "{location}");
    }
    assert_eq!(permit.follow(302, &"a".repeat(1 << 20)).unwrap_err().gate, Gate::Normalise);
}

#[test]
fn redirects_come_to_an_end() {
    let mut permit = permit("GET", "https://a.example.com/files/0");
    for hop in 1..=5 {
        permit = permit.follow(307, &format!("/files/{hop}")).unwrap();
        assert_eq!(permit.hops(), hop);
    }
    assert_eq!(permit.follow(307, "/files/6").unwrap_err().gate, Gate::Budget);
}

#[test]
fn a_write_is_never_repeated_elsewhere() {
    let permit = permit("POST", "https://a.example.com/files/x");
    for status in [301, 302, 303, 307, 308] {
        assert!(!permit.may_follow(status));
        assert!(permit.follow(status, "/files/y").is_err(), "{status}");
    }
}

#[test]
fn only_redirects_are_followed() {
    let permit = permit("GET", "https://a.example.com/files/x");
    for status in [200, 300, 304, 305, 306, 400] {
        assert!(permit.follow(status, "/files/y").is_err(), "{status}");
    }
}
