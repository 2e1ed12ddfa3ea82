//! Taking a header apart, byte by byte, without ever reaching beyond its end.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::net::Mac;

/// Why bytes are not what they should begin with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The end comes before the header's own.
    #[error("{needed} bytes are needed, and {there} are there")]
    Short { needed: usize, there: usize },
    /// A length or version that cannot be.
    #[error("{field} is {value}, which cannot be")]
    Impossible { field: &'static str, value: u64 },
    /// A kind of this protocol that is not read.
    #[error("{field} is {value}, which is not read here")]
    NotRead { field: &'static str, value: u64 },
}

/// The bytes that are left of a header.
pub(super) struct Reader<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    /// How many were taken.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.saturating_add(count);
        let short = Malformed::Short { needed: end, there: self.all.len() };
        let taken = self.all.get(self.at..end).ok_or(short)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let short = Malformed::Short { needed: self.at + N, there: self.all.len() };
        self.bytes(N)?.try_into().map_err(|_| short)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn mac(&mut self) -> Result<Mac, Malformed> {
        self.array().map(Mac)
    }

    pub(super) fn ipv4(&mut self) -> Result<Ipv4Addr, Malformed> {
        self.array::<4>().map(Ipv4Addr::from)
    }

    pub(super) fn ipv6(&mut self) -> Result<Ipv6Addr, Malformed> {
        self.array::<16>().map(Ipv6Addr::from)
    }
}
