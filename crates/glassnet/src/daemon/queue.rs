//! Detaches that were asked for while the daemon was down.

use super::Daemon;
use crate::protocol::Request;
use model::cluster::ContainerId;

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
