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
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Connections served at once; further ones wait in the listener's backlog.
const MAX_CONNECTIONS: usize = 512;

/// How long a client may take to say all of what it wants, and to take the answer.
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
    frame::send(&stream, &response, None, Instant::now() + PATIENCE)
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
