//! DEL (SPEC, "`DEL`: Remove container from network, or un-apply modifications"). It needs neither
//! the namespace nor more of the configuration than its version, and what is not there any more is
//! no error. While no daemon answers, the DEL is left on disk for it, and that counts as done.

use super::World;
use super::environment::Environment;
use super::refusal::Refusal;
use crate::failpoint;
use crate::protocol::{QUEUE_DIRECTORY, Request, Response, STATE_DIRECTORY};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use store::{EntryName, Queue, StoreError};

pub(super) fn del(environment: &Environment, world: &World<'_>) -> Result<(), Refusal> {
    let request = Request::Detach { id: environment.id()?.clone() };
    match (world.ask)(&request, None) {
        Ok(Response::Done) => Ok(()),
        Ok(Response::Failed(failure)) => Err(failure.into()),
        Ok(other) => Err(Refusal::unexpected(&other)),
        // It may have been carried out already: a detach can be repeated.
        Err(answer) => (world.leave)(&request).map_err(|queue| Refusal::NotQueued {
            answer: answer.to_string(),
            queue: queue.to_string(),
        }),
    }
}

/// Puts a request into the daemon's queue on disk.
pub(super) fn leave(request: &Request) -> Result<(), StoreError> {
    let state = std::env::var_os("GLASSNET_STATE_DIR").unwrap_or_else(|| STATE_DIRECTORY.into());
    let queue = Queue::open(PathBuf::from(state).join(QUEUE_DIRECTORY))?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let time = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    queue.put(EntryName { time, pid: std::process::id(), sequence: 0 }, request)?;
    failpoint::LEFT.hit();
    Ok(())
}
