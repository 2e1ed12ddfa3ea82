//! The ring: blocks of memory that are the kernel's to fill or ours to read, in turn.
//!
//! Whose a block is stands in its first words, the block's status. It is read with acquire and
//! written with release, so that the packets are seen as they were when it changed hands.

use super::frame::{Frame, Frames, PACKETS, STATUS};
use super::socket::Socket;
use crate::{Error, Result};
use nix::libc;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::os::fd::AsFd as _;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A block holds a packet of 64 KiB with its headers, and for BIG TCP one of 512 KiB.
const SMALLEST_BLOCK: usize = 128 << 10;
const LARGEST_BLOCK: usize = 1 << 20;
/// While we read one, the kernel fills another.
const FEWEST_BLOCKS: usize = 2;

/// How the ring is cut into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Bytes of a block: a power of two, and so whole pages.
    pub(super) block: usize,
    pub(super) blocks: usize,
}

impl Shape {
    fn of(bytes: usize) -> Self {
        let eighth = (bytes / 8).clamp(SMALLEST_BLOCK, LARGEST_BLOCK);
        let block = 1 << eighth.ilog2();
        Self { block, blocks: (bytes / block).max(FEWEST_BLOCKS) }
    }

    fn bytes(self) -> usize {
        self.block * self.blocks
    }

    fn halved(self) -> Option<Self> {
        let half = self.bytes() / 2;
        (half >= FEWEST_BLOCKS * SMALLEST_BLOCK).then(|| Self::of(half))
    }
}

/// A quarter of the machine's memory. For a ring the kernel takes what it can get, and may end
/// processes to get it (`alloc_one_pg_vec_page`).
fn largest() -> usize {
    let machine = rustix::system::sysinfo();
    let unit = usize::try_from(machine.mem_unit).unwrap_or(1);
    usize::try_from(machine.totalram).unwrap_or(usize::MAX).saturating_mul(unit) / 4
}

/// The blocks, mapped.
#[derive(Debug)]
pub(super) struct Ring {
    memory: NonNull<u8>,
    shape: Shape,
    /// The block that comes next, by number.
    next: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread; the pointer is this ring's alone and
// is used only through an exclusive borrow, but for looks at atomic words.
#[allow(unsafe_code)]
unsafe impl Send for Ring {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for Ring {}

impl Ring {
    /// Gives the socket a ring of about so many bytes, or of as many as there is memory for.
    pub(super) fn open(socket: &Socket, bytes: usize, patience: Duration) -> Result<Self> {
        let mut shape = Shape::of(bytes.min(largest()));
        loop {
            let error = match socket.make_ring(shape, patience) {
                Ok(()) => match Self::map(socket, shape) {
                    Ok(ring) => return Ok(ring),
                    Err(error) => {
                        socket.drop_ring();
                        error
                    }
                },
                Err(error) => error,
            };
            let no_memory = error.raw_os_error() == Some(libc::ENOMEM);
            match shape.halved() {
                Some(smaller) if no_memory => shape = smaller,
                _ => {
                    let what = format!("get {} bytes of memory for packets", shape.bytes());
                    return Err(Error::io(what)(error));
                }
            }
        }
    }

    #[allow(unsafe_code)]
    fn map(socket: &Socket, shape: Shape) -> std::io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // The kernel maps every page within the call (`packet_mmap`): there is none to populate.
        // SAFETY: the kernel chooses a place where nothing is mapped.
        let memory = unsafe {
            mmap(std::ptr::null_mut(), shape.bytes(), access, MapFlags::SHARED, socket.as_fd(), 0)?
        };
        let nowhere = || std::io::Error::from_raw_os_error(libc::ENOMEM);
        let memory = NonNull::new(memory.cast()).ok_or_else(nowhere)?;
        Ok(Self { memory, shape, next: 0 })
    }

    pub(super) fn bytes(&self) -> usize {
        self.shape.bytes()
    }

    /// Hands over the packets of the blocks that are ours, at most of one turn, and gives each block
    /// back after its last. How many packets it were is returned.
    pub(super) fn walk(&mut self, snap: u32, mut each: impl FnMut(Frame<'_>)) -> usize {
        let mut packets = 0;
        for _ in 0..self.shape.blocks {
            let Some(block) = self.ready() else { break };
            for frame in Frames::of(block, snap) {
                packets += 1;
                each(frame);
            }
            self.give_back();
        }
        packets
    }

    /// Whether no packet lies in the ring, neither ours to read nor in a block being filled.
    pub(super) fn is_empty(&self) -> bool {
        // Of what is not ours the number is a hint; of a block that is given back it is none.
        !self.is_ours() && self.word(PACKETS).load(Ordering::Relaxed) == 0
    }

    fn is_ours(&self) -> bool {
        self.word(STATUS).load(Ordering::Acquire) & libc::TP_STATUS_USER != 0
    }

    #[allow(unsafe_code)]
    fn ready(&mut self) -> Option<&[u8]> {
        if !self.is_ours() {
            return None;
        }
        // SAFETY: the block lies within the mapping, which lives as long as `self`. It is ours: the
        // kernel does not write to it until it is given back, which takes an exclusive borrow.
        Some(unsafe { std::slice::from_raw_parts(self.block(), self.shape.block) })
    }

    fn give_back(&mut self) {
        // What the kernel adds is then told from what was there before (`is_empty`).
        self.word(PACKETS).store(0, Ordering::Relaxed);
        self.word(STATUS).store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.next = (self.next + 1) % self.shape.blocks;
    }

    /// The word at that place of the next block.
    #[allow(unsafe_code)]
    fn word(&self, at: usize) -> &AtomicU32 {
        // SAFETY: both places are in the block's first 64 bytes and aligned to four; all who look
        // there while the kernel may write use an atomic.
        unsafe { AtomicU32::from_ptr(self.block().add(at).cast()) }
    }

    #[allow(unsafe_code)]
    fn block(&self) -> *mut u8 {
        // SAFETY: `next` is below the number of blocks, so the place is within the mapping.
        unsafe { self.memory.as_ptr().add(self.next * self.shape.block) }
    }
}

impl Drop for Ring {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this length, and nothing borrowed from it lives on.
        let unmapped = unsafe { munmap(self.memory.as_ptr().cast(), self.shape.bytes()) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_an_eighth_of_the_ring_within_limits() {
        const KIB: usize = 1 << 10;
        for (bytes, block, blocks) in [
            (0, 128, 2),
            (256, 128, 2),
            (300, 128, 2),
            (1024, 128, 8),
            (2048, 256, 8),
            (3000, 256, 11),
            (8192, 1024, 8),
            (65536, 1024, 64),
        ] {
            let shape = Shape { block: block * KIB, blocks };
            assert_eq!(Shape::of(bytes * KIB), shape, "{bytes}");
        }
        let mut shape = Shape::of(1 << 30);
        let mut halvings = 0;
        while let Some(smaller) = shape.halved() {
            (shape, halvings) = (smaller, halvings + 1);
        }
        assert_eq!((shape.bytes(), halvings), (256 * KIB, 12));
    }
}
