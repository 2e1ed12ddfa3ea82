//! One question to the daemon on `attach.sock`.

use super::error::Error;
use crate::api;
use crate::client::{self, NoAnswer};
use crate::protocol::{ATTACH_SOCKET, Request, Response};
use kernel::netns::NetNs;
use std::os::fd::AsFd;

/// Asks, and gives the answer if it is a yes.
pub(super) fn ask(request: &Request, netns: Option<&NetNs>) -> Result<Response, Error> {
    match client::ask(request, netns.map(AsFd::as_fd)).map_err(in_api_words)? {
        Response::Failed(failure) => Err(Error::Refused(failure)),
        answer => Ok(answer),
    }
}

/// The same kinds of silence as `api.sock`'s, told in the same words.
fn in_api_words(error: NoAnswer) -> Error {
    use std::io::ErrorKind;
    Error::Api(match error {
        NoAnswer::Down { path, source } => match source.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                api::Error::NotRunning { socket: path }
            }
            ErrorKind::PermissionDenied => api::Error::Permission { path },
            _ => api::Error::Connect { socket: path, source },
        },
        NoAnswer::Silent { path, source } => api::Error::Connect { socket: path, source },
        NoAnswer::Odd { path, why } => {
            api::Error::NotUnderstood { socket: path, asked: "attach".to_owned(), why }
        }
    })
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
