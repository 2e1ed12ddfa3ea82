//! A field of a header: its name, its bytes, its value.

use crate::net::Mac;
use serde::Serialize;
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// As Wireshark filters by: `ip.ttl`.
    pub name: &'static str,
    /// Counted from the header's first byte. A field of some bits has the bytes it lies in.
    pub bytes: Range<usize>,
    pub value: Value,
}

/// What a field says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Number(u64),
    Flag(bool),
    Mac(Mac),
    Address(IpAddr),
    Text(String),
    /// Written in hexadecimal digits.
    Bytes(Vec<u8>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{}", u8::from(*flag)),
            Self::Mac(mac) => write!(f, "{mac}"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Text(text) => f.write_str(text),
            Self::Bytes(bytes) => {
                for (place, byte) in bytes.iter().enumerate() {
                    let between = if place == 0 { "" } else { ":" };
                    write!(f, "{between}{byte:02x}")?;
                }
                Ok(())
            }
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident($convert:expr);)*) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant($convert(value))
            }
        })*
    };
}

from! {
    u8 => Number(u64::from);
    u16 => Number(u64::from);
    u32 => Number(u64::from);
    u64 => Number(u64::from);
    bool => Flag(bool::from);
    Mac => Mac(Mac::from);
    std::net::Ipv4Addr => Address(IpAddr::V4);
    std::net::Ipv6Addr => Address(IpAddr::V6);
    String => Text(String::from);
    &str => Text(str::to_owned);
    &[u8] => Bytes(<[u8]>::to_vec);
}

/// Fields with a length in bytes each, one behind the other; a length of 0 shares the byte before it.
pub(super) struct Fields {
    fields: Vec<Field>,
    at: usize,
}

impl Fields {
    pub(super) fn new() -> Self {
        Self { fields: Vec::new(), at: 0 }
    }

    /// The next so many bytes.
    pub(super) fn then(
        mut self,
        name: &'static str,
        length: usize,
        value: impl Into<Value>,
    ) -> Self {
        let bytes = self.at..self.at + length;
        self.at = bytes.end;
        self.fields.push(Field { name, bytes, value: value.into() });
        self
    }

    /// Some bits of bytes to come, from so many on: they are stepped over by [`Self::skip`].
    pub(super) fn bits(
        mut self,
        name: &'static str,
        within: Range<usize>,
        value: impl Into<Value>,
    ) -> Self {
        let bytes = self.at + within.start..self.at + within.end;
        self.fields.push(Field { name, bytes, value: value.into() });
        self
    }

    pub(super) fn skip(mut self, length: usize) -> Self {
        self.at += length;
        self
    }

    /// What is there only if it is not empty.
    pub(super) fn rest(self, name: &'static str, bytes: &[u8]) -> Self {
        if bytes.is_empty() { self } else { self.then(name, bytes.len(), bytes) }
    }

    pub(super) fn end(self) -> Vec<Field> {
        self.fields
    }
}
