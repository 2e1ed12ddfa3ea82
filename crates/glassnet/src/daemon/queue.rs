//! Detaches that were asked for while the daemon was down.

use super::{Daemon, lock};
use crate::protocol::Request;
use model::cluster::ContainerId;
use rustix::fs::inotify;
use std::mem::MaybeUninit;
use std::path::Path;

/// Carries out, for ever, what is queued from now on: a shim that found no daemon may put its detach
/// there after the daemon's start has looked.
pub(super) fn serve(daemon: &Daemon, directory: &Path) {
    let watch = || {
        let events = inotify::init(inotify::CreateFlags::CLOEXEC)?;
        inotify::add_watch(&events, directory, inotify::WatchFlags::MOVED_TO)?;
        // What came before the watch.
        daemon.drain_queue_for(None);
        let mut space = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&events, &mut space);
        loop {
            reader.next()?;
            daemon.drain_queue_for(None);
        }
    };
    let outcome: Result<std::convert::Infallible, rustix::io::Errno> = watch();
    let Err(error) = outcome;
    tracing::error!(%error, "cannot watch the queue of detaches; they wait for the next attach");
}

impl Daemon {
    /// Carries queued detaches out: all, or those of one container, which must come before it is
    /// attached again.
    pub(super) fn drain_queue_for(&self, container: Option<&ContainerId>) {
        match self.queue.names() {
            Ok(names) if names.is_empty() => return,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot look into the queue of detaches");
                return;
            }
        }
        let _one_by_one = lock(&self.draining);
        tracing::info!(?container, "carrying out queued detaches");
        let drained = self.queue.drain(|name, request: Request| match request {
            Request::Detach { id } => self.detach(&id).map(drop),
            other => {
                tracing::warn!(
                    ?name,
                    ?other,
                    "the queue held something else than a detach; dropped"
                );
                Ok(())
            }
        });
        match drained {
            Ok(drained) => {
                for finding in &drained.unreadable {
                    tracing::warn!(?finding, "a queued detach could not be read");
                }
                for (name, failure) in &drained.kept {
                    tracing::warn!(?name, %failure, "a queued detach failed and stays queued");
                }
            }
            Err(error) => tracing::warn!(%error, "cannot carry out queued detaches"),
        }
    }
}
