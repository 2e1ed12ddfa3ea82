//! The bytes of a journal: a header, then frames.
//!
//! ```text
//! header  "GLASSJRN" │ version u32 LE │ boot id, 16 bytes │ crc32 LE of the 28 before
//! frame   length u32 LE │ crc32 u32 LE of length and payload │ payload: JSON
//! ```
//!
//! JSON escapes control characters, so no four bytes of a payload read as a length
//! within [`MAX_RECORD`]: a frame can never be found *inside* another, and looking
//! for the next one behind damage finds a real one. A length of zero is invalid, so
//! a tail of zeros, as a power cut leaves it, holds no frames.

use serde::Serialize;

use crate::BootId;

/// The longest record, in bytes of JSON.
pub const MAX_RECORD: usize = 1 << 20;

pub(super) const VERSION: u32 = 1;
pub(super) const HEADER: usize = 32;
pub(super) const FRAME_HEAD: usize = 8;
const MAGIC: &[u8; 8] = b"GLASSJRN";

/// What the first bytes of a file are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    Whole { boot: Option<BootId> },
    Newer { version: u32 },
    Torn,
    Damaged,
}

pub(super) fn header(boot: Option<BootId>) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..28].copy_from_slice(&boot.map_or([0; 16], BootId::to_bytes));
    let sum = crc32fast::hash(&bytes[..28]);
    bytes[28..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

pub(super) fn read_header(bytes: &[u8]) -> Header {
    let Some(bytes) = bytes.first_chunk::<HEADER>() else { return Header::Torn };
    if !bytes.starts_with(MAGIC) || crc32fast::hash(&bytes[..28]) != u32_at(bytes, 28) {
        return Header::Damaged;
    }
    match u32_at(bytes, 8) {
        VERSION => {
            let mut boot = [0; 16];
            boot.copy_from_slice(&bytes[12..28]);
            Header::Whole { boot: BootId::from_bytes(boot) }
        }
        version => Header::Newer { version },
    }
}

/// Why a record cannot become a frame.
#[derive(Debug)]
pub(super) enum Unframeable {
    NotJson(serde_json::Error),
    TooLarge(usize),
}

/// Appends the frame of `record`; on an error `bytes` is as before.
pub(super) fn push_frame<R: Serialize>(bytes: &mut Vec<u8>, record: &R) -> Result<(), Unframeable> {
    let payload = serde_json::to_vec(record).map_err(Unframeable::NotJson)?;
    if payload.len() > MAX_RECORD {
        return Err(Unframeable::TooLarge(payload.len()));
    }
    push_payload(bytes, &payload);
    Ok(())
}

/// Appends a frame. The payload is at most [`MAX_RECORD`] long.
pub(super) fn push_payload(bytes: &mut Vec<u8>, payload: &[u8]) {
    let length = payload.len() as u32;
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&checksum(length, payload).to_le_bytes());
    bytes.extend_from_slice(payload);
}

/// The payload of the frame that begins `bytes`, if a whole and intact one does.
pub(super) fn read_frame(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_at_checked(FRAME_HEAD)?;
    let length = u32_at(head, 0);
    if length == 0 || length as usize > MAX_RECORD {
        return None;
    }
    let payload = rest.get(..length as usize)?;
    (checksum(length, payload) == u32_at(head, 4)).then_some(payload)
}

fn checksum(length: u32, payload: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&length.to_le_bytes());
    sum.update(payload);
    sum.finalize()
}

/// The caller has made sure that four bytes are there.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_these_bytes() {
        let mut bytes = Vec::new();
        push_frame(&mut bytes, &"hi").unwrap();
        assert_eq!(bytes[..4], [4, 0, 0, 0]);
        assert_eq!(bytes[8..], *b"\"hi\"");
        assert_eq!(read_frame(&bytes), Some(&b"\"hi\""[..]));
        for length in 0..bytes.len() {
            assert_eq!(read_frame(&bytes[..length]), None);
        }
    }

    #[test]
    fn no_length_is_believed() {
        for length in [0, MAX_RECORD as u32 + 1, 0x7fff_ffff, u32::MAX] {
            let mut bytes = length.to_le_bytes().to_vec();
            bytes.extend([0; 60]);
            assert_eq!(read_frame(&bytes), None);
        }
    }

    #[test]
    fn a_record_over_the_limit_leaves_no_trace() {
        let mut bytes = b"before".to_vec();
        let error = push_frame(&mut bytes, &"x".repeat(MAX_RECORD - 1)).unwrap_err();
        assert!(matches!(error, Unframeable::TooLarge(n) if n == MAX_RECORD + 1));
        assert_eq!(bytes, b"before");
        push_frame(&mut bytes, &"x".repeat(MAX_RECORD - 2)).unwrap();
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_seen() {
        let boot = "0d5d6e3a-6a1b-4c1e-9f57-0123456789ab".parse().unwrap();
        let whole = header(Some(boot));
        assert_eq!(read_header(&whole), Header::Whole { boot: Some(boot) });
        for bit in 0..HEADER * 8 {
            let mut flipped = whole;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_header(&flipped), Header::Damaged, "bit {bit}");
        }
        assert_eq!(read_header(&whole[..31]), Header::Torn);
    }
}
