//! Addresses by others that keep what a packet's way depends on: two that share a prefix of N bits share one
//! of N bits afterwards (Crypto-PAn: J. Xu et al., "Prefix-Preserving IP Address Anonymization", 2002). So
//! subnets, longest prefixes and what lies beside what stay as they are.
//!
//! Other than there, an address keeps its class: loopback, multicast and the like stay what they are, and
//! private addresses stay private. That is why no crate does it: `ipcrypt-pfx` makes public addresses of
//! private ones. The price is that the bits by which an address is told from the nearest class stay.

use model::net::{IpNet, Mac};
use siphasher::sip::SipHasher24;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::Hasher as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What stays, whole.
const KEPT: [&str; 6] =
    ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/128", "::1/128", "ff00::/8"];

/// What keeps its prefix (RFC 6890).
const CLASSES: [&str; 13] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "192.0.2.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001:db8::/32",
    "fc00::/8",
    "fd00::/8",
    "fe80::/64",
];

/// IPv6 prefixes with an IPv4 address behind them (RFC 4291, RFC 6052).
const EMBEDDED: [&str; 2] = ["::ffff:0:0/96", "64:ff9b::/96"];

pub(super) struct Addresses {
    key: [u8; 16],
    kept: Vec<IpNet>,
    /// All that must not move as a whole.
    fixed: Vec<IpNet>,
    embedded: Vec<IpNet>,
    /// What was masked, for who has to find it again.
    pub(super) words: RefCell<BTreeMap<String, String>>,
}

impl Addresses {
    pub(super) fn new(key: [u8; 16]) -> Self {
        let parse = |texts: &[&str]| -> Vec<IpNet> {
            texts.iter().filter_map(|text| text.parse().ok()).collect()
        };
        let (kept, embedded) = (parse(&KEPT), parse(&EMBEDDED));
        let fixed = [kept.clone(), parse(&CLASSES), embedded.clone()].concat();
        Self { key, kept, fixed, embedded, words: RefCell::default() }
    }

    pub(super) fn ip(&self, address: IpAddr) -> IpAddr {
        let masked = self.bits(address, if address.is_ipv4() { 32 } else { 128 });
        self.words.borrow_mut().insert(address.to_string(), masked.to_string());
        masked
    }

    /// The first bits of an address; the others are 0.
    fn bits(&self, address: IpAddr, length: u8) -> IpAddr {
        if let IpAddr::V6(v6) = address {
            if let Some(embedded) = self.embedded.iter().find(|net| net.contains(&address)) {
                let inner = self.bits(last4(v6).into(), length.saturating_sub(96));
                return match (embedded.trunc().addr(), inner) {
                    (IpAddr::V6(prefix), IpAddr::V4(inner)) => {
                        Ipv6Addr::from(u128::from(prefix) | u128::from(u32::from(inner))).into()
                    }
                    (other, _) => other,
                };
            }
            if let Some(mac) = eui64(v6).filter(|_| length == 128) {
                return IpAddr::V6(self.mac(mac).link_local());
            }
        }
        let width = if address.is_ipv4() { 32 } else { 128 };
        let whole = number(address);
        let mut masked = 0;
        for at in 0..length {
            let bit = whole >> (width - 1 - at) & 1;
            let before = truncated(address, at);
            let flip = !self.stays(&before) && self.random(&before) & 1 == 1;
            masked |= (bit ^ u128::from(flip)) << (width - 1 - at);
        }
        match address {
            IpAddr::V4(_) => Ipv4Addr::from(masked as u32).into(),
            IpAddr::V6(_) => Ipv6Addr::from(masked).into(),
        }
    }

    /// Whether the bit behind this prefix is not changed: something that keeps its place lies behind it, or
    /// it lies in what stays whole.
    fn stays(&self, before: &IpNet) -> bool {
        let is_above =
            |fixed: &IpNet| before.prefix_len() < fixed.prefix_len() && before.contains(fixed);
        self.kept.iter().any(|kept| kept.contains(before)) || self.fixed.iter().any(is_above)
    }

    fn random(&self, of: &IpNet) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(&[if of.addr().is_ipv4() { 4 } else { 6 }, of.prefix_len()]);
        hasher.write(&number(of.addr()).to_be_bytes());
        hasher.finish()
    }

    /// A prefix, without bits behind it.
    pub(super) fn prefix(&self, prefix: IpNet) -> IpNet {
        let masked = self.bits(prefix.addr(), prefix.prefix_len());
        let masked = IpNet::new(masked, prefix.prefix_len()).unwrap_or(prefix);
        let mut words = self.words.borrow_mut();
        if prefix.prefix_len() == prefix.max_prefix_len() {
            words.insert(prefix.addr().to_string(), masked.addr().to_string());
        }
        words.insert(prefix.to_string(), masked.to_string());
        masked
    }

    /// An address with the length of its subnet; or a prefix, if that is all it is.
    pub(super) fn on_subnet(&self, prefix: IpNet) -> IpNet {
        IpNet::new(self.ip(prefix.addr()), prefix.prefix_len()).unwrap_or(prefix)
    }

    /// Another of the same kind: for a group or not, given locally or by the maker. Not given away are
    /// what is for all, for none, and for the groups of IP.
    pub(super) fn mac(&self, mac: Mac) -> Mac {
        if !mac.is_unicast() || mac.is_zero() {
            return mac;
        }
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(&[48]);
        hasher.write(&mac.0);
        let mut masked = mac;
        let random = hasher.finish().to_be_bytes();
        masked.0.copy_from_slice(&random[..6]);
        masked.0[0] = masked.0[0] & !3 | mac.0[0] & 3;
        self.words.borrow_mut().insert(mac.to_string(), masked.to_string());
        masked
    }
}

/// `fe80::` with a MAC address in it.
fn eui64(address: Ipv6Addr) -> Option<Mac> {
    let octets = address.octets();
    let [.., a, b, c, 0xff, 0xfe, d, e, f] = octets else { return None };
    let mac = Mac([a ^ 2, b, c, d, e, f]);
    (mac.link_local() == address && mac.is_unicast()).then_some(mac)
}

fn last4(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn truncated(address: IpAddr, length: u8) -> IpNet {
    IpNet::new(address, length).map_or_else(|_| IpNet::from(address), |net| net.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How many bits two addresses have in common.
    fn common(one: IpAddr, other: IpAddr) -> u32 {
        let shift = if one.is_ipv4() { 96 } else { 0 };
        (number(one) ^ number(other)).leading_zeros() - shift
    }

    fn classes(of: IpAddr) -> Vec<bool> {
        let all = KEPT.iter().chain(&CLASSES).chain(&EMBEDDED);
        all.map(|net| net.parse::<IpNet>().unwrap().contains(&of)).collect()
    }

    #[test]
    fn what_is_special_stays_so() {
        let mask = Addresses::new([7; 16]);
        for kept in
            ["0.0.0.0", "127.0.0.11", "255.255.255.255", "224.0.0.1", "::", "::1", "ff02::1"]
        {
            assert_eq!(mask.ip(ip(kept)), ip(kept));
        }
        assert_ne!(mask.ip(ip("10.1.2.3")), ip("10.1.2.3"));
        let mac: Mac = "02:00:5e:00:53:01".parse().unwrap();
        let link_local = IpAddr::V6(mac.link_local());
        assert_eq!(mask.ip(link_local), IpAddr::V6(mask.mac(mac).link_local()));
        assert_eq!(mask.mac(Mac::BROADCAST), Mac::BROADCAST);
        let (plain, within) = (mask.ip(ip("10.1.2.3")), mask.ip(ip("::ffff:10.1.2.3")));
        assert_eq!(within, ip(&format!("::ffff:{plain}")));
    }

    proptest! {
        #[test]
        fn prefixes_and_classes_are_kept(key: [u8; 16], one: u32, other: u32, keep in 0u32..32) {
            let mask = Addresses::new(key);
            let near = one ^ (other >> keep);
            let (one, near) = (IpAddr::from(one.to_be_bytes()), IpAddr::from(near.to_be_bytes()));
            prop_assert_eq!(common(one, near), common(mask.ip(one), mask.ip(near)));
            prop_assert_eq!(classes(one), classes(mask.ip(one)));
        }

        #[test]
        fn prefixes_and_classes_of_ipv6_are_kept(key: [u8; 16], one: u128, other: u128, keep in 0u32..128) {
            let mask = Addresses::new(key);
            let near = one ^ (other >> keep);
            let (one, near) = (IpAddr::from(one.to_be_bytes()), IpAddr::from(near.to_be_bytes()));
            prop_assert_eq!(common(one, near), common(mask.ip(one), mask.ip(near)));
            prop_assert_eq!(classes(one), classes(mask.ip(one)));
        }
    }
}
