//! Which addresses are the internet's, which are near, and which are nobody's. From IANA's registries of special-purpose
//! addresses (RFC 6890 and its successors); what carries an IPv4 address inside counts as that address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the internet.
    Public,
    /// On this machine or in a network of its own; with what kind.
    Private(&'static str),
    /// Where clouds hand machines their credentials.
    Metadata,
    /// Nowhere that a service can be; with what kind.
    Nowhere(&'static str),
}

pub(crate) fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => place_v4(address),
        IpAddr::V6(address) => place_v6(address),
    }
}

fn place_v4(address: Ipv4Addr) -> Place {
    match address.octets() {
        [127, ..] => Place::Private("loopback"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Place::Private("private"),
        // AWS, Azure, GCP and others; Alibaba's; Azure's own wire server.
        [169, 254, 169, 254] | [100, 100, 100, 200] | [168, 63, 129, 16] => Place::Metadata,
        [100, 64..=127, ..] => Place::Private("shared (carrier-grade NAT)"),
        [169, 254, ..] => Place::Private("link-local"),
        [0, ..] => Place::Nowhere("unspecified"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Place::Nowhere("documentation"),
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] | [240..=255, ..] => Place::Nowhere("reserved"),
        [224..=239, ..] => Place::Nowhere("multicast"),
        _ => Place::Public,
    }
}

fn place_v6(address: Ipv6Addr) -> Place {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Place::Private("loopback"),
        [0, 0, 0, 0, 0, 0, 0, 0] => Place::Nowhere("unspecified"),
        // Mapped (::ffff:0:0/96), translated by NAT64 (64:ff9b::/96), and the old compatible ones.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => place_v4(embedded(high, low)),
        [0, 0, 0, 0, 0, 0, ..] => Place::Nowhere("reserved"),
        // 6to4 carries it behind its prefix.
        [0x2002, high, low, ..] => place_v4(embedded(high, low)),
        // AWS.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Place::Metadata,
        [0xfc00..=0xfdff, ..] => Place::Private("private (unique local)"),
        [0xfe80..=0xfebf, ..] => Place::Private("link-local"),
        [0xff00..=0xffff, ..] => Place::Nowhere("multicast"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Place::Nowhere("documentation"),
        // Teredo, ORCHID and other protocols' own.
        [0x2001, 0..=0x1ff, ..] => Place::Nowhere("reserved"),
        [0x2000..=0x3fff, ..] => Place::Public,
        _ => Place::Nowhere("reserved"),
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Place {
        place(text.parse().unwrap())
    }

    #[test]
    fn only_the_internet_is_public() {
        for public in ["1.1.1.1", "100.63.255.255", "172.32.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111"] {
            assert_eq!(of(public), Place::Public, "{public}");
        }
        for private in [
            "127.0.0.1",
            "127.255.255.254",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.1.1",
            "::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
        ] {
            assert!(matches!(of(private), Place::Private(_)), "{private}");
        }
        for metadata in
            ["169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "::ffff:169.254.169.254"]
        {
            assert_eq!(of(metadata), Place::Metadata, "{metadata}");
        }
        for nowhere in [
            "0.0.0.0",
            "0.1.2.3",
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.9",
            "192.0.0.8",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "ff02::1",
            "2001:db8::1",
            "3fff::1",
            "2001::1",
            "2001:20::1",
            "100::1",
            "64:ff9b:1::1",
            "fec0::1",
            "4000::1",
            "::7f00:1",
        ] {
            assert!(matches!(of(nowhere), Place::Nowhere(_)), "{nowhere}");
        }
    }

    proptest! {
        #[test]
        fn an_address_inside_another_is_where_it_would_be_alone(inner: u32) {
            let alone = Ipv4Addr::from(inner);
            let (high, low) = ((inner >> 16) as u16, inner as u16);
            for outer in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 1, 2, 3, 4, 5),
            ] {
                prop_assert_eq!(place(outer.into()), place(alone.into()), "{}", outer);
            }
        }
    }
}
