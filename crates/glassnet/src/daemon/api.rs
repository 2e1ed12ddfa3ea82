//! `api.sock`: HTTP with JSON for people and tools.

use super::Daemon;
use crate::protocol::{AttachmentRow, Code, CreateNetwork, CreatedNetwork, Failure, Status};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use model::cluster::{Network, NetworkName};
use model::explain::Reason;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

/// Serves the listener for ever.
pub(super) async fn serve(listener: UnixListener, daemon: Arc<Daemon>) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::UnixListener::from_std(listener)?;
    axum::serve(listener, router(daemon)).await
}

fn router(daemon: Arc<Daemon>) -> Router {
    Router::new()
        .route("/v1/status", get(status))
        .route("/v1/networks", get(networks).post(create_network))
        .route("/v1/networks/{name}", get(network).delete(remove_network))
        .route("/v1/attachments", get(attachments))
        .route("/v1/state", get(state))
        .route("/metrics", get(metrics))
        .fallback(unknown)
        .with_state(daemon)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.code {
            Code::InvalidRequest | Code::NoNamespace => StatusCode::BAD_REQUEST,
            Code::NoNetwork => StatusCode::NOT_FOUND,
            Code::Exists | Code::InUse | Code::Taken | Code::Differs => StatusCode::CONFLICT,
            Code::Exhausted | Code::Busy => StatusCode::SERVICE_UNAVAILABLE,
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

type Daemons = State<Arc<Daemon>>;

async fn status(State(daemon): Daemons) -> Result<Json<Status>, Failure> {
    blocking(daemon, |daemon| Ok(daemon.status())).await
}

async fn networks(State(daemon): Daemons) -> Json<Vec<Network>> {
    Json(daemon.book().networks.values().cloned().collect())
}

async fn network(
    State(daemon): Daemons,
    Path(name): Path<NetworkName>,
) -> Result<Json<Network>, Failure> {
    daemon.book().network(&name).cloned().map(Json)
}

async fn create_network(
    State(daemon): Daemons,
    body: axum::body::Bytes,
) -> Result<Json<CreatedNetwork>, Failure> {
    let request: CreateNetwork = serde_json::from_slice(&body)
        .map_err(|error| Reason::NotANetwork { why: error.to_string() })?;
    blocking(daemon, move |daemon| daemon.create_network(&request)).await
}

async fn remove_network(
    State(daemon): Daemons,
    Path(name): Path<NetworkName>,
) -> Result<Json<()>, Failure> {
    blocking(daemon, move |daemon| daemon.remove_network(&name)).await
}

async fn attachments(State(daemon): Daemons) -> Json<Vec<AttachmentRow>> {
    Json(daemon.rows())
}

async fn state(State(daemon): Daemons) -> Result<Json<model::host::Actual>, Failure> {
    blocking(daemon, Daemon::state).await
}

async fn metrics(State(daemon): Daemons) -> String {
    daemon.metrics()
}

async fn unknown() -> Failure {
    Reason::NoSuchAddress.into()
}
