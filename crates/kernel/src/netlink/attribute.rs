//! Attributes: `struct nlattr` (length, type) and a value, padded to 4 bytes, possibly nested
//! (`lib/nlattr.c`).
//!
//! Reading never fails and never panics: what does not fit is not there.

use std::ffi::CStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const NESTED: u16 = 1 << 15;
/// `NLA_TYPE_MASK`: without the flags for nesting and byte order.
const TYPE: u16 = (1 << 14) - 1;
const HEADER: usize = 4;

/// Builds a message's body: a fixed header, if the message has one, and attributes.
///
/// A value or nest of more than 65,531 bytes does not fit an attribute; its length then saturates
/// and the kernel refuses the message.
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Starts with a fixed header.
    pub fn after(header: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(header);
        let mut writer = Self(bytes);
        writer.pad();
        writer
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    pub fn bytes(&mut self, kind: u16, value: &[u8]) {
        let start = self.open(kind);
        self.0.extend_from_slice(value);
        self.close(start);
    }

    /// Attributes within an attribute.
    pub fn nest(&mut self, kind: u16, inner: impl FnOnce(&mut Self)) {
        let start = self.open(kind | NESTED);
        inner(self);
        self.close(start);
    }

    /// Zero-terminated text.
    pub fn text(&mut self, kind: u16, value: &str) {
        let start = self.open(kind);
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(0);
        self.close(start);
    }

    pub fn u8(&mut self, kind: u16, value: u8) {
        self.bytes(kind, &[value]);
    }

    pub fn u16(&mut self, kind: u16, value: u16) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    pub fn u32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    pub fn u64(&mut self, kind: u16, value: u64) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    pub fn be16(&mut self, kind: u16, value: u16) {
        self.bytes(kind, &value.to_be_bytes());
    }

    pub fn be64(&mut self, kind: u16, value: u64) {
        self.bytes(kind, &value.to_be_bytes());
    }

    pub fn be32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_be_bytes());
    }

    /// Bytes as they are, without a header around them; to be used with attributes already made.
    pub fn raw(&mut self, attributes: &[u8]) {
        self.0.extend_from_slice(attributes);
        self.pad();
    }

    fn open(&mut self, kind: u16) -> usize {
        let start = self.0.len();
        self.0.extend_from_slice(&[0, 0]);
        self.0.extend_from_slice(&kind.to_ne_bytes());
        start
    }

    fn close(&mut self, start: usize) {
        let len = u16::try_from(self.0.len() - start).unwrap_or(u16::MAX);
        self.0[start..start + 2].copy_from_slice(&len.to_ne_bytes());
        self.pad();
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}

/// Attributes one after another. Iterates in their order; [`Attributes::get`] finds one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The attributes behind a fixed header of `header` bytes.
    pub fn after(body: &'a [u8], header: usize) -> Self {
        Self(body.get(header.next_multiple_of(4)..).unwrap_or_default())
    }

    /// The first attribute of that type.
    pub fn get(mut self, kind: u16) -> Option<Attribute<'a>> {
        self.find(|attribute| attribute.kind == kind)
    }

    /// The attributes within the first attribute of that type; none if it is not there.
    pub fn nested(self, kind: u16) -> Self {
        self.get(kind).map(Attribute::nested).unwrap_or_default()
    }

    /// The bytes they are made of.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let header = self.0.first_chunk::<HEADER>()?;
        let len = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let kind = u16::from_ne_bytes([header[2], header[3]]) & TYPE;
        let value = self.0.get(HEADER..len)?;
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Attribute { kind, value })
    }
}

/// One attribute. Its value is read as the reader says; a value of another length gives `None`.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    pub kind: u16,
    pub value: &'a [u8],
}

impl<'a> Attribute<'a> {
    pub fn nested(self) -> Attributes<'a> {
        Attributes(self.value)
    }

    pub fn u8(self) -> Option<u8> {
        self.value.first().copied()
    }

    pub fn u16(self) -> Option<u16> {
        self.value.try_into().ok().map(u16::from_ne_bytes)
    }

    pub fn u32(self) -> Option<u32> {
        self.value.try_into().ok().map(u32::from_ne_bytes)
    }

    pub fn be16(self) -> Option<u16> {
        self.value.try_into().ok().map(u16::from_be_bytes)
    }

    pub fn be32(self) -> Option<u32> {
        self.value.try_into().ok().map(u32::from_be_bytes)
    }

    pub fn be64(self) -> Option<u64> {
        self.value.try_into().ok().map(u64::from_be_bytes)
    }

    /// Text up to the first zero; what is not UTF-8 is replaced.
    pub fn text(self) -> String {
        match CStr::from_bytes_until_nul(self.value) {
            Ok(text) => text.to_string_lossy().into_owned(),
            Err(_) => String::from_utf8_lossy(self.value).into_owned(),
        }
    }

    /// 4 or 16 bytes as an address.
    pub fn address(self) -> Option<IpAddr> {
        if let Ok(octets) = <[u8; 4]>::try_from(self.value) {
            Some(Ipv4Addr::from(octets).into())
        } else {
            <[u8; 16]>::try_from(self.value).ok().map(|octets| Ipv6Addr::from(octets).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::after(&[1, 2, 3]);
        writer.text(1, "eth0");
        writer.nest(2, |inner| {
            inner.u8(3, 7);
            inner.be32(4, 9);
        });
        let body = writer.finish();
        let attributes = Attributes::after(&body, 3);
        assert_eq!(attributes.get(1).unwrap().text(), "eth0");
        assert_eq!(attributes.nested(2).get(3).unwrap().u8(), Some(7));
        assert_eq!(attributes.nested(2).get(4).unwrap().be32(), Some(9));
        assert_eq!(attributes.nested(2).get(4).unwrap().u16(), None);
        assert!(attributes.get(5).is_none());
    }

    #[test]
    fn broken_attributes_end_the_list() {
        for bytes in [&[][..], &[4], &[3, 0, 1, 0], &[200, 0, 1, 0, 5], &[0, 0, 0, 0, 0]] {
            assert_eq!(Attributes::new(bytes).count(), 0, "{bytes:?}");
        }
        assert_eq!(Attributes::new(&[4, 0, 1, 0, 9]).count(), 1);
    }
}
