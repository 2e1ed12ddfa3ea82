//! `glassnet node`: the one owner of this host's attachments.
//!
//! ```text
//! attach.sock ─▶ listen ─┐                      ┌─▶ store::Journal   what was promised
//! api.sock ────▶ api ────┼─▶ Daemon (the book) ─┤
//! kernel events ▶ watch ─┘                      └─▶ kernel::Applier  what is
//! ```
//!
//! [`book`] decides, this module and [`attach`] do. `start` goes on from wherever the last run
//! stopped, [`reconcile`] makes the kernel what it should be, [`reap`] deletes links in batches.

mod api;
mod attach;
mod book;
mod cluster;
mod facts;
mod failpoint;
mod forward;
mod kernel_words;
mod listen;
mod look;
mod metrics;
mod network;
mod options;
mod passage;
mod ports;
mod queue;
mod reap;
mod reconcile;
mod record;
mod reset;
mod start;
mod status;
mod strangers;
mod watch;

pub(crate) use cluster::Settings as ClusterSettings;
pub(crate) use facts::{foreign_addresses, foreign_routes};
pub(crate) use look::{host_for_the_walk as observe_for_the_walk, routes as observe_routes};
pub(crate) use options::Options;
pub(crate) use reset::reset;
pub(crate) use start::run;

use crate::protocol::{Failure, Request, Response};
use book::Book;
use kernel::apply::{Applier, Outcome, Pace};
use model::cluster::{NetworkName, Presence};
use model::diff::{self, Step};
use model::explain::{Deed, Reason};
use model::host::NamespaceId;
use model::plan;
use record::Record;
use std::collections::BTreeMap;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use store::{Journal, Queue, StoreError, Ticket};

/// Everything the running daemon holds.
pub(crate) struct Daemon {
    book: Mutex<Book>,
    /// Told whenever an attachment is gone from the book.
    gone: Condvar,
    journal: Journal<Record>,
    queue: Queue,
    /// Held while queued detaches are carried out: an attach must not overtake one of its container.
    draining: Mutex<()>,
    kernel: Mutex<kernel::Sockets>,
    /// Read by whoever changes the kernel for one attachment, written by whoever compares all of it:
    /// the comparison must not see an attachment half made.
    world: RwLock<()>,
    facts: Mutex<facts::Facts>,
    /// Chains of others that drop what our networks forward.
    blocked: Mutex<Vec<model::path::Blocked>>,
    accept_in_foreign_chains: bool,
    /// `None` for a host by itself.
    cluster: Option<Arc<cluster::Cluster>>,
    /// Of this node's own addresses in networks of the cluster, those that are on a bridge.
    shown: Mutex<BTreeMap<NetworkName, Presence>>,
    forwarders: forward::Forwarders,
    reaper: reap::Reaper,
    metrics: metrics::Metrics,
    /// What the last comparison found missing, and what files said at the start.
    notes: Mutex<status::Notes>,
    /// Counts what we change, so that the watch can tell others' changes from ours.
    own_changes: AtomicU64,
    own_netns: u64,
    started: std::time::SystemTime,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked over one question left plain data behind, not half an invariant.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn storage(error: &StoreError) -> Failure {
    Reason::Unwritable { why: error.to_string() }.into()
}

impl Daemon {
    /// Answers one question of `attach.sock`.
    fn answer(&self, request: Request, netns: Option<OwnedFd>) -> Result<Response, Failure> {
        match request {
            Request::Attach(request) => {
                let timer = self.metrics.attach_started();
                let answer = self.attach(&request, netns);
                self.metrics.attach_ended(timer, answer.is_ok());
                if let Err(failure) = &answer {
                    tracing::warn!(id = %request.id, network = %request.network, %failure, "attach failed");
                }
                answer
            }
            Request::Detach { id } => {
                let timer = self.metrics.detach_started();
                let answer = self.detach(&id);
                self.metrics.detach_ended(timer, answer.is_ok());
                answer
            }
            Request::Check { id } => self.check(&id, netns),
            Request::Collect { runtime, network, keep } => self.collect(&runtime, &network, &keep),
            Request::Ready { network } => self.ready(&network),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    /// What the plan has to know of the host.
    fn node(&self, book: &Book) -> plan::Node {
        let member = self.member(book);
        let underlay_links = self.underlay_links();
        let facts = lock(&self.facts);
        plan::Node {
            underlay_mtu: facts.underlay_mtu,
            closed_links: book.closed_links.clone(),
            member,
            underlay_links,
            advertised_links: facts.advertised_links.clone(),
        }
    }

    /// Takes an event into the book and puts it into the journal's line, in one order for both.
    /// It is durable, as far as it has to be, once [`Daemon::wait`] returned.
    fn note(&self, book: &mut Book, record: &Record) -> Result<Ticket, Failure> {
        let ticket = if record.outlives_the_boot() {
            self.journal.enqueue(record)
        } else {
            self.journal.enqueue_for_this_boot(record)
        };
        let ticket = ticket.map_err(|error| storage(&error))?;
        book.note(record);
        Ok(ticket)
    }

    fn wait(&self, ticket: Ticket) -> Result<(), Failure> {
        self.journal.wait(ticket).map_err(|error| storage(&error))
    }

    /// Notes events and waits until they are durable.
    fn write(&self, records: &[Record]) -> Result<(), Failure> {
        let mut book = self.book();
        let mut last = None;
        for record in records {
            last = Some(self.note(&mut book, record)?);
        }
        drop(book);
        last.map_or(Ok(()), |ticket| self.wait(ticket))
    }

    /// Carries steps out, all or none: what was done before a failure is undone.
    fn carry_out(
        &self,
        steps: &[Step],
        namespaces: &[(NamespaceId, BorrowedFd<'_>)],
    ) -> Result<(), Failure> {
        let others = namespaces.iter().cloned().collect();
        let mut kernel = lock(&self.kernel);
        self.own_changes.fetch_add(1, Ordering::AcqRel);
        let mut applier = Applier::new(&mut kernel, &others)
            .map_err(|error| kernel_words::kernel_said(&error))?;
        if store::failpoint::armed() {
            // A test that breaks off in the middle wants to break off after each step.
            applier = applier.pace(Pace::OneByOne);
        }
        let mut told = 0;
        let applied = applier.apply(steps, &mut |_, _, _| {
            told += 1;
            failpoint::STEP_DONE.hit();
            Ok(())
        });
        let Err(failure) = applied else {
            // Tests count on being able to break off after each of them.
            assert_eq!(told, steps.len(), "a step was carried out and had no failpoint");
            return Ok(());
        };
        let done = steps.iter().zip(&failure.outcomes);
        let done = done.filter(|(_, outcome)| **outcome == Some(Outcome::Done));
        let done: Vec<Step> = done.map(|(step, _)| step.clone()).collect();
        applier = applier.repeatable();
        for step in diff::undo(&done) {
            let undone = applier.apply(std::slice::from_ref(&step), &mut |_, _, _| {
                failpoint::STEP_UNDONE.hit();
                Ok(())
            });
            if let Err(again) = undone {
                let what = kernel_words::in_words(&step.change);
                tracing::warn!(error = %again.error, step = what, "could not undo a step");
            }
        }
        let deed = steps.get(failure.step).map_or(Deed::Nothing, |step| Deed::from(&step.change));
        let said = failure.error.to_string();
        if let kernel::Error::TunnelTaken { port, by, .. } = &failure.error {
            return Err(kernel_words::tunnel_taken(*port, by).into());
        }
        Err(if failure.error.is_full() {
            Reason::NoPortLeft { deed, said }.into()
        } else {
            Reason::StepFailed { deed, said }.into()
        })
    }
}
