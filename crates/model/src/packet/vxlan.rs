//! VXLAN (RFC 7348 §5), with the group policy bits that some send left as they are.

use super::field::Fields;
use super::reader::Reader;
use super::{Field, Header, Malformed};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vxlan {
    /// Bit 3 of the first byte says that the identifier is valid.
    pub flags: u16,
    /// Group policy (draft-smith-vxlan-group-policy), else 0.
    pub group: u16,
    /// 24 bits.
    pub vni: u32,
    pub reserved: u8,
}

impl Vxlan {
    pub const VALID: u16 = 0x0800;
}

impl Header for Vxlan {
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut reader = Reader::new(bytes);
        let (flags, group, last) = (reader.u16()?, reader.u16()?, reader.u32()?);
        if flags & Self::VALID == 0 {
            return Err(Malformed::Impossible { field: "vxlan.flags", value: flags.into() });
        }
        let header = Self { flags, group, vni: last >> 8, reserved: (last & 0xff) as u8 };
        Ok((header, reader.at()))
    }

    fn emit(&self, to: &mut Vec<u8>) {
        to.extend(self.flags.to_be_bytes());
        to.extend(self.group.to_be_bytes());
        to.extend((self.vni << 8 | u32::from(self.reserved)).to_be_bytes());
    }

    fn fields(&self) -> Vec<Field> {
        Fields::new()
            .then("vxlan.flags", 2, self.flags)
            .then("vxlan.gbp", 2, self.group)
            .then("vxlan.vni", 3, self.vni)
            .then("vxlan.reserved8", 1, self.reserved)
            .end()
    }
}
