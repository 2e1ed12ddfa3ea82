//! What the state says, with the names of a namespace's own blanked out: two things that are the same but
//! for whom they are about have one [`Canon`].
//!
//! Looks at the serialised form, so that whatever the state holds is in it.

use super::names::{Names, Owner};
use crate::net::{IpNet, LinkName, Mac};
use serde::Serialize;
use serde_json::Value;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use std::hash::Hash as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// One thing, and whom it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Canon {
    pub(super) hash: u128,
    /// Namespaces that it names, each once.
    pub(super) about: Vec<usize>,
}

pub(super) struct Writer<'n, 'a> {
    names: &'n Names<'a>,
    within: usize,
    hasher: SipHasher13,
    about: Vec<usize>,
}

impl<'n, 'a> Writer<'n, 'a> {
    /// Of something that a namespace holds.
    pub(super) fn new(names: &'n Names<'a>, within: usize, what: &str) -> Self {
        let mut writer = Self { names, within, hasher: SipHasher13::new(), about: Vec::new() };
        writer.word(what);
        writer
    }

    /// What was written.
    pub(super) fn take(&mut self) -> Canon {
        let about = std::mem::take(&mut self.about);
        Canon { hash: self.hasher.finish128().as_u128(), about }
    }

    pub(super) fn word(&mut self, word: &str) -> &mut Self {
        (0_u8, word).hash(&mut self.hasher);
        self
    }

    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        (1_u8, number).hash(&mut self.hasher);
        self
    }

    pub(super) fn owner(&mut self, owner: Owner<'_>) -> &mut Self {
        (2_u8, owner.role).hash(&mut self.hasher);
        if !self.about.contains(&owner.space) {
            self.about.push(owner.space);
        }
        self
    }

    pub(super) fn canon(&mut self, other: &Canon) -> &mut Self {
        (3_u8, other.hash).hash(&mut self.hasher);
        for space in &other.about {
            if !self.about.contains(space) {
                self.about.push(*space);
            }
        }
        self
    }

    pub(super) fn link(&mut self, name: &LinkName) -> &mut Self {
        match self.names.link(self.within, name) {
            Some(owner) => self.owner(owner),
            None => self.word(name.as_str()),
        }
    }

    /// The number of a link of the namespace.
    pub(super) fn index(&mut self, index: u32) -> &mut Self {
        match self.names.index(self.within, index) {
            Some(owner) => self.owner(owner),
            None => self.number(index as usize),
        }
    }

    pub(super) fn address(&mut self, address: IpAddr) -> &mut Self {
        match self.names.address(address) {
            Some(owner) => self.owner(owner),
            None => {
                (4_u8, address).hash(&mut self.hasher);
                self
            }
        }
    }

    /// Anything, by its serialised form.
    pub(super) fn of(&mut self, value: &impl Serialize) -> &mut Self {
        // Everything in a state can be written as JSON.
        self.value(&serde_json::to_value(value).unwrap_or_default())
    }

    fn value(&mut self, value: &Value) -> &mut Self {
        match value {
            Value::Null => self.word("null"),
            Value::Bool(bool) => self.number(usize::from(*bool)),
            Value::Number(number) => self.word(&number.to_string()),
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.number(items.len());
                match bytes(items) {
                    Some(bytes) => self.bytes(&bytes),
                    None => items.iter().fold(self, |this, item| this.value(item)),
                }
            }
            Value::Object(fields) => {
                fields.iter().fold(self, |this, (name, value)| this.word(name).value(value))
            }
        }
    }

    /// A text that may be a name.
    fn text(&mut self, text: &str) -> &mut Self {
        if let Ok(address) = text.parse::<IpAddr>() {
            return self.address(address);
        }
        if let Ok(net) = text.parse::<IpNet>() {
            self.number(net.prefix_len().into());
            if net.addr() != net.network() {
                self.address(net.network());
            }
            return self.address(net.addr());
        }
        if let Ok(end) = text.parse::<SocketAddr>() {
            return self.address(end.ip()).number(end.port().into());
        }
        if let Some(owner) = text.parse::<Mac>().ok().and_then(|mac| self.names.mac(mac)) {
            return self.owner(owner);
        }
        match text.parse::<LinkName>() {
            Ok(name) => self.link(&name),
            Err(_) => self.word(text),
        }
    }

    /// Fields of a register or a key: names among them begin where a slot of 4 bytes does.
    pub(super) fn bytes(&mut self, mut bytes: &[u8]) -> &mut Self {
        while !bytes.is_empty() {
            let (owner, length) = self.named(bytes).unzip();
            if let Some(owner) = owner {
                self.owner(owner);
            } else {
                (5_u8, &bytes[..bytes.len().min(4)]).hash(&mut self.hasher);
            }
            bytes = &bytes[length.unwrap_or(4).min(bytes.len())..];
        }
        self
    }

    fn named(&self, bytes: &[u8]) -> Option<(Owner<'a>, usize)> {
        let names = self.names;
        if let Some(bytes) = bytes.first_chunk::<16>() {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(16);
            let link = std::str::from_utf8(&bytes[..end]).ok().and_then(|t| t.parse().ok());
            let link = link.and_then(|link| names.link(self.within, &link));
            let address = || names.address(IpAddr::V6(Ipv6Addr::from(*bytes)));
            if let Some(owner) = link.or_else(address) {
                return Some((owner, 16));
            }
        }
        let mac = bytes.first_chunk::<6>().and_then(|bytes| names.mac(Mac(*bytes)));
        if let Some(owner) = mac {
            return Some((owner, 8));
        }
        let address = bytes.first_chunk::<4>().map(|bytes| IpAddr::V4(Ipv4Addr::from(*bytes)));
        names.address(address?).map(|owner| (owner, 4))
    }
}

/// The items as bytes, if that is what they are; shorter ones have no room for a name.
fn bytes(items: &[Value]) -> Option<Vec<u8>> {
    let byte = |item: &Value| u8::try_from(item.as_u64()?).ok();
    (items.len() >= 4).then(|| items.iter().map(byte).collect()).flatten()
}
