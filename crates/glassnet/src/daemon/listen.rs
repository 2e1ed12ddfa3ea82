//! `attach.sock`: a question with a descriptor in, an answer out, one to a connection.
//!
//! Blocking, a thread a connection: the kernel takes one network change at a time (the rtnl lock),
//! so more machinery would only wait in line more elaborately.

use super::Daemon;
use crate::protocol::{Code, Failure, MAX_FRAME, Request, Response};
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

/// Threads that stay when nothing happens.
const RESERVE: usize = 4;

/// How long a client may take to say what it wants, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The threads that wait for a client, and all there are. The one that gets a client serves it
/// itself: handing it on would cost another wake-up. Before, it sees to it that somebody waits.
struct Threads {
    listener: UnixListener,
    daemon: Arc<Daemon>,
    waiting: AtomicUsize,
    all: AtomicUsize,
}

/// Serves the listener for ever.
pub(super) fn serve(listener: UnixListener, daemon: Arc<Daemon>) {
    let threads = Threads { listener, daemon, waiting: 1.into(), all: 1.into() };
    let threads = Arc::new(threads);
    loop {
        threads.serve_one();
        threads.waiting.fetch_add(1, Ordering::AcqRel);
    }
}

impl Threads {
    fn serve_one(self: &Arc<Self>) {
        let accepted = self.listener.accept();
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "attach.sock: accept failed");
                std::thread::sleep(Duration::from_millis(50));
                self.waiting.fetch_sub(1, Ordering::AcqRel);
                return;
            }
        };
        if self.waiting.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.reinforce();
        }
        if let Err(error) = converse(stream, &self.daemon) {
            tracing::debug!(%error, "attach.sock: a client went away");
        }
    }

    /// Starts one more thread, unless there are so many that clients had better wait.
    fn reinforce(self: &Arc<Self>) {
        if self.all.fetch_add(1, Ordering::AcqRel) >= MAX_CONNECTIONS {
            self.all.fetch_sub(1, Ordering::AcqRel);
            return;
        }
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let threads = self.clone();
        let spawned = std::thread::Builder::new()
            .name("attach".to_owned())
            .stack_size(512 << 10)
            .spawn(move || threads.follow());
        if let Err(error) = spawned {
            tracing::warn!(%error, "attach.sock: no further thread for clients");
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            self.all.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Serves as long as a reserve is wanted.
    fn follow(self: &Arc<Self>) {
        loop {
            self.serve_one();
            if self.waiting.fetch_add(1, Ordering::AcqRel) >= RESERVE {
                self.waiting.fetch_sub(1, Ordering::AcqRel);
                self.all.fetch_sub(1, Ordering::AcqRel);
                return;
            }
        }
    }
}

fn converse(mut stream: UnixStream, daemon: &Daemon) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (bytes, netns) = receive(&mut stream)?;
    let response = match serde_json::from_slice::<Request>(&bytes) {
        Ok(request) => daemon.answer(request, netns).unwrap_or_else(Response::Failed),
        Err(error) => Response::Failed(Failure {
            code: Code::InvalidRequest,
            message: format!(
                "the daemon does not understand the question: {error}; shim and daemon may be of different versions"
            ),
        }),
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
