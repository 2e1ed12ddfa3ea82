//! The sixteen 4-byte registers that a rule's expressions hand values on in.
//!
//! A register can hold something the walk does not know; then it holds the reason.

use crate::host::nft::Register;

const SIZE: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Registers {
    bytes: [u8; SIZE],
    unknown: [Option<&'static str>; SIZE],
}

/// A value, or what is known of it.
pub(super) type Value = Result<Vec<u8>, Partly>;

/// Bytes of which some are not known.
pub(super) struct Partly {
    pub(super) bytes: Vec<Option<u8>>,
    pub(super) why: &'static str,
}

impl Partly {
    /// Whether these could be the bytes.
    pub(super) fn could_be(&self, value: &[u8]) -> bool {
        self.bytes.iter().zip(value).all(|(is, value)| is.is_none_or(|is| is == *value))
    }
}

impl Registers {
    pub(super) fn new() -> Self {
        Self { bytes: [0; SIZE], unknown: [None; SIZE] }
    }

    /// Stores a value, filled up with zeros to whole registers as the kernel does; `None` if it
    /// goes beyond the last.
    pub(super) fn store(&mut self, to: Register, value: &[u8]) -> Option<()> {
        let from = usize::from(to.0) * 4;
        let end = from + value.len();
        let padded = end.next_multiple_of(4);
        self.unknown.get_mut(from..padded)?.fill(None);
        let place = self.bytes.get_mut(from..padded)?;
        place.fill(0);
        place[..value.len()].copy_from_slice(value);
        Some(())
    }

    pub(super) fn doubt(&mut self, to: Register, length: usize, why: &'static str) -> Option<()> {
        self.store(to, &vec![0; length])?;
        let from = usize::from(to.0) * 4;
        self.unknown.get_mut(from..from + length)?.fill(Some(why));
        Some(())
    }

    /// The value of so many bytes; `None` if that goes beyond the last register.
    pub(super) fn load(&self, from: Register, length: usize) -> Option<Value> {
        let from = usize::from(from.0) * 4;
        let range = from..from.checked_add(length)?;
        let bytes = self.bytes.get(range.clone())?;
        let unknown = self.unknown.get(range)?;
        let Some(why) = unknown.iter().flatten().next() else { return Some(Ok(bytes.to_vec())) };
        let known = bytes.iter().zip(unknown).map(|(byte, why)| why.is_none().then_some(*byte));
        Some(Err(Partly { bytes: known.collect(), why }))
    }
}
