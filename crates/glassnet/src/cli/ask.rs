//! One question to the daemon on `attach.sock`.

use super::error::Error;
use crate::api;
use crate::protocol::{ATTACH_SOCKET, Request, Response};
use kernel::netns::NetNs;

/// Asks, and gives the answer if it is a yes.
pub(super) fn ask(request: &Request, netns: Option<&NetNs>) -> Result<Response, Error> {
    match exchange(request, netns)? {
        Response::Failed(failure) => Err(Error::Refused(failure)),
        answer => Ok(answer),
    }
}

fn exchange(request: &Request, netns: Option<&NetNs>) -> Result<Response, Error> {
    let _ = (request, netns);
    Err(Error::NotBuilt("attach.sock"))
}

/// An answer that belongs to another question.
pub(super) fn unexpected(response: &Response) -> Error {
    let answer = serde_json::to_string(response).unwrap_or_default();
    Error::Api(api::Error::NotUnderstood {
        socket: api::run_directory().join(ATTACH_SOCKET),
        asked: "attach".to_owned(),
        why: answer.chars().take(200).collect(),
    })
}
