//! Asks the daemon over `attach.sock`: one question and one answer to a connection. Blocking, and
//! with nothing started that the CNI program would have to pay for.

use crate::protocol::{ATTACH_SOCKET, MAX_FRAME, RUN_DIRECTORY, Request, Response};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::io::{self, IoSlice, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// An attach waits for the kernel and for others before it; longer than this it does not.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("no daemon listens at {}: {source}; start it with `glassnet node`", path.display())]
    Down { path: PathBuf, source: io::Error },
    #[error("the daemon at {} does not answer: {source}", path.display())]
    Silent { path: PathBuf, source: io::Error },
    #[error("the daemon at {} answered something odd: {why}", path.display())]
    Odd { path: PathBuf, why: String },
}

/// Where the daemon listens.
pub(crate) fn socket() -> PathBuf {
    let directory = std::env::var_os("GLASSNET_RUN_DIR").unwrap_or_else(|| RUN_DIRECTORY.into());
    PathBuf::from(directory).join(ATTACH_SOCKET)
}

/// Asks, sending the network namespace along, if there is one.
pub(crate) fn ask(request: &Request, netns: Option<BorrowedFd<'_>>) -> Result<Response, NoAnswer> {
    let path = socket();
    let mut stream = UnixStream::connect(&path)
        .map_err(|source| NoAnswer::Down { path: path.clone(), source })?;
    let body = converse(&mut stream, request, netns)
        .map_err(|source| NoAnswer::Silent { path: path.clone(), source })?;
    serde_json::from_slice(&body).map_err(|error| NoAnswer::Odd { path, why: error.to_string() })
}

fn converse(
    stream: &mut UnixStream,
    request: &Request,
    netns: Option<BorrowedFd<'_>>,
) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let body = serde_json::to_vec(request)?;
    let mut frame = u32::try_from(body.len()).map_err(io::Error::other)?.to_le_bytes().to_vec();
    frame.extend_from_slice(&body);

    let descriptors: Vec<BorrowedFd<'_>> = netns.into_iter().collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
    }
    let sent = sendmsg(&*stream, &[IoSlice::new(&frame)], &mut control, SendFlags::NOSIGNAL)?;
    stream.write_all(&frame[sent..])?;

    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "an answer of impossible length"));
    }
    let mut answer = Vec::new();
    stream.take(length.into()).read_to_end(&mut answer)?;
    if answer.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}
