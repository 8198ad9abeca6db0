//! Where files may be fetched from: not from addresses that only this device, or its own network, can reach. Somebody
//! who sends a link must not make this device knock there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Whether everybody can reach an address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || first == 0
        || first >= 240
        // Shared by customers of a provider (RFC 6598), for protocols (RFC 6890), for measuring (RFC 2544).
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (18..20).contains(&second)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inside) = address.to_ipv4_mapped() {
        return is_public_v4(inside);
    }
    let [first, second, third, fourth, .., seventh, eighth] = address.segments();
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match (first, second) {
        // An address of the old kind in one of the new: NAT64 (RFC 6052), 6to4 (RFC 3056).
        (0x64, 0xff9b) => is_public_v4(inside(seventh, eighth)),
        (0x2002, _) => is_public_v4(inside(second, third)),
        // Teredo, documentation, and what is not given out to everybody.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        _ => (first & 0xe000) == 0x2000 && (third, fourth) != (0xffff, 0xffff),
    }
}

/// Whether a place may be gone to, as far as its spelling tells: names are looked at when they are resolved.
pub(super) fn may_be_visited(url: &Url, private_allowed: bool) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_public = bare.parse().map_or(true, is_public);
    url.scheme() == "https" && !host.is_empty() && (is_public || private_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_everybody_can_reach_is_public() {
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "2606:4700::1",
            "2002:101:101::",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn spelling_does_not_help() {
        let visited = |url: &str| Url::parse(url).is_ok_and(|url| may_be_visited(&url, false));
        assert!(visited("https://files.example/1") && visited("https://1.1.1.1/"));
        for url in [
            "http://files.example/1",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://017700000001/",
            "https:///",
            "ftp://files.example/",
            "data:,x",
        ] {
            assert!(!visited(url), "{url}");
        }
        assert!(may_be_visited(&Url::parse("https://127.0.0.1/").unwrap(), true));
        assert!(!may_be_visited(&Url::parse("http://127.0.0.1/").unwrap(), true));
    }
}
