//! The daemon's HTTP interface, as a program without a runtime of its own calls it: each question
//! is one connection to `api.sock`, and blocks until it is answered or its time is up.
//!
//! A refusal by the daemon is [`Error::Refused`], with the daemon's own words; everything else in
//! [`Error`] is about not having got an answer. What to do about either is not said here.

use crate::protocol::{
    API_SOCKET, AttachmentRow, ChangeNetwork, CreateNetwork, CreatedNetwork, Failure,
    RUN_DIRECTORY, Status, TraceAnswer, TraceQuestion,
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use model::cluster::{Network, NetworkName, NodeName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::net::UnixStream;

/// Longest answer in bytes that is read: 1,000 attachments are about 1 MB.
const MAX_ANSWER: usize = 64 << 20;

/// How long an answer may take. The slowest, a network's creation, is a few kernel calls.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why there is no answer, or which.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no daemon listens at {}", socket.display())]
    NotRunning { socket: PathBuf },
    /// `path` is what this user may not use: the socket, or the first directory on the way to it.
    #[error("{} may not be opened", path.display())]
    Permission { path: PathBuf },
    #[error("the connection to {} failed: {source}", socket.display())]
    Connect { socket: PathBuf, source: io::Error },
    #[error("the connection to {} failed: {source}", socket.display())]
    Broken { socket: PathBuf, asked: String, source: hyper::Error },
    #[error("{} did not answer {asked} within {} s", socket.display(), patience.as_secs())]
    Silent { socket: PathBuf, asked: String, patience: Duration },
    #[error("the answer of {} to {asked} was not understood: {why}", socket.display())]
    NotUnderstood { socket: PathBuf, asked: String, why: String },
    #[error(transparent)]
    Refused(Failure),
    #[error("no runtime: {0}")]
    Runtime(io::Error),
}

/// The daemon of one run directory.
pub(crate) struct Api {
    socket: PathBuf,
    patience: Duration,
}

impl Api {
    /// The daemon of this host, or the one that `GLASSNET_RUN_DIR` names.
    pub(crate) fn here() -> Self {
        Self::at(&run_directory())
    }

    pub(crate) fn at(run_directory: &Path) -> Self {
        Self { socket: run_directory.join(API_SOCKET), patience: PATIENCE }
    }

    pub(crate) fn status(&self) -> Result<Status, Error> {
        self.ask(Method::GET, "/v1/status")
    }

    /// The host and its containers as they are.
    pub(crate) fn state(&self) -> Result<model::host::Actual, Error> {
        self.ask(Method::GET, "/v1/state")
    }

    pub(crate) fn networks(&self) -> Result<Vec<Network>, Error> {
        self.ask(Method::GET, "/v1/networks")
    }

    pub(crate) fn network(&self, name: &NetworkName) -> Result<Network, Error> {
        self.ask(Method::GET, &format!("/v1/networks/{name}"))
    }

    pub(crate) fn create_network(&self, network: &CreateNetwork) -> Result<CreatedNetwork, Error> {
        self.send(Method::POST, "/v1/networks", network)
    }

    pub(crate) fn remove_network(&self, name: &NetworkName) -> Result<(), Error> {
        let question = Question::new(Method::DELETE, &format!("/v1/networks/{name}"), Bytes::new());
        self.answer(question).map(drop)
    }

    pub(crate) fn change_network(
        &self,
        name: &NetworkName,
        change: &ChangeNetwork,
    ) -> Result<Network, Error> {
        self.send(Method::PATCH, &format!("/v1/networks/{name}"), change)
    }

    pub(crate) fn forget_node(&self, name: &NodeName) -> Result<(), Error> {
        let question = Question::new(Method::DELETE, &format!("/v1/nodes/{name}"), Bytes::new());
        self.answer(question).map(drop)
    }

    pub(crate) fn attachments(&self) -> Result<Vec<AttachmentRow>, Error> {
        self.ask(Method::GET, "/v1/attachments")
    }

    /// Asks another node, through the store.
    pub(crate) fn trace(&self, question: &TraceQuestion) -> Result<TraceAnswer, Error> {
        self.send(Method::POST, "/v1/trace", question)
    }

    fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, Error> {
        self.understand(Question::new(method, path, Bytes::new()))
    }

    fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let body = serde_json::to_vec(body).expect("a question of ours is always JSON");
        self.understand(Question::new(method, path, body.into()))
    }

    fn understand<T: DeserializeOwned>(&self, question: Question) -> Result<T, Error> {
        let asked = question.asked.clone();
        let body = self.answer(question)?;
        serde_json::from_slice(&body).map_err(|error| self.not_understood(&asked, error))
    }

    /// The body of an answer that is a yes.
    fn answer(&self, question: Question) -> Result<Bytes, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let asked = question.asked.clone();
        let (status, body) = runtime.map_err(Error::Runtime)?.block_on(async {
            tokio::time::timeout(self.patience, self.exchange(question)).await.unwrap_or_else(
                |_| {
                    Err(Error::Silent {
                        socket: self.socket.clone(),
                        asked: asked.clone(),
                        patience: self.patience,
                    })
                },
            )
        })?;
        if status.is_success() {
            return Ok(body);
        }
        Err(match serde_json::from_slice(&body) {
            Ok(failure) => Error::Refused(failure),
            Err(_) => self.not_understood(&asked, format!("HTTP {status}: {}", start(&body))),
        })
    }

    async fn exchange(&self, question: Question) -> Result<(StatusCode, Bytes), Error> {
        let Question { asked, request } = question;
        let broken =
            |source| Error::Broken { socket: self.socket.clone(), asked: asked.clone(), source };
        let stream = UnixStream::connect(&self.socket).await.map_err(|e| self.no_connection(e))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let connection = tokio::spawn(connection);
        let result = async {
            let answer = sender.send_request(request).await.map_err(|error| {
                if error.is_parse() { self.not_understood(&asked, error) } else { broken(error) }
            })?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|error| self.not_understood(&asked, error))?;
            Ok((status, body.to_bytes()))
        };
        let result = result.await;
        connection.abort();
        result
    }

    fn no_connection(&self, source: io::Error) -> Error {
        let socket = self.socket.clone();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                Error::NotRunning { socket }
            }
            io::ErrorKind::PermissionDenied => Error::Permission { path: closed(&socket) },
            _ => Error::Connect { socket, source },
        }
    }

    fn not_understood(&self, asked: &str, why: impl ToString) -> Error {
        let (socket, asked, why) = (self.socket.clone(), asked.to_owned(), why.to_string());
        Error::NotUnderstood { socket, asked, why }
    }
}

/// One request, and how people call it: `GET /v1/status`.
struct Question {
    asked: String,
    request: Request<Full<Bytes>>,
}

impl Question {
    fn new(method: Method, path: &str, body: Bytes) -> Self {
        let asked = format!("{method} {path}");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "glassnet")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .expect("names in paths hold no character that a URI cannot");
        Self { asked, request }
    }
}

/// Where the daemon listens that this process is, if it is one.
static OWN: OnceLock<PathBuf> = OnceLock::new();

/// This process is the daemon of a run directory: what it asks the daemon of this host, it asks itself.
pub(crate) fn is_daemon_at(run_directory: &Path) {
    // There is one daemon in a process.
    let _ = OWN.set(run_directory.to_owned());
}

/// Where the daemon of this host listens.
pub(crate) fn run_directory() -> PathBuf {
    if let Some(own) = OWN.get() {
        return own.clone();
    }
    std::env::var_os("GLASSNET_RUN_DIR")
        .filter(|directory| !directory.is_empty())
        .map_or_else(|| RUN_DIRECTORY.into(), PathBuf::from)
}

/// The first part of a path below which this user sees nothing; the path itself if all are open.
fn closed(path: &Path) -> PathBuf {
    let mut parts: Vec<&Path> = path.ancestors().collect();
    parts.reverse();
    parts
        .windows(2)
        .find(|pair| std::fs::symlink_metadata(pair[1]).is_err())
        .map_or(path, |pair| pair[0])
        .to_owned()
}

/// The start of a body, for an error message.
fn start(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.trim().chars().take(200).collect()
}

#[cfg(test)]
mod tests;
