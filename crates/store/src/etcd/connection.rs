//! Asking the store: one member at a time, each for a limited time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcd_client::{Client as Connection, ConnectOptions, Error as EtcdError, GetOptions};
use tokio::time::{Instant, timeout};

use super::credentials::Credentials;
use super::diagnose::diagnose;
use super::fault::{self, Failed};
use super::{Endpoint, Error, Fault, Options, Revision, Tried};

/// A client of the store. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    line: Mutex<Line>,
    /// Of what is to be gone after a while, with when it was granted.
    lease: Mutex<Option<(i64, Instant)>>,
}

/// The member that is asked now.
#[derive(Default)]
struct Line {
    /// Goes up with each connection that was given up.
    turn: u64,
    connection: Option<Open>,
}

#[derive(Clone)]
struct Open {
    connection: Connection,
    credentials: Option<Arc<Credentials>>,
}

/// By which connection an answer came.
#[derive(Clone, Debug)]
pub(super) struct Via {
    pub(super) endpoint: Endpoint,
    turn: u64,
    identity: bool,
}

/// How a call ended that brought no answer.
pub(super) enum Unanswered {
    Away(Error),
    Compacted(Via),
    NoLease(Via),
}

impl Client {
    /// Makes no connection yet; only reads the certificates, so that what is wrong with them is
    /// known at once.
    pub fn new(options: Options) -> Result<Self, Error> {
        options.tls.as_ref().map(Credentials::read).transpose()?;
        Ok(Self {
            shared: Arc::new(Shared { options, line: Mutex::default(), lease: Mutex::default() }),
        })
    }

    /// Asks the store whether it is there and can decide; says who answered.
    pub async fn reach(&self) -> Result<(Endpoint, Revision), Error> {
        let options = || Some(GetOptions::new().with_count_only());
        let (answer, via) = self
            .call(|mut etcd| {
                let key = self.options().prefix.clone();
                async move { etcd.get(key, options()).await }
            })
            .await?;
        Ok((via.endpoint, Revision::of(answer.header())))
    }

    pub(super) fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Asks one member after the other until one answers; all within the time of a call.
    pub(super) async fn call<T, F>(
        &self,
        ask: impl Fn(Connection) -> F,
    ) -> Result<(T, Via), Unanswered>
    where
        F: Future<Output = Result<T, EtcdError>>,
    {
        let timeouts = self.options().timeouts;
        let end = Instant::now() + timeouts.call;
        let mut tried: Vec<Tried> = Vec::new();
        // A connection that was cut since the last call is worth a second try.
        let mut attempts = self.options().address.endpoints.len();
        let mut once_more = true;
        while attempts > 0 {
            attempts -= 1;
            let (open, via) = self.open().await?;
            let limit = timeouts.attempt.min(end.saturating_duration_since(Instant::now()));
            if limit.is_zero() {
                break;
            }
            let fault = match timeout(limit, ask(open.connection)).await {
                Ok(Ok(answer)) => return Ok((answer, via)),
                Ok(Err(error)) => match via.failed(&error) {
                    Failed::Fault(fault) => fault,
                    Failed::Compacted => return Err(Unanswered::Compacted(via)),
                    Failed::NoLease => return Err(Unanswered::NoLease(via)),
                },
                Err(_) => fault::no_answer(limit),
            };
            if fault == Fault::Closed && std::mem::take(&mut once_more) {
                attempts += 1;
            }
            self.give_up(&via);
            let limit = timeouts.attempt.min(end.saturating_duration_since(Instant::now()));
            let fault = self.explained(fault, &via, open.credentials.as_deref(), limit).await;
            tried.retain(|Tried::At { endpoint, .. }| *endpoint != via.endpoint.to_string());
            tried.push(Tried::At { endpoint: via.endpoint.to_string(), fault });
        }
        Err(Unanswered::Away(Error::Away { tried }))
    }

    /// A fault that may have a reason behind it, with that reason.
    async fn explained(
        &self,
        fault: Fault,
        via: &Via,
        credentials: Option<&Credentials>,
        limit: Duration,
    ) -> Fault {
        match fault {
            Fault::Closed | Fault::Other { .. } | Fault::Unreached { .. } | Fault::Tls { .. }
                if !limit.is_zero() =>
            {
                diagnose(&via.endpoint, credentials, limit).await.unwrap_or(fault)
            }
            clear => clear,
        }
    }

    /// The connection to the member whose turn it is.
    async fn open(&self) -> Result<(Open, Via), Error> {
        let options = self.options();
        let turn = {
            let line = self.line();
            if let Some(open) = &line.connection {
                return Ok((open.clone(), self.via(line.turn, open)));
            }
            line.turn
        };
        let endpoint = self.endpoint(turn);
        let credentials = options.tls.as_ref().map(Credentials::read).transpose()?;
        let mut connect = ConnectOptions::new()
            .with_connect_timeout(options.timeouts.attempt)
            // A member that is cut off from the others says so, rather than telling old news.
            .with_require_leader(true);
        if let Some(credentials) = &credentials {
            connect = connect.with_tls(credentials.options(endpoint));
        }
        let scheme = if credentials.is_some() { "https" } else { "http" };
        // Without a user name this sends nothing yet.
        let connection = Connection::connect([format!("{scheme}://{endpoint}")], Some(connect))
            .await
            .map_err(|error| {
                let via = Via { endpoint: endpoint.clone(), turn, identity: false };
                via.away(Fault::Other { why: fault::last_of(&error) })
            })?;
        let open = Open { connection, credentials: credentials.map(Arc::new) };
        let mut line = self.line();
        if line.turn == turn {
            line.connection.get_or_insert_with(|| open.clone());
        }
        drop(line);
        let via = self.via(turn, &open);
        Ok((open, via))
    }

    /// Nobody is to ask by this connection any more: the next member has its turn.
    pub(super) fn give_up(&self, via: &Via) {
        let mut line = self.line();
        if line.turn == via.turn {
            *line = Line { turn: via.turn + 1, connection: None };
        }
    }

    fn endpoint(&self, turn: u64) -> &Endpoint {
        let endpoints = &self.options().address.endpoints;
        &endpoints[(turn % endpoints.len() as u64) as usize]
    }

    fn via(&self, turn: u64, open: &Open) -> Via {
        let identity = open.credentials.as_ref().is_some_and(|one| one.have_identity());
        Via { endpoint: self.endpoint(turn).clone(), turn, identity }
    }

    pub(super) fn lease(&self) -> MutexGuard<'_, Option<(i64, Instant)>> {
        self.shared.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // Nothing is left half done by a thread that panics with it.
        self.shared.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Via {
    pub(super) fn failed(&self, error: &EtcdError) -> Failed {
        fault::failed(error, &self.endpoint.host, self.identity)
    }

    /// The failure of this member alone.
    pub(super) fn away(&self, fault: Fault) -> Error {
        Error::Away { tried: vec![Tried::At { endpoint: self.endpoint.to_string(), fault }] }
    }
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Self::Away(error)
    }
}

/// For calls that have no answer of their own to these.
impl From<Unanswered> for Error {
    fn from(unanswered: Unanswered) -> Self {
        let said = |via: Via, why: &str| via.away(Fault::Other { why: why.to_owned() });
        match unanswered {
            Unanswered::Away(error) => error,
            Unanswered::Compacted(via) => said(via, "the revision is not kept any more"),
            Unanswered::NoLease(via) => said(via, "the lease has run out"),
        }
    }
}
