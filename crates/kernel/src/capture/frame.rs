//! The packets of a block, read where they lie (`linux/if_packet.h`).
//!
//! ```text
//! tpacket_block_desc │ tpacket3_hdr  sockaddr_ll  …  bytes │ tpacket3_hdr  …
//!     first ─────────▲      │ next ───────────────────────▲
//!                           │ mac ──────────────▲
//! ```
//!
//! The kernel alone writes here, yet nothing is believed: a place outside the block ends it.

use nix::libc::{self, sockaddr_ll, tpacket_block_desc, tpacket_hdr_v1, tpacket3_hdr};
use std::mem::offset_of;

/// A block's state and number of packets, for who looks from outside.
pub(super) const STATUS: usize = DESCRIPTION + offset_of!(tpacket_hdr_v1, block_status);
pub(super) const PACKETS: usize = DESCRIPTION + offset_of!(tpacket_hdr_v1, num_pkts);
const DESCRIPTION: usize = offset_of!(tpacket_block_desc, hdr);
const FIRST: usize = DESCRIPTION + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);

/// Within a packet's header: where `sockaddr_ll` begins, and the 802.1Q tag (`tp_vlan_*`).
const ADDRESS: usize = size_of::<tpacket3_hdr>().next_multiple_of(libc::TPACKET_ALIGNMENT);
const HEADER: usize = ADDRESS + size_of::<sockaddr_ll>();
const CONTROL: usize =
    offset_of!(tpacket3_hdr, hv1) + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tci);
const PROTOCOL: usize =
    offset_of!(tpacket3_hdr, hv1) + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tpid);
/// The tag's protocol where the kernel does not tell (before 3.14).
const DOT1Q: u16 = 0x8100;

/// One packet, in the ring's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Nanoseconds since 1970, by the machine's clock. Packets of several processors may be some
    /// microseconds out of order.
    pub time: u64,
    /// The link's index.
    pub link: u32,
    /// What kind of header the bytes begin with (`ARPHRD_*`): 1 Ethernet, 772 loopback, 65534 none.
    pub hardware: u16,
    pub direction: Direction,
    /// `ETH_P_*`, of what follows the tag if there is one.
    pub protocol: u16,
    /// Bytes on the wire, without the tag.
    pub length: u32,
    /// What was kept of them.
    pub bytes: &'a [u8],
    /// The tag that was between the addresses and the protocol, if the kernel or the card had taken it
    /// off.
    pub tag: Option<Tag>,
    /// The checksum of its transport protocol is yet to be filled in, by the card as a rule.
    pub checksum_to_come: bool,
}

/// Whom a packet was for, as the link saw it (`sll_pkttype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    ToUs,
    Broadcast,
    Multicast,
    /// For another station.
    Other,
    Outgoing,
}

/// An 802.1Q tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// 0x8100, or 0x88a8 for an outer one.
    pub protocol: u16,
    /// Priority (3 bits), drop eligible (1), VLAN (12).
    pub control: u16,
}

/// The packets of a block, cut to so many bytes.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    block: &'a [u8],
    at: usize,
    left: u32,
    snap: u32,
}

impl<'a> Frames<'a> {
    pub(super) fn of(block: &'a [u8], snap: u32) -> Self {
        let at = u32_at(block, FIRST) as usize;
        Self { block, at, left: u32_at(block, PACKETS), snap }
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        self.left = self.left.checked_sub(1)?;
        let packet = self.block.get(self.at..)?;
        let next = u32_at(packet, offset_of!(tpacket3_hdr, tp_next_offset));
        let frame = Frame::read(packet, self.snap);
        match next {
            0 => self.left = 0,
            next => self.at += next as usize,
        }
        frame
    }
}

impl<'a> Frame<'a> {
    fn read(packet: &'a [u8], snap: u32) -> Option<Self> {
        let header = packet.first_chunk::<HEADER>()?;
        let status = u32_at(header, offset_of!(tpacket3_hdr, tp_status));
        let begin = usize::from(u16_at(header, offset_of!(tpacket3_hdr, tp_mac)));
        let kept = u32_at(header, offset_of!(tpacket3_hdr, tp_snaplen)).min(snap);
        let seconds = u32_at(header, offset_of!(tpacket3_hdr, tp_sec));
        let nanoseconds = u32_at(header, offset_of!(tpacket3_hdr, tp_nsec));
        let protocol = u16_at(header, ADDRESS + offset_of!(sockaddr_ll, sll_protocol));
        Some(Self {
            time: u64::from(seconds) * 1_000_000_000 + u64::from(nanoseconds),
            link: u32_at(header, ADDRESS + offset_of!(sockaddr_ll, sll_ifindex)),
            hardware: u16_at(header, ADDRESS + offset_of!(sockaddr_ll, sll_hatype)),
            direction: Direction::of(header[ADDRESS + offset_of!(sockaddr_ll, sll_pkttype)]),
            protocol: u16::from_be(protocol),
            length: u32_at(header, offset_of!(tpacket3_hdr, tp_len)),
            bytes: packet.get(begin..)?.get(..kept as usize)?,
            tag: (status & libc::TP_STATUS_VLAN_VALID != 0).then(|| Tag {
                protocol: match status & libc::TP_STATUS_VLAN_TPID_VALID {
                    0 => DOT1Q,
                    _ => u16_at(header, PROTOCOL),
                },
                // The kernel has 32 bits for the 16.
                control: u32_at(header, CONTROL) as u16,
            }),
            checksum_to_come: status & libc::TP_STATUS_CSUMNOTREADY != 0,
        })
    }
}

impl Direction {
    fn of(kind: u8) -> Self {
        match kind {
            libc::PACKET_HOST => Self::ToUs,
            libc::PACKET_BROADCAST => Self::Broadcast,
            libc::PACKET_MULTICAST => Self::Multicast,
            libc::PACKET_OUTGOING => Self::Outgoing,
            _ => Self::Other,
        }
    }
}

/// A number in the machine's order; none is there, none is meant.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(|bytes| bytes.first_chunk())
        .map_or(0, |four| u32::from_ne_bytes(*four))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |two| u16::from_ne_bytes(*two))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A block with two packets: one of six bytes of which four were kept, with a tag, and one of two.
    fn block() -> Vec<u8> {
        let mut block = vec![0; 512];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(8, &1_u32.to_ne_bytes());
        put(12, &2_u32.to_ne_bytes());
        put(16, &48_u32.to_ne_bytes());
        for (at, next, status, kept, length, bytes) in
            [(48, 96, 0x59_u32, 4, 6, &[1, 2, 3, 4][..]), (144, 0, 0x01, 2, 2, &[5, 6])]
        {
            for (offset, word) in [next, 7, 9, kept, length, status].into_iter().enumerate() {
                put(at + 4 * offset, &u32::to_ne_bytes(word));
            }
            put(at + 24, &82_u16.to_ne_bytes());
            put(at + 32, &0x6064_u32.to_ne_bytes());
            put(at + 36, &0x88a8_u16.to_ne_bytes());
            put(at + 50, &[0x08, 0x00]);
            put(at + 52, &3_u32.to_ne_bytes());
            put(at + 56, &1_u16.to_ne_bytes());
            put(at + 58, &[4]);
            put(at + 82, bytes);
        }
        block
    }

    #[test]
    fn packets_are_read_as_the_kernel_writes_them() {
        let block = block();
        let frames: Vec<_> = Frames::of(&block, 1500).collect();
        let first = Frame {
            time: 7_000_000_009,
            link: 3,
            hardware: 1,
            direction: Direction::Outgoing,
            protocol: 0x0800,
            length: 6,
            bytes: &[1, 2, 3, 4],
            tag: Some(Tag { protocol: 0x88a8, control: 0x6064 }),
            checksum_to_come: true,
        };
        let second =
            Frame { length: 2, bytes: &[5, 6], tag: None, checksum_to_come: false, ..first };
        assert_eq!(frames, [first, second]);
        let cut: Vec<_> = Frames::of(&block, 1).map(|frame| (frame.length, frame.bytes)).collect();
        assert_eq!(cut, [(6, &[1][..]), (2, &[5][..])]);
    }

    #[test]
    fn a_tag_whose_protocol_is_not_told_is_the_usual_one() {
        let mut block = block();
        block[48 + 20] &= !0x40;
        let tag = Frames::of(&block, 1500).next().unwrap().tag;
        assert_eq!(tag, Some(Tag { protocol: 0x8100, control: 0x6064 }));
    }

    proptest! {
        #[test]
        fn no_block_is_too_strange(
            changes in prop::collection::vec((0..512_usize, any::<u8>()), 0..64),
            length in 0..=512_usize,
            snap: u32,
        ) {
            let mut block = block();
            for (at, byte) in changes {
                block[at] = byte;
            }
            for frame in Frames::of(&block[..length], snap) {
                prop_assert!(frame.bytes.len() <= length);
            }
        }
    }
}
