//! Every row, by its first and last address, and the neighbours that must stay public.

use proptest::prelude::*;

use super::*;

fn class(text: &str) -> AddressClass {
    classify(text.parse().unwrap())
}

#[test]
fn every_special_network_has_its_class() {
    use AddressClass::*;
    for (text, expected) in [
        ("0.0.0.0", Unspecified),
        ("0.0.0.1", ThisNetwork),
        ("0.255.255.255", ThisNetwork),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("100.64.0.0", CarrierNat),
        ("100.127.255.255", CarrierNat),
        ("100.100.100.200", Metadata),
        ("127.0.0.1", Loopback),
        ("127.255.255.255", Loopback),
        ("169.254.0.1", LinkLocal),
        ("169.254.255.255", LinkLocal),
        ("169.254.169.254", Metadata),
        ("169.254.169.253", Metadata),
        ("169.254.170.2", Metadata),
        ("169.254.170.23", Metadata),
        ("168.63.129.16", Metadata),
        ("172.16.0.0", Private),
        ("172.31.255.255", Private),
        ("192.0.0.0", Reserved),
        ("192.0.0.8", Reserved),
        ("192.0.0.170", Reserved),
        ("192.0.0.192", Metadata),
        ("192.0.0.255", Reserved),
        ("192.0.2.0", Documentation),
        ("192.0.2.255", Documentation),
        ("192.31.196.1", Reserved),
        ("192.52.193.1", Reserved),
        ("192.88.99.1", SixToFour),
        ("192.168.0.0", Private),
        ("192.168.255.255", Private),
        ("192.175.48.1", Reserved),
        ("198.18.0.0", Benchmark),
        ("198.19.255.255", Benchmark),
        ("198.51.100.1", Documentation),
        ("203.0.113.1", Documentation),
        ("224.0.0.0", Multicast),
        ("233.252.0.1", Multicast),
        ("239.255.255.255", Multicast),
        ("240.0.0.0", Reserved),
        ("255.255.255.254", Reserved),
        ("255.255.255.255", Broadcast),
        ("::", Unspecified),
        ("::1", Loopback),
        ("::2", Ipv4Compatible),
        ("::127.0.0.1", Ipv4Compatible),
        ("::8.8.8.8", Ipv4Compatible),
        ("::ffff:127.0.0.1", Ipv4Mapped),
        ("::ffff:8.8.8.8", Ipv4Mapped),
        ("::ffff:0:8.8.8.8", Ipv4Translated),
        ("64:ff9b::", Nat64),
        ("64:ff9b::8.8.8.8", Nat64),
        ("64:ff9b::169.254.169.254", Nat64),
        ("64:ff9b:1::", Nat64),
        ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Nat64),
        ("100::", Discard),
        ("100::ffff:ffff:ffff:ffff", Discard),
        ("100:0:0:1::1", Discard),
        ("2001::", Teredo),
        ("2001:0:ffff::1", Teredo),
        ("2001:1::1", Reserved),
        ("2001:2::1", Benchmark),
        ("2001:20::1", Reserved),
        ("2001:1ff:ffff::", Reserved),
        ("2001:db8::1", Documentation),
        ("2002::", SixToFour),
        ("2002:7f00:1::", SixToFour),
        ("2002:808:808::1", SixToFour),
        ("2620:4f:8000::1", Reserved),
        ("3ffe::1", Reserved),
        ("3fff::1", Documentation),
        ("3fff:fff::1", Documentation),
        ("5f00::1", Reserved),
        ("fc00::1", UniqueLocal),
        ("fdff::1", UniqueLocal),
        ("fd00:ec2::254", Metadata),
        ("fd20:ce::254", Metadata),
        ("fd00:ec2::23", Metadata),
        ("fd00:ec2::253", Metadata),
        ("fd00:42::42", Metadata),
        ("fe80::a9fe:a9fe", Metadata),
        ("fe80::1", LinkLocal),
        ("febf::1", LinkLocal),
        ("fec0::1", SiteLocal),
        ("feff::1", SiteLocal),
        ("ff00::1", Multicast),
        ("ff02::1", Multicast),
        ("ffff::1", Multicast),
        ("2606:4700::5efe:1.1.1.1", Isatap),
        ("2606:4700::200:5efe:10.0.0.1", Isatap),
        ("1::1", Reserved),
        ("64:ff9b:2::1", Reserved),
        ("4000::1", Reserved),
        ("200::1", Reserved),
        ("fe00::1", Reserved),
    ] {
        assert_eq!(class(text), expected, "{text}");
    }
}

#[test]
fn the_neighbours_of_special_networks_are_public() {
    for text in [
        "1.0.0.0",
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.31.195.255",
        "192.88.98.255",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:db7::1",
        "2001:db9::1",
        "2003::1",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "3ffd::1",
    ] {
        assert_eq!(class(text), AddressClass::Public, "{text}");
    }
}

#[test]
fn what_is_inside_is_found_in_every_form() {
    for (text, expected) in [
        ("::ffff:127.0.0.1", Some("127.0.0.1")),
        ("::169.254.169.254", Some("169.254.169.254")),
        ("::ffff:0:10.0.0.1", Some("10.0.0.1")),
        ("64:ff9b::a00:1", Some("10.0.0.1")),
        ("64:ff9b:1::8.8.8.8", Some("8.8.8.8")),
        ("2002:a9fe:a9fe::1", Some("169.254.169.254")),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Some("192.0.2.45")),
        ("2606:4700::5efe:192.168.0.1", Some("192.168.0.1")),
        ("2606:4700::1111", None),
        ("fe80::1", None),
        ("127.0.0.1", None),
    ] {
        assert_eq!(
            inside(text.parse().unwrap()).map(|found| found.to_string()).as_deref(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn only_plain_private_networks_can_be_opened_by_the_ceiling() {
    for text in ["127.0.0.1", "10.1.2.3", "::1", "fd12::1", "100.64.0.1", "8.8.8.8"] {
        assert!(class(text).may_be_private(), "{text}");
    }
    for text in [
        "169.254.169.254",
        "169.254.1.1",
        "fe80::1",
        "224.0.0.1",
        "0.0.0.0",
        "::",
        "::ffff:127.0.0.1",
        "fd00:ec2::254",
        "255.255.255.255",
    ] {
        assert!(!class(text).may_be_private(), "{text}");
    }
}

proptest! {
    #[test]
    fn an_address_inside_an_address_is_never_public(inner in any::<u32>()) {
        let inner = u128::from(inner);
        for outer in [0, 0xffff << 32, 0xffff << 48, 0x0064_ff9b << 96, 0x2002 << 112 | inner << 80, 0x2001_0000 << 96, 0x2606 << 112 | 0x5efe << 32] {
            let address = IpAddr::V6(Ipv6Addr::from_bits(outer | inner));
            prop_assert_ne!(classify(address), AddressClass::Public, "{}", address);
        }
    }

    #[test]
    fn what_the_standard_library_calls_special_is_never_public(bits in any::<u32>()) {
        let address = Ipv4Addr::from_bits(bits);
        let special = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast()
            || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
        prop_assert!(!(special && classify(IpAddr::V4(address)) == AddressClass::Public));
    }
}
