//! A 48-bit Ethernet address (IEEE 802).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// An Ethernet address, written `02:00:5e:00:53:01`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

/// The text is not six pairs of hexadecimal digits with `:` or `-` between.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a MAC address; write six pairs of hex digits, such as 02:00:5e:00:53:01")]
pub struct InvalidMac(pub String);

impl Mac {
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// A group address (multicast or broadcast) cannot belong to an interface.
    pub fn is_unicast(self) -> bool {
        self.0[0] & 1 == 0
    }

    /// All zero: what the kernel shows for "none".
    pub fn is_zero(self) -> bool {
        self.0 == [0; 6]
    }

    /// The link-local address an interface with this MAC gives itself: the modified EUI-64
    /// identifier behind `fe80::/64` (RFC 4291, appendix A).
    pub fn link_local(self) -> Ipv6Addr {
        let [a, b, c, d, e, f] = self.0;
        let mut octets = [0; 16];
        octets[..2].copy_from_slice(&[0xfe, 0x80]);
        octets[8..].copy_from_slice(&[a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
        Ipv6Addr::from(octets)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mac({self})")
    }
}

impl FromStr for Mac {
    type Err = InvalidMac;

    fn from_str(text: &str) -> Result<Self, InvalidMac> {
        let invalid = || InvalidMac(text.to_owned());
        let mut octets = [0; 6];
        let mut pairs = text.split([':', '-']);
        for octet in &mut octets {
            let pair = pairs.next().filter(|pair| pair.len() == 2).ok_or_else(invalid)?;
            *octet = u8::from_str_radix(pair, 16).map_err(|_| invalid())?;
        }
        if pairs.next().is_some() { Err(invalid()) } else { Ok(Self(octets)) }
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_is_the_modified_eui_64() {
        let mac: Mac = "02:00:5e:10:00:01".parse().unwrap();
        assert_eq!(mac.link_local().to_string(), "fe80::5eff:fe10:1");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "02:00:5e:10:00", "02:00:5e:10:00:01:02", "0:00:5e:10:00:01", "+2:00:5e:10:00:zz"]
        {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
    }
}
