//! `attach.sock`: a question with a descriptor in, an answer out, one to a connection.
//!
//! Blocking, a thread a connection: the kernel takes one network change at a time (the rtnl lock),
//! so more machinery would only wait in line more elaborately.

use super::Daemon;
use crate::protocol::{MAX_FRAME, Request, Response};
use model::explain::Reason;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Connections served at once; further ones wait in the listener's backlog.
const MAX_CONNECTIONS: usize = 512;

/// How long a client may take to say what it wants, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves the listener for ever.
pub(super) fn serve(listener: UnixListener, daemon: Arc<Daemon>) {
    let served = Arc::new(AtomicUsize::new(0));
    for connection in listener.incoming() {
        let stream = match connection {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "attach.sock: accept failed");
                std::thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        while served.load(Ordering::Acquire) >= MAX_CONNECTIONS {
            std::thread::sleep(Duration::from_millis(1));
        }
        served.fetch_add(1, Ordering::AcqRel);
        let (daemon, done) = (daemon.clone(), served.clone());
        let spawned = std::thread::Builder::new()
            .name("attach".to_owned())
            .stack_size(512 << 10)
            .spawn(move || {
                if let Err(error) = converse(stream, &daemon) {
                    tracing::debug!(%error, "attach.sock: a client went away");
                }
                done.fetch_sub(1, Ordering::AcqRel);
            });
        if let Err(error) = spawned {
            tracing::warn!(%error, "attach.sock: no thread for a client");
            served.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn converse(mut stream: UnixStream, daemon: &Daemon) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (bytes, netns) = receive(&mut stream)?;
    let response = match serde_json::from_slice::<Request>(&bytes) {
        Ok(request) => daemon.answer(request, netns).unwrap_or_else(Response::Failed),
        Err(error) => Response::Failed(Reason::NotUnderstood { why: error.to_string() }.into()),
    };
    let body = serde_json::to_vec(&response).map_err(io::Error::other)?;
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    let mut frame = length.to_le_bytes().to_vec();
    frame.extend_from_slice(&body);
    stream.write_all(&frame)
}

/// One frame, and the descriptor that came with its first byte.
fn receive(stream: &mut UnixStream) -> io::Result<(Vec<u8>, Option<OwnedFd>)> {
    let mut first = vec![0; 8192];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        &mut *stream,
        &mut [IoSliceMut::new(&mut first)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    // Descriptors that nobody asked for are closed by being dropped here.
    let netns = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .next();
    first.truncate(received.bytes);
    while first.len() < 4 {
        let mut more = [0; 4];
        let n = stream.read(&mut more)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        first.extend_from_slice(&more[..n]);
    }
    let mut body = first.split_off(4);
    let length = u32::from_le_bytes([first[0], first[1], first[2], first[3]]);
    if length > MAX_FRAME || body.len() > length as usize {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame of impossible length"));
    }
    // Memory grows with what arrives, not with what was announced.
    let missing = u64::from(length) - body.len() as u64;
    stream.take(missing).read_to_end(&mut body)?;
    if body.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((body, netns))
}
