//! The bytes of a C struct. What lies beyond its end is refused, and never read.

use model::net::Family;
use std::ffi::CStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `IFNAMSIZ`.
const LINK_NAME: usize = 16;

/// A struct of an extension, in the host's byte order but for what the header calls `__be`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Info<'a> {
    /// Which of the addresses a `union nf_inet_addr` holds.
    pub(crate) family: Family,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Info<'a> {
    fn at<const N: usize>(self, at: usize) -> Result<[u8; N], String> {
        let bytes = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
        bytes.copied().ok_or_else(|| format!("it ends after {} bytes", self.bytes.len()))
    }

    pub(crate) fn u8(self, at: usize) -> Result<u8, String> {
        self.at::<1>(at).map(|[byte]| byte)
    }

    /// A `bool`, or a number that is one.
    pub(crate) fn flag(self, at: usize) -> Result<bool, String> {
        self.u8(at).map(|byte| byte != 0)
    }

    pub(crate) fn u16(self, at: usize) -> Result<u16, String> {
        self.at(at).map(u16::from_ne_bytes)
    }

    pub(crate) fn be16(self, at: usize) -> Result<u16, String> {
        self.at(at).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(self, at: usize) -> Result<u32, String> {
        self.at(at).map(u32::from_ne_bytes)
    }

    pub(crate) fn octets<const N: usize>(self, at: usize) -> Result<[u8; N], String> {
        self.at(at)
    }

    /// A `struct in_addr`.
    pub(crate) fn ipv4(self, at: usize) -> Result<IpAddr, String> {
        self.at::<4>(at).map(|octets| Ipv4Addr::from(octets).into())
    }

    /// A `union nf_inet_addr`: 16 bytes, of which IPv4 uses 4.
    pub(crate) fn address(self, at: usize) -> Result<IpAddr, String> {
        match self.family {
            Family::V4 => self.ipv4(at),
            Family::V6 => self.at::<16>(at).map(|octets| Ipv6Addr::from(octets).into()),
        }
    }

    /// Text of at most `len` bytes, up to the first zero.
    pub(crate) fn text(self, at: usize, len: usize) -> String {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        let bytes = bytes.get(..len).unwrap_or(bytes);
        match CStr::from_bytes_until_nul(bytes) {
            Ok(text) => text.to_string_lossy().into_owned(),
            Err(_) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    /// A link's name, with what says of each of its bytes whether it counts.
    pub(crate) fn link(self, at: usize, mask: usize) -> Result<(String, Counted), String> {
        let name: [u8; LINK_NAME] = self.at(at)?;
        let mask: [u8; LINK_NAME] = self.at(mask)?;
        let counted = mask.iter().take_while(|byte| **byte == 0xff).count();
        if mask[counted..].iter().any(|byte| *byte != 0) {
            return Err("a link's name of which scattered bytes count".to_owned());
        }
        let text = self.text(at, LINK_NAME);
        Ok(match counted {
            0 => (String::new(), Counted::None),
            _ if name[..counted].contains(&0) => (text, Counted::All),
            _ => (String::from_utf8_lossy(&name[..counted]).into_owned(), Counted::Beginning),
        })
    }
}

/// How much of a link's name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    None,
    Beginning,
    All,
}
