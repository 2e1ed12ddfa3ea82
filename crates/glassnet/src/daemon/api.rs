//! `api.sock`: HTTP with JSON for people and tools.

use super::Daemon;
use crate::protocol::{
    AttachmentRow, ChangeNetwork, Code, CreateNetwork, CreatedNetwork, Failure, Status,
    TraceAnswer, TraceQuestion,
};
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use model::cluster::{Network, NetworkName, NodeName};
use model::explain::Reason;
use std::convert::Infallible;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Connections served at once; further ones wait in the listener's backlog.
const MAX_CONNECTIONS: usize = 256;

/// How long a client may take over the head of a question …
const HEAD: Duration = Duration::from_secs(10);

/// … over its body and our work on it together …
const QUESTION: Duration = Duration::from_secs(60);

/// … and how long a connection lives, whatever is done on it. One that takes no answers ends here.
const CONNECTION: Duration = Duration::from_secs(120);

/// Serves the listener for ever. A client that stalls, in whatever part, holds up nobody else, and
/// is gone after a while.
pub(super) async fn serve(listener: UnixListener, daemon: Arc<Daemon>) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::UnixListener::from_std(listener)?;
    let service = TowerToHyperService::new(router(daemon));
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return Ok(()) };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "api.sock: accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let service = service.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |question| in_time(service.call(question)));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                // One that has said all it will, and listens, is answered.
                .half_close(true)
                .serve_connection(TokioIo::new(stream), answer);
            match tokio::time::timeout(CONNECTION, connection).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "api.sock: a client went away"),
                Err(_) => tracing::debug!("api.sock: a client stayed too long"),
            }
            drop(place);
        });
    }
}

async fn in_time(
    answer: impl Future<Output = Result<Response, Infallible>>,
) -> Result<Response, Infallible> {
    match tokio::time::timeout(QUESTION, answer).await {
        Ok(answer) => answer,
        Err(_) => {
            Ok(Failure::from(Reason::TooSlow { seconds: QUESTION.as_secs() }).into_response())
        }
    }
}

fn router(daemon: Arc<Daemon>) -> Router {
    Router::new()
        .route("/v1/status", get(status))
        .route("/v1/networks", get(networks).post(create_network))
        .route("/v1/networks/{name}", get(network).patch(change_network).delete(remove_network))
        .route("/v1/nodes/{name}", delete(forget_node))
        .route("/v1/attachments", get(attachments))
        .route("/v1/state", get(state))
        .route("/v1/trace", post(trace))
        .route("/metrics", get(metrics))
        .fallback(unknown)
        .method_not_allowed_fallback(not_so)
        .with_state(daemon)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.code {
            Code::InvalidRequest | Code::NoNamespace => StatusCode::BAD_REQUEST,
            Code::NoNetwork => StatusCode::NOT_FOUND,
            Code::Exists | Code::InUse | Code::Taken | Code::Differs | Code::Blocked => {
                StatusCode::CONFLICT
            }
            Code::Exhausted | Code::Busy | Code::Cluster => StatusCode::SERVICE_UNAVAILABLE,
            Code::Kernel | Code::Storage | Code::Node => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(self)).into_response()
    }
}

/// Work that may wait for the disk or the kernel is done off the runtime's thread.
async fn blocking<T: Send + 'static>(
    daemon: Arc<Daemon>,
    work: impl FnOnce(&Daemon) -> Result<T, Failure> + Send + 'static,
) -> Result<Json<T>, Failure> {
    let done = tokio::task::spawn_blocking(move || work(&daemon)).await;
    done.unwrap_or_else(|error| Err(Reason::DaemonFailed { why: error.to_string() }.into()))
        .map(Json)
}

fn named(name: Result<Path<NetworkName>, PathRejection>) -> Result<NetworkName, Failure> {
    let Path(name) = name.map_err(|error| Reason::BadName { why: error.body_text() })?;
    Ok(name)
}

type Daemons = State<Arc<Daemon>>;

async fn status(State(daemon): Daemons) -> Result<Json<Status>, Failure> {
    blocking(daemon, |daemon| Ok(daemon.status())).await
}

async fn networks(State(daemon): Daemons) -> Json<Vec<Network>> {
    Json(daemon.book().networks.values().cloned().collect())
}

async fn network(
    State(daemon): Daemons,
    name: Result<Path<NetworkName>, PathRejection>,
) -> Result<Json<Network>, Failure> {
    let name = named(name)?;
    daemon.book().network(&name).cloned().map(Json)
}

async fn create_network(
    State(daemon): Daemons,
    body: Result<axum::body::Bytes, BytesRejection>,
) -> Result<Json<CreatedNetwork>, Failure> {
    let body = body.map_err(|error| Reason::NotANetwork { why: error.body_text() })?;
    let request: CreateNetwork = serde_json::from_slice(&body)
        .map_err(|error| Reason::NotANetwork { why: error.to_string() })?;
    blocking(daemon, move |daemon| daemon.create_network(&request)).await
}

async fn change_network(
    State(daemon): Daemons,
    name: Result<Path<NetworkName>, PathRejection>,
    body: Result<axum::body::Bytes, BytesRejection>,
) -> Result<Json<Network>, Failure> {
    let name = named(name)?;
    let body = body.map_err(|error| Reason::NotANetwork { why: error.body_text() })?;
    let change: ChangeNetwork = serde_json::from_slice(&body)
        .map_err(|error| Reason::NotANetwork { why: error.to_string() })?;
    blocking(daemon, move |daemon| daemon.change_network(&name, &change)).await
}

async fn forget_node(
    State(daemon): Daemons,
    name: Result<Path<NodeName>, PathRejection>,
) -> Result<Json<()>, Failure> {
    let Path(name) = name.map_err(|error| Reason::BadName { why: error.body_text() })?;
    blocking(daemon, move |daemon| daemon.forget_node(&name)).await
}

async fn remove_network(
    State(daemon): Daemons,
    name: Result<Path<NetworkName>, PathRejection>,
) -> Result<Json<()>, Failure> {
    let name = named(name)?;
    blocking(daemon, move |daemon| daemon.remove_network(&name)).await
}

async fn attachments(State(daemon): Daemons) -> Json<Vec<AttachmentRow>> {
    Json(daemon.rows())
}

async fn state(State(daemon): Daemons) -> Result<Json<model::host::Actual>, Failure> {
    blocking(daemon, Daemon::state).await
}

async fn trace(
    State(daemon): Daemons,
    body: Result<axum::body::Bytes, BytesRejection>,
) -> Result<Json<TraceAnswer>, Failure> {
    let body = body.map_err(|error| Reason::NotUnderstood { why: error.body_text() })?;
    let question: TraceQuestion = serde_json::from_slice(&body)
        .map_err(|error| Reason::NotUnderstood { why: error.to_string() })?;
    Ok(Json(match daemon.cluster.clone() {
        Some(cluster) => cluster.trace(question).await,
        None => TraceAnswer::Nobody,
    }))
}

async fn metrics(State(daemon): Daemons) -> String {
    daemon.metrics()
}

async fn not_so() -> Failure {
    Reason::NoSuchMethod.into()
}

async fn unknown() -> Failure {
    Reason::NoSuchAddress.into()
}
