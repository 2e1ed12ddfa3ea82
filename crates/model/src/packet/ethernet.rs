//! Ethernet II (IEEE 802.3) and its tags (IEEE 802.1Q).

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed};
use crate::net::Mac;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ethernet {
    pub destination: Mac,
    pub source: Mac,
    /// [`ether_type`](super::ether_type); below 0x0600 it is a length (IEEE 802.2), which is not read.
    pub ether_type: u16,
}

impl Header for Ethernet {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let (destination, source) = (reader.mac()?, reader.mac()?);
        let ether_type = reader.u16()?;
        Ok((Self { destination, source, ether_type }, reader.at()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.extend(self.destination.0);
        to.extend(self.source.0);
        to.extend(self.ether_type.to_be_bytes());
    }

    fn fields(&self) -> Vec<Field> {
        Fields::new()
            .then("eth.dst", 6, self.destination)
            .then("eth.src", 6, self.source)
            .then("eth.type", 2, self.ether_type)
            .end()
    }
}

/// A tag, behind an ether type of 0x8100 or 0x88a8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlan {
    /// 0 to 7.
    pub priority: u8,
    pub drop_eligible: bool,
    /// 12 bits.
    pub id: u16,
    pub ether_type: u16,
}

impl Header for Vlan {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let (control, ether_type) = (reader.u16()?, reader.u16()?);
        let (priority, drop_eligible) = ((control >> 13) as u8, control & 0x1000 != 0);
        let tag = Self { priority, drop_eligible, id: control & 0xfff, ether_type };
        Ok((tag, reader.at()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        let flag = u16::from(self.drop_eligible) << 12;
        let control = u16::from(self.priority) << 13 | flag | self.id & 0xfff;
        to.extend(control.to_be_bytes());
        to.extend(self.ether_type.to_be_bytes());
    }

    fn fields(&self) -> Vec<Field> {
        Fields::new()
            .bits("vlan.priority", 0..1, self.priority)
            .bits("vlan.dei", 0..1, self.drop_eligible)
            .then("vlan.id", 2, self.id)
            .then("vlan.etype", 2, self.ether_type)
            .end()
    }
}
