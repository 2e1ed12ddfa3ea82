//! Files of captured packets, as much of them as these tests need (draft-ietf-opsawg-pcap).

use std::fs;
use std::path::Path;

/// `LINKTYPE_*`.
pub(crate) const ETHERNET: u32 = 1;
/// IPv4 or IPv6 without anything before it.
pub(crate) const RAW: u32 = 101;

/// Of the first packet, in seconds: each has a second of its own, which names it.
const FIRST: u32 = 1_700_000_000;
/// Times are in microseconds; 2.4.
const MAGIC: u32 = 0xa1b2_c3d4;
const VERSION: u32 = 2 | 4 << 16;
const SNAP: u32 = 262_144;
const HEADER: usize = 24;
const RECORD: usize = 16;

/// Writes packets, each with the length that it had on the wire; the second of its time stamp says
/// which one it is.
pub(crate) fn write<'p>(
    path: &Path,
    link_type: u32,
    packets: impl IntoIterator<Item = (&'p [u8], usize)>,
) {
    let mut file = Vec::new();
    for number in [MAGIC, VERSION, 0, 0, SNAP, link_type] {
        file.extend(number.to_le_bytes());
    }
    for (number, (bytes, length)) in (FIRST..).zip(packets) {
        for number in [number, 0, bytes.len() as u32, length as u32] {
            file.extend(number.to_le_bytes());
        }
        file.extend(bytes);
    }
    fs::write(path, file).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// The packets of a file with their numbers in the one that [`write`] wrote.
pub(crate) fn read(path: &Path) -> Vec<(usize, Vec<u8>)> {
    let file = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let number = |at: usize| u32::from_le_bytes(*file[at..].first_chunk().expect("a whole record"));
    assert_eq!(number(0), MAGIC, "microseconds, in this machine's order");
    let (mut at, mut packets) = (HEADER, Vec::new());
    while at < file.len() {
        let (time, length) = (number(at), number(at + 8) as usize);
        at += RECORD;
        packets.push((time.wrapping_sub(FIRST) as usize, file[at..at + length].to_vec()));
        at += length;
    }
    packets
}
