//! `attach.sock`: a question with a descriptor in, an answer out, one to a connection.
//!
//! Blocking, a thread a connection: the kernel takes one network change at a time (the rtnl lock),
//! so more machinery would only wait in line more elaborately.

use super::Daemon;
use crate::frame::{self, NoFrame};
use crate::protocol::{AttachRequest, Failure, MAX_FRAME, Request, Response};
use model::explain::Reason;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Connections served at once; further ones wait in the listener's backlog.
const MAX_CONNECTIONS: usize = 512;

/// Threads that stay when nothing happens.
const RESERVE: usize = 4;

/// How long a client may take to say all of what it wants, and to take the answer.
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
        // A mistake of ours over one question ends that question, not the thread that others need.
        let conversation = AssertUnwindSafe(|| converse(stream, &self.daemon));
        match std::panic::catch_unwind(conversation) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "attach.sock: a client went away"),
            Err(_) => tracing::error!("attach.sock: a question ended in a panic"),
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
                // The last of many goes; beside the reserve, the first thread stays always.
                if self.all.fetch_sub(1, Ordering::AcqRel) <= RESERVE + 2 {
                    kernel::memory::give_back();
                }
                return;
            }
        }
    }
}

fn converse(stream: UnixStream, daemon: &Daemon) -> io::Result<()> {
    let asked = frame::receive_with_descriptor(&stream, Instant::now() + PATIENCE);
    let response = match asked {
        Ok((bytes, netns)) => answer(daemon, &bytes, netns).unwrap_or_else(Response::Failed),
        Err(NoFrame::TooLong(_)) => Response::Failed(Reason::TooLong { most: MAX_FRAME }.into()),
        Err(NoFrame::Connection(error)) if error.kind() == io::ErrorKind::InvalidData => {
            Response::Failed(Reason::NotUnderstood { why: error.to_string() }.into())
        }
        Err(NoFrame::Connection(error)) => return Err(error),
    };
    let sent = frame::send(&stream, &response, None, Instant::now() + PATIENCE);
    daemon.forwarders.serve();
    sent
}

fn answer(daemon: &Daemon, bytes: &[u8], netns: Option<OwnedFd>) -> Result<Response, Failure> {
    let request: Request = serde_json::from_slice(bytes)
        .map_err(|error| Reason::NotUnderstood { why: error.to_string() })?;
    if let (Request::Attach(AttachRequest { id, .. }) | Request::Check { id }, Some(netns)) =
        (&request, &netns)
        && !kernel::netns::is_network(netns.as_fd())
    {
        return Err(Reason::NotANamespace { id: id.clone() }.into());
    }
    daemon.answer(request, netns)
}
