//! A packet as it was seen, and where.

use crate::cli::error::Error;
use model::packet::{Dissection, Start, dissect};
use std::borrow::Cow;

/// Where packets come from: a link of a place, or an interface that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    /// As people call the namespace; empty if a file tells none.
    pub(super) place: String,
    pub(super) link: String,
    /// What its packets begin with: `LINKTYPE_*` of pcap files.
    pub(super) link_type: u32,
    /// What else is known of it: the names of its namespace, its number.
    pub(super) comment: String,
}

impl Interface {
    /// What its packets begin with, if that is read here.
    pub(super) fn start(&self) -> Option<Start> {
        match self.link_type {
            ETHERNET => Some(Start::Ethernet),
            RAW_IP | RAW_IP_OLD | IPV4 | IPV6 => Some(Start::Ip),
            _ => None,
        }
    }

    /// `web:eth0`.
    pub(super) fn name(&self) -> String {
        match &self.place[..] {
            "" => self.link.clone(),
            place => format!("{place}:{}", self.link),
        }
    }
}

/// `LINKTYPE_ETHERNET`, `_RAW`, `_IPV4`, `_IPV6`; and one for what nobody reads (`_USER0`).
pub(super) const ETHERNET: u32 = 1;
pub(super) const RAW_IP: u32 = 101;
const RAW_IP_OLD: u32 = 12;
const IPV4: u32 = 228;
const IPV6: u32 = 229;
pub(super) const UNREAD: u32 = 147;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen<'a> {
    /// Nanoseconds since 1970.
    pub(super) time: u64,
    /// The interface's number, from 0.
    pub(super) interface: usize,
    /// Whether it was on its way out there; `None` if a file does not tell.
    pub(super) outgoing: Option<bool>,
    /// Bytes it had on the wire.
    pub(super) length: u32,
    pub(super) bytes: Cow<'a, [u8]>,
    /// A checksum in it is for the card to fill in.
    pub(super) checksum_to_come: bool,
}

impl Seen<'_> {
    pub(super) fn owned(self) -> Seen<'static> {
        Seen { bytes: Cow::Owned(self.bytes.into_owned()), ..self }
    }

    pub(super) fn dissect(&self, interface: &Interface) -> Dissection {
        match interface.start() {
            Some(start) => dissect(&self.bytes, start),
            None => Dissection::default(),
        }
    }
}

/// Where packets go: a view, a file.
pub(super) trait Sink {
    /// A packet, in the order of their times; `interfaces` has at least its own.
    fn packet(&mut self, seen: &Seen<'_>, interfaces: &[Interface]) -> Result<(), Error>;

    /// Nothing older than this time will come: what waits for more need not. Called now and then.
    fn until(&mut self, _time: u64, _interfaces: &[Interface]) -> Result<(), Error> {
        Ok(())
    }

    /// There is no more. `lost` of each interface, where it is known.
    fn end(&mut self, totals: &Totals, interfaces: &[Interface]) -> Result<(), Error>;
}

/// What came of a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) packets: u64,
    pub(super) lost: u64,
    /// By place: the numbers of its interfaces, packets that passed its filter, and the lost of them.
    pub(super) places: Vec<(Vec<usize>, u64, u64)>,
}
