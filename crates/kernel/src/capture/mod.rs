//! Packets as they pass a link, or all links of a namespace: copies, with what the kernel knows of
//! each. What they mean, and where they go from here, is another's matter.
//!
//! ```text
//! link ──▶ filter ──▶ block │ block │ … ──▶ drain ──▶ Frame, Frame, …
//!            │ no        ring, shared with the kernel
//!            ▼           full: lost, and counted
//!         nothing is copied
//! ```
//!
//! A packet socket (`packet(7)`) with a ring that both sides have mapped (`TPACKET_V3`): a packet is
//! copied once, by the kernel, and no call is made for it. The kernel hands over a block when it is
//! full or [`Options::patience`] has passed, and the socket becomes readable.
//!
//! - A packet on `lo` is seen twice, going out and coming in. So is, over all links of a namespace,
//!   one that passes several of them, such as a bridge and its port. Which one is meant is the
//!   caller's to choose ([`Frame::link`], [`Frame::direction`]).
//! - What leaves is seen as it is given to the link: segments may be joined (up to 64 KiB, with BIG
//!   TCP 512 KiB), checksums may be missing ([`Frame::checksum_to_come`]). What arrives is seen before
//!   the namespace's own rules.
//! - A socket keeps its namespace alive, with all links in it, also when everybody else has left. A
//!   capture in a container has no end of its own.
//!
//! Read `net/packet/af_packet.c` (`tpacket_rcv`, `prb_*`, `packet_notifier`) and
//! `Documentation/networking/packet_mmap.rst`.

mod frame;
mod links;
mod ring;
mod socket;
#[cfg(test)]
mod tests;

pub use frame::{Direction, Frame, Tag};
pub use links::{Link, links};

use crate::netns::inside;
use crate::{Error, Result, socket_filter};
use model::filter::Instruction;
use nix::libc;
use ring::Ring;
use socket::Socket;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// What to capture, and how.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The link's index; none: all links of the namespace, also those that are yet to come.
    pub link: Option<u32>,
    /// Bytes kept of each packet at most. A block of the ring is a limit too: see [`Self::ring`].
    pub snap: u32,
    /// Bytes of the ring, which the kernel cannot swap out: from 256 KiB to a quarter of the machine's
    /// memory. Where there is not as much to be had, it is made smaller: [`Capture::ring`] tells.
    ///
    /// A packet lies in one block; what of it does not fit is cut off, and its length is told all the
    /// same. Blocks have an eighth of the ring, from 128 KiB, which hold any packet but those of BIG
    /// TCP, up to 1 MiB, which hold those.
    pub ring: usize,
    /// Which packets to keep. What it accepts more of than `snap` is cut to that.
    pub filter: Option<&'a [Instruction]>,
    /// Has the link take in packets for other stations, as long as the capture lives. Only for one
    /// link.
    pub promiscuous: bool,
    /// How long a block may wait before it is handed over although it is not full: milliseconds, one
    /// at least. Few packets then come late by that; many small ones come in fewer turns.
    pub patience: Duration,
}

/// A capture that is under way. It ends when dropped.
///
/// To open one takes some milliseconds and to drop one some tens, in which the kernel waits until no
/// processor uses what is changed (`synchronize_net`). Of many links of one namespace, a capture of all
/// of them with a filter is the cheaper one; many captures are dropped on several threads.
#[derive(Debug)]
pub struct Capture {
    socket: Socket,
    ring: Ring,
    link: Option<u32>,
    snap: u32,
    counts: Counts,
}

/// Packets since the opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that the filter let through, with the lost ones.
    pub passed: u64,
    /// Those of them for which the ring had no room.
    pub lost: u64,
}

/// What a look at the ring gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// How many packets were handed over.
    pub packets: usize,
    /// The link is not in the namespace any more, and all packets it had were handed over: none will
    /// follow.
    pub gone: bool,
}

impl Capture {
    /// Opens a capture. No packet is seen before the filter and the ring stand.
    ///
    /// A link that is down is captured when it comes up. An error of a link that is not there says so
    /// by [`Error::already_gone`].
    pub fn open(namespace: BorrowedFd<'_>, options: &Options<'_>) -> Result<Self> {
        let socket = inside(namespace, Socket::open)??;
        socket_filter::attach(socket.as_fd(), &program(options.filter, options.snap))
            .map_err(Error::io("filter what a packet socket hears"))?;
        let ring = Ring::open(&socket, options.ring, options.patience)?;
        if let (true, Some(link)) = (options.promiscuous, options.link) {
            socket.hear_others(link)?;
        }
        socket.bind(options.link)?;
        let (link, snap) = (options.link, options.snap);
        Ok(Self { socket, ring, link, snap, counts: Counts::default() })
    }

    /// Hands over every packet that is ready, the oldest first, without waiting. A block goes back to
    /// the kernel when all of it was looked at. It ends after one turn of the ring, though more may be
    /// ready.
    ///
    /// That a link goes down wakes who polls, and is no end. That it is removed then does *not* wake
    /// anybody: look again after a while, such as a second, even if nothing happened.
    pub fn drain(&mut self, each: impl FnMut(Frame<'_>)) -> Result<Drained> {
        let packets = self.ring.walk(self.snap, each);
        // The error is told once; until it is taken, polling does not wait.
        self.socket.take_error()?;
        // In this order: the kernel adds nothing to the ring after it has let go of the link.
        let gone = self.link.is_some() && self.socket.is_loose()? && self.ring.is_empty();
        Ok(Drained { packets, gone })
    }

    /// The packets until now. The kernel's counters have 32 bits and begin anew with each look: look
    /// before four thousand million packets have passed.
    pub fn counts(&mut self) -> Result<Counts> {
        let (passed, lost) = self.socket.take_counts()?;
        self.counts.passed += u64::from(passed);
        self.counts.lost += u64::from(lost);
        Ok(self.counts)
    }

    /// How many bytes the ring has got.
    pub fn ring(&self) -> usize {
        self.ring.bytes()
    }
}

/// To wait for packets: readable when a block is ready, in error when the link goes down.
impl AsFd for Capture {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The filter for the kernel. What it returns is the number of bytes to keep, so the limit belongs in
/// it: what is not wanted is not copied.
fn program(filter: Option<&[Instruction]>, snap: u32) -> Vec<libc::sock_filter> {
    /// `BPF_RET` of a constant.
    const RETURN: u16 = 0x06;
    let all = [Instruction { code: RETURN, yes: 0, no: 0, operand: u32::MAX }];
    let steps = filter.unwrap_or(&all).iter().map(|step| {
        let operand = match (step.code, step.operand) {
            // None would mean to drop the packet.
            (RETURN, 1..) => step.operand.min(snap.max(1)),
            (_, operand) => operand,
        };
        libc::sock_filter { code: step.code, jt: step.yes, jf: step.no, k: operand }
    });
    steps.collect()
}
