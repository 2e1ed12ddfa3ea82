//! One frame of `attach.sock`, in either direction: the length of what follows as 4 bytes,
//! little-endian, then that many bytes. A descriptor may come with the first byte (`SCM_RIGHTS`).
//!
//! Every wait ends at one moment, however the other side spreads its bytes over time. Memory grows
//! with what arrives, not with what was announced.

use crate::protocol::MAX_FRAME;
use rustix::io::retry_on_intr;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoFrame {
    #[error("{0}")]
    Connection(#[from] io::Error),
    /// It was announced with this many bytes.
    #[error("a frame of {0} bytes; the longest there is has {MAX_FRAME}")]
    TooLong(u32),
}

/// Sends a value as one frame, and a descriptor with its first byte.
pub(crate) fn send(
    stream: &UnixStream,
    value: &impl Serialize,
    descriptor: Option<BorrowedFd<'_>>,
    until: Instant,
) -> io::Result<()> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, value)?;
    let length = u32::try_from(frame.len() - 4).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());

    let descriptors = descriptor.as_slice();
    stream.set_write_timeout(Some(left(until)))?;
    let sent = retry_on_intr(|| {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        sendmsg(stream, &[IoSlice::new(&frame)], &mut control, SendFlags::NOSIGNAL)
    })?;
    Timed { stream, until }.write_all(&frame[sent..])
}

/// The body of one frame.
pub(crate) fn receive(stream: &UnixStream, until: Instant) -> Result<Vec<u8>, NoFrame> {
    body(Timed { stream, until }, Vec::new())
}

/// The body of one frame, and the descriptor that came with its first byte.
pub(crate) fn receive_with_descriptor(
    stream: &UnixStream,
    until: Instant,
) -> Result<(Vec<u8>, Option<OwnedFd>), NoFrame> {
    let mut first = vec![0; 8192];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    stream.set_read_timeout(Some(left(until)))?;
    let received = retry_on_intr(|| {
        let mut into = [IoSliceMut::new(&mut first)];
        recvmsg(stream, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC)
    });
    let received = received.map_err(io::Error::from)?;
    // Descriptors that nobody asked for are closed by being dropped here; the kernel keeps those
    // that there was no room for.
    let mut descriptors = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let descriptor = descriptors.by_ref().flatten().next();
    descriptors.flatten().for_each(drop);
    first.truncate(received.bytes);
    Ok((body(Timed { stream, until }, first)?, descriptor))
}

/// Reads on from what has come already.
fn body(mut from: Timed<'_>, mut come: Vec<u8>) -> Result<Vec<u8>, NoFrame> {
    while come.len() < 4 {
        let mut more = [0; 4];
        let wanted = 4 - come.len();
        let read = from.read(&mut more[..wanted])?;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        come.extend_from_slice(&more[..read]);
    }
    let mut body = come.split_off(4);
    let length = u32::from_le_bytes([come[0], come[1], come[2], come[3]]);
    if length > MAX_FRAME {
        return Err(NoFrame::TooLong(length));
    }
    let missing = u64::from(length).checked_sub(body.len() as u64).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, "more bytes came than were announced")
    })?;
    from.take(missing).read_to_end(&mut body)?;
    if body.len() < length as usize {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(body)
}

/// A stream until a moment in time.
struct Timed<'a> {
    stream: &'a UnixStream,
    until: Instant,
}

/// Zero would mean "for ever".
fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now()).max(Duration::from_micros(1))
}

impl Read for Timed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.until)))?;
        self.stream.read(into)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.until)))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
