//! The verbs, each one question to the daemon.

use super::config::Config;
use super::environment::{self, Lookup};
use super::failure::{CONFIG, CniError, DIFFERS, ENVIRONMENT, IO, NOT_AVAILABLE, TRY_AGAIN};
use super::result;
use crate::client::{self, NoAnswer};
use crate::protocol::{AttachRequest, Code, QUEUE_DIRECTORY, Request, Response, STATE_DIRECTORY};
use model::cluster::AttachmentId;
use rustix::fs::{Mode, OFlags};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use store::{EntryName, Queue};

/// `nsfs`, where namespaces live (`linux/magic.h`).
const NSFS_MAGIC: i64 = 0x6e73_6673;

fn open(path: &str) -> Result<OwnedFd, CniError> {
    let no = |why: String| {
        CniError::new(ENVIRONMENT, format!("CNI_NETNS {path} is not a network namespace: {why}"))
    };
    let opened = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let netns = opened.map_err(|error| no(std::io::Error::from(error).to_string()))?;
    let system =
        rustix::fs::fstatfs(&netns).map_err(|error| no(std::io::Error::from(error).to_string()))?;
    #[allow(clippy::unnecessary_cast)] // The field's type differs between architectures.
    if system.f_type as i64 == NSFS_MAGIC {
        Ok(netns)
    } else {
        Err(no("it is another kind of file".to_owned()))
    }
}

fn odd(response: &Response) -> CniError {
    CniError::new(TRY_AGAIN, format!("the daemon gave an answer to another question: {response:?}"))
}

pub(super) fn add(config: &Config, version: &str, lookup: Lookup<'_>) -> Result<String, CniError> {
    let id = environment::attachment(lookup)?;
    let path = environment::netns(lookup)?;
    let arguments = environment::arguments(lookup)?;
    let request = Request::Attach(AttachRequest {
        id,
        network: config.network()?,
        runtime: config.name.clone(),
        netns: path.clone(),
        addresses: config.addresses(&arguments)?,
        mac: config.mac(&arguments)?,
        publish: config.publish()?,
        bandwidth: config.bandwidth()?,
        // In a chain another plugin may have made the way out already.
        default_route: config.default_route.unwrap_or_else(|| config.prev_result.is_none()),
    });
    let netns = open(&path)?;
    match client::ask(&request, Some(netns.as_fd()))? {
        Response::Attached(attached) => result::document(config, version, &attached, &path),
        Response::Failed(failure) => Err(failure.into()),
        other => Err(odd(&other)),
    }
}

/// What is not there is gone, and a daemon that is down does it later: DEL fails only when neither
/// it nor the disk can be told.
pub(super) fn del(lookup: Lookup<'_>) -> Result<String, CniError> {
    let id = environment::attachment(lookup)?;
    let request = Request::Detach { id: id.clone() };
    match client::ask(&request, None) {
        Ok(Response::Done) => Ok(String::new()),
        Ok(Response::Failed(failure)) => Err(failure.into()),
        Ok(other) => Err(odd(&other)),
        // Asked twice it does no harm, so an answer that was lost is no different.
        Err(NoAnswer::Down { .. } | NoAnswer::Silent { .. }) => queue(&id, &request),
        Err(odd) => Err(odd.into()),
    }
}

fn queue(id: &AttachmentId, request: &Request) -> Result<String, CniError> {
    let state = std::env::var_os("GLASSNET_STATE_DIR").unwrap_or_else(|| STATE_DIRECTORY.into());
    let directory = PathBuf::from(state).join(QUEUE_DIRECTORY);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = EntryName {
        time: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX),
        pid: std::process::id(),
        sequence: 0,
    };
    Queue::open(directory).and_then(|queue| queue.put(name, request)).map_err(|error| {
        CniError::new(
            IO,
            format!("the daemon is down and the detach of {id} cannot be queued: {error}"),
        )
    })?;
    Ok(String::new())
}

pub(super) fn check(config: &Config, lookup: Lookup<'_>) -> Result<String, CniError> {
    let id = environment::attachment(lookup)?;
    let path = environment::netns(lookup)?;
    let previous = config.prev_result.as_ref().ok_or_else(|| {
        CniError::new(
            CONFIG,
            "CHECK needs the prevResult of the ADD, and the configuration has none",
        )
    })?;
    let netns = open(&path)?;
    match client::ask(&Request::Check { id: id.clone() }, Some(netns.as_fd()))? {
        Response::Checked { mut differences, attachment } => {
            differences.extend(result::lacking(previous, &attachment));
            if differences.is_empty() {
                return Ok(String::new());
            }
            let message = format!("{id} is not as it was attached: {}", differences.join("; "));
            Err(CniError::new(DIFFERS, message)
                .with("detach and attach it again, or see `glassnet status`"))
        }
        Response::Failed(failure) => Err(failure.into()),
        other => Err(odd(&other)),
    }
}

pub(super) fn gc(config: &Config) -> Result<String, CniError> {
    let request = Request::Collect {
        runtime: config.name.clone(),
        network: config.network()?,
        keep: config.keep()?,
    };
    match client::ask(&request, None)? {
        Response::Collected { .. } => Ok(String::new()),
        Response::Failed(failure) => Err(failure.into()),
        other => Err(odd(&other)),
    }
}

pub(super) fn status(config: &Config) -> Result<String, CniError> {
    let not_available = |error: CniError| CniError { code: NOT_AVAILABLE, ..error };
    let network = config.network()?;
    match client::ask(&Request::Ready { network }, None)
        .map_err(|error| not_available(error.into()))?
    {
        Response::Done => Ok(String::new()),
        Response::Failed(failure) if failure.code == Code::InvalidRequest => Err(failure.into()),
        Response::Failed(failure) => Err(not_available(failure.into())),
        other => Err(odd(&other)),
    }
}
