//! What kind of network an address belongs to. The class decides, is logged and is counted.
//!
//! The rows follow the special-purpose registries of IANA; what they leave out of the globally assigned space is
//! refused as well. An IPv4 address inside an IPv6 address is refused whatever it is: no remote needs that form, and
//! every transition mechanism is a second way to a private address. What is inside is unwrapped to be named in the
//! refusal, never to excuse the wrapping.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressClass {
    Public,
    Loopback,
    /// RFC 1918.
    Private,
    LinkLocal,
    CarrierNat,
    UniqueLocal,
    SiteLocal,
    Multicast,
    Broadcast,
    Documentation,
    Benchmark,
    Discard,
    Reserved,
    Unspecified,
    /// "This network": systems take it for their own.
    ThisNetwork,
    /// Where clouds hand out credentials.
    Metadata,
    Ipv4Mapped,
    Ipv4Compatible,
    Ipv4Translated,
    Nat64,
    SixToFour,
    Teredo,
    Isatap,
}

impl AddressClass {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::CarrierNat => "carrier NAT",
            Self::UniqueLocal => "unique-local",
            Self::SiteLocal => "site-local",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Documentation => "documentation",
            Self::Benchmark => "benchmark",
            Self::Discard => "discard-only",
            Self::Reserved => "reserved",
            Self::Unspecified => "unspecified",
            Self::ThisNetwork => "this-network",
            Self::Metadata => "cloud metadata",
            Self::Ipv4Mapped => "IPv4-mapped",
            Self::Ipv4Compatible => "IPv4-compatible",
            Self::Ipv4Translated => "IPv4-translated",
            Self::Nat64 => "NAT64",
            Self::SixToFour => "6to4",
            Self::Teredo => "Teredo",
            Self::Isatap => "ISATAP",
        }
    }

    /// Whether an origin that the ceiling names as private may be found at such an address.
    pub fn may_be_private(self) -> bool {
        matches!(self, Self::Public | Self::Loopback | Self::Private | Self::CarrierNat | Self::UniqueLocal)
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(bits: u128, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), prefix)
}

/// The first row that contains the address decides, so exceptions stand before the network around them.
const V4: [(Ipv4Net, AddressClass); 27] = [
    (v4(169, 254, 169, 254, 32), AddressClass::Metadata),
    (v4(169, 254, 169, 253, 32), AddressClass::Metadata),
    (v4(169, 254, 170, 2, 32), AddressClass::Metadata),
    (v4(169, 254, 170, 23, 32), AddressClass::Metadata),
    (v4(100, 100, 100, 200, 32), AddressClass::Metadata),
    (v4(168, 63, 129, 16, 32), AddressClass::Metadata),
    (v4(192, 0, 0, 192, 32), AddressClass::Metadata),
    (v4(0, 0, 0, 0, 32), AddressClass::Unspecified),
    (v4(0, 0, 0, 0, 8), AddressClass::ThisNetwork),
    (v4(10, 0, 0, 0, 8), AddressClass::Private),
    (v4(100, 64, 0, 0, 10), AddressClass::CarrierNat),
    (v4(127, 0, 0, 0, 8), AddressClass::Loopback),
    (v4(169, 254, 0, 0, 16), AddressClass::LinkLocal),
    (v4(172, 16, 0, 0, 12), AddressClass::Private),
    (v4(192, 0, 0, 0, 24), AddressClass::Reserved),
    (v4(192, 0, 2, 0, 24), AddressClass::Documentation),
    (v4(192, 31, 196, 0, 24), AddressClass::Reserved),
    (v4(192, 52, 193, 0, 24), AddressClass::Reserved),
    (v4(192, 88, 99, 0, 24), AddressClass::SixToFour),
    (v4(192, 168, 0, 0, 16), AddressClass::Private),
    (v4(192, 175, 48, 0, 24), AddressClass::Reserved),
    (v4(198, 18, 0, 0, 15), AddressClass::Benchmark),
    (v4(198, 51, 100, 0, 24), AddressClass::Documentation),
    (v4(203, 0, 113, 0, 24), AddressClass::Documentation),
    (v4(224, 0, 0, 0, 4), AddressClass::Multicast),
    (v4(255, 255, 255, 255, 32), AddressClass::Broadcast),
    (v4(240, 0, 0, 0, 4), AddressClass::Reserved),
];

const V6: [(Ipv6Net, AddressClass); 28] = [
    (v6(0xfd00_0ec2_0000_0000_0000_0000_0000_0023, 128), AddressClass::Metadata),
    (v6(0xfd00_0ec2_0000_0000_0000_0000_0000_0253, 128), AddressClass::Metadata),
    (v6(0xfd00_0042_0000_0000_0000_0000_0000_0042, 128), AddressClass::Metadata),
    (v6(0xfe80_0000_0000_0000_0000_0000_a9fe_a9fe, 128), AddressClass::Metadata),
    (v6(0xfd00_0ec2_0000_0000_0000_0000_0000_0254, 128), AddressClass::Metadata),
    (v6(0xfd20_00ce_0000_0000_0000_0000_0000_0254, 128), AddressClass::Metadata),
    (v6(0, 128), AddressClass::Unspecified),
    (v6(1, 128), AddressClass::Loopback),
    (v6(0xffff_0000_0000, 96), AddressClass::Ipv4Mapped),
    (v6(0xffff_0000_0000_0000, 96), AddressClass::Ipv4Translated),
    (v6(0, 96), AddressClass::Ipv4Compatible),
    (v6(0x0064_ff9b << 96, 96), AddressClass::Nat64),
    (v6(0x0064_ff9b_0001 << 80, 48), AddressClass::Nat64),
    (v6(0x0100 << 112, 64), AddressClass::Discard),
    (v6(0x0100_0000_0000_0001 << 64, 64), AddressClass::Discard),
    (v6(0x2001_0000 << 96, 32), AddressClass::Teredo),
    (v6(0x2001_0002_0000 << 80, 48), AddressClass::Benchmark),
    (v6(0x2001_0db8 << 96, 32), AddressClass::Documentation),
    (v6(0x2001_0000 << 96, 23), AddressClass::Reserved),
    (v6(0x2002 << 112, 16), AddressClass::SixToFour),
    (v6(0x2620_004f_8000 << 80, 48), AddressClass::Reserved),
    (v6(0x3fff << 112, 20), AddressClass::Documentation),
    (v6(0x5f00 << 112, 16), AddressClass::Reserved),
    (v6(0xfc00 << 112, 7), AddressClass::UniqueLocal),
    (v6(0xfe80 << 112, 10), AddressClass::LinkLocal),
    (v6(0xfec0 << 112, 10), AddressClass::SiteLocal),
    (v6(0xff00 << 112, 8), AddressClass::Multicast),
    (v6(0x3ffe << 112, 16), AddressClass::Reserved),
];

/// The only part of IPv6 from which public addresses are assigned.
const GLOBAL_V6: Ipv6Net = v6(0x2000 << 112, 3);

/// The IPv4 address that an IPv6 address carries, where its form has a place for one.
pub fn inside(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let bits = address.to_bits();
    #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are meant")]
    let low = bits as u32;
    let carried = match classify_v6(address) {
        AddressClass::Ipv4Mapped
        | AddressClass::Ipv4Compatible
        | AddressClass::Ipv4Translated
        | AddressClass::Nat64
        | AddressClass::Isatap => low,
        #[expect(clippy::cast_possible_truncation, reason = "32 bits behind the prefix 2002::/16 are meant")]
        AddressClass::SixToFour => (bits >> 80) as u32,
        // Teredo writes the client's address inverted.
        AddressClass::Teredo => !low,
        _ => return None,
    };
    Some(Ipv4Addr::from_bits(carried))
}

/// The class of an address, by its own form: what is inside another is never looked at to allow it.
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    V4.iter().find(|(net, _)| net.contains(&address)).map_or(AddressClass::Public, |(_, class)| *class)
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    if let Some((_, class)) = V6.iter().find(|(net, _)| net.contains(&address)) {
        return *class;
    }
    // The interface identifier of ISATAP, with either value of its universal bit.
    let [_, _, _, _, fourth, fifth, _, _] = address.segments();
    if matches!(fourth, 0 | 0x0200) && fifth == 0x5efe {
        return AddressClass::Isatap;
    }
    if GLOBAL_V6.contains(&address) { AddressClass::Public } else { AddressClass::Reserved }
}

#[cfg(test)]
mod tests;
