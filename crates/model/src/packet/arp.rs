//! ARP for IPv4 over Ethernet (RFC 826); no other pair is read.

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed, ether_type};
use crate::net::Mac;
use std::net::Ipv4Addr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arp {
    /// 1 asks, 2 answers.
    pub operation: u16,
    pub sender_mac: Mac,
    pub sender: Ipv4Addr,
    pub target_mac: Mac,
    pub target: Ipv4Addr,
}

const ETHERNET: u16 = 1;
const MAC_LENGTH: u8 = 6;
const ADDRESS_LENGTH: u8 = 4;

impl Header for Arp {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let is = |field, value: u16, wanted: u16| match value == wanted {
            true => Ok(()),
            false => Err(Malformed::NotRead { field, value: value.into() }),
        };
        is("arp.hw.type", reader.u16()?, ETHERNET)?;
        is("arp.proto.type", reader.u16()?, ether_type::IPV4)?;
        is("arp.hw.size", reader.u8()?.into(), MAC_LENGTH.into())?;
        is("arp.proto.size", reader.u8()?.into(), ADDRESS_LENGTH.into())?;
        let arp = Self {
            operation: reader.u16()?,
            sender_mac: reader.mac()?,
            sender: reader.ipv4()?,
            target_mac: reader.mac()?,
            target: reader.ipv4()?,
        };
        Ok((arp, reader.at()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.extend(ETHERNET.to_be_bytes());
        to.extend(ether_type::IPV4.to_be_bytes());
        to.extend([MAC_LENGTH, ADDRESS_LENGTH]);
        to.extend(self.operation.to_be_bytes());
        to.extend(self.sender_mac.0);
        to.extend(self.sender.octets());
        to.extend(self.target_mac.0);
        to.extend(self.target.octets());
    }

    fn fields(&self) -> Vec<Field> {
        Fields::new()
            .then("arp.hw.type", 2, ETHERNET)
            .then("arp.proto.type", 2, ether_type::IPV4)
            .then("arp.hw.size", 1, MAC_LENGTH)
            .then("arp.proto.size", 1, ADDRESS_LENGTH)
            .then("arp.opcode", 2, self.operation)
            .then("arp.src.hw_mac", 6, self.sender_mac)
            .then("arp.src.proto_ipv4", 4, self.sender)
            .then("arp.dst.hw_mac", 6, self.target_mac)
            .then("arp.dst.proto_ipv4", 4, self.target)
            .end()
    }
}
