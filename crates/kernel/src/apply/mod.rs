//! Carrying steps out, in their order and with no policy of its own.
//!
//! ```text
//! steps ──▶ messages, those for one namespace in a row in one send ──▶ outcomes, step by step
//!           └ a link is made in a send that ends with it: what follows may name the link, and
//!             must not happen to another's link if ours could not be made
//! ```
//!
//! Cost matters here: attaching a container is mostly the kernel's own 0.5 ms, and every message
//! and system call of ours comes on top. Links are looked up by name with one `ioctl`, which costs
//! about as much as a cache and is never stale.

mod address;
mod link;
mod neighbour;
mod route;
mod traffic;
mod tunnel;

pub use link::delete_group;

use crate::netlink::{Message, Socket};
use crate::netns::{Sockets, within};
use crate::{Error, Result, nft, sysctl};
use model::diff::{Change, NftChange, Step};
use model::host::{Link, LinkKind, NamespaceId};
use model::net::LinkName;
use nix::errno::Errno;
use std::collections::BTreeMap;
use std::os::fd::{BorrowedFd, OwnedFd};

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The thing to be made was there already (`EEXIST`), perhaps not equal; nothing was done.
    AlreadyThere,
    /// The thing to be removed or changed was gone already; nothing was done.
    AlreadyGone,
}

/// How steps are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As many in one send as can be. When one fails, those after it in the same send have
    /// happened all the same.
    #[default]
    Together,
    /// Each alone: the observer of a step runs before the next one begins. For tests that break
    /// off in the middle.
    OneByOne,
}

/// The steps ended early.
#[derive(Debug, thiserror::Error)]
#[error("step {step}: {error}")]
pub struct Failure {
    /// The number of the step that failed.
    pub step: usize,
    #[source]
    pub error: Error,
    /// What came of each step; `None` for those that failed or were not tried. What is to be
    /// undone is every `Done`, the last one first: the failed step too may be `Done`, when a link
    /// was made but could not be finished, or when it was the observer that failed.
    pub outcomes: Vec<Option<Outcome>>,
}

/// Carries steps out on a host and its containers.
#[derive(Debug)]
pub struct Applier<'a> {
    host: &'a mut Sockets,
    others: BTreeMap<NamespaceId, Sockets>,
    pace: Pace,
    repeatable: bool,
}

impl<'a> Applier<'a> {
    /// For steps in the host's namespace and those given, whose descriptors are duplicated.
    pub fn new(
        host: &'a mut Sockets,
        others: &BTreeMap<NamespaceId, BorrowedFd<'_>>,
    ) -> Result<Self> {
        let mut opened = BTreeMap::new();
        for (id, namespace) in others {
            opened.insert(id.clone(), Sockets::open_in(*namespace)?);
        }
        Ok(Self { host, others: opened, pace: Pace::default(), repeatable: false })
    }

    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Takes "already there" and "already gone" as outcomes instead of failures.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Carries the steps out. `observer` is called after each with what came of it; an error that
    /// it returns ends the work as a failure after that step.
    pub fn apply(
        &mut self,
        steps: &[Step],
        observer: &mut dyn FnMut(usize, &Step, Outcome) -> Result<()>,
    ) -> Result<Vec<Outcome>, Failure> {
        let mut run = Run::new(steps, observer);
        for number in 0..steps.len() {
            let mut tried = self.step(&mut run, number);
            if self.pace == Pace::OneByOne {
                tried = tried.and_then(|()| self.flush(&mut run));
            }
            if let Err((step, error)) = tried {
                return Err(Failure { step, error, outcomes: run.outcomes });
            }
        }
        match self.flush(&mut run) {
            Ok(()) => Ok(run.outcomes.into_iter().flatten().collect()),
            Err((step, error)) => Err(Failure { step, error, outcomes: run.outcomes }),
        }
    }

    fn step(&mut self, run: &mut Run<'_>, number: usize) -> Tried {
        let Step { namespace, change } = &run.steps[number];
        match change {
            Change::SetSysctl { sysctl, .. } => {
                self.flush(run)?;
                let written = self.set_sysctl(namespace, &sysctl.path, &sysctl.value);
                self.record(run, number, written)
            }
            Change::Nft(changes) => {
                self.flush(run)?;
                let committed = self.commit(namespace, changes);
                self.record(run, number, committed)
            }
            Change::CreateLink(_) | Change::CreateVeth { .. } => {
                let made = self.creation(namespace, change).map_err(|error| (number, error))?;
                run.pending.push(Pending { namespace, step: number, message: made.message });
                self.flush(run)?;
                drop(made.keep);
                if run.outcomes[number] == Some(Outcome::Done) {
                    run.pending.extend(made.then.into_iter().map(|(namespace, message)| Pending {
                        namespace,
                        step: number,
                        message,
                    }));
                }
                Ok(())
            }
            _ => match self.messages(namespace, change) {
                Ok(messages) if messages.is_empty() => {
                    self.flush(run)?;
                    self.record(run, number, Ok(()))
                }
                Ok(messages) => {
                    run.pending.extend(messages.into_iter().map(|message| Pending {
                        namespace,
                        step: number,
                        message,
                    }));
                    Ok(())
                }
                // A link that the step names is not there: the kernel would say the same.
                Err(error) => {
                    self.flush(run)?;
                    self.record(run, number, Err(error))
                }
            },
        }
    }

    /// Sends what is pending, a send for each row of messages to one namespace.
    fn flush(&mut self, run: &mut Run<'_>) -> Tried {
        let mut pending = std::mem::take(&mut run.pending).into_iter().peekable();
        while let Some(first) = pending.next() {
            let namespace = first.namespace;
            let mut steps = vec![first.step];
            let mut messages = vec![first.message];
            while let Some(next) = pending.next_if(|next| next.namespace == namespace) {
                steps.push(next.step);
                messages.push(next.message);
            }
            let sent = self.sockets(namespace).and_then(|s| s.route()?.send_all(&messages));
            let results = sent.map_err(|error| (steps[0], error))?;
            let mut failed = None;
            for ((step, message), result) in steps.into_iter().zip(messages).zip(results) {
                let change = &run.steps[step].change;
                let result = result.map_err(|refusal| {
                    self.say_who(namespace, change, refusal.of(message.subject))
                });
                match self.judge(change, result) {
                    // A link that was made stays "done" though something later about it fails.
                    Ok(outcome) => _ = run.outcomes[step].get_or_insert(outcome),
                    Err(error) if failed.is_none() => failed = Some((step, error)),
                    Err(_) => {}
                }
            }
            let unfinished = pending.peek().map(|next| next.step);
            let end = failed.as_ref().map(|(step, _)| *step).or(unfinished);
            run.observe(end.unwrap_or(usize::MAX))?;
            if let Some(failed) = failed {
                return Err(failed);
            }
        }
        Ok(())
    }

    fn record(&mut self, run: &mut Run<'_>, step: usize, result: Result<()>) -> Tried {
        let outcome = self.judge(&run.steps[step].change, result);
        run.outcomes[step] = Some(outcome.map_err(|error| (step, error))?);
        run.observe(usize::MAX)
    }

    fn judge(&self, change: &Change, result: Result<()>) -> Result<Outcome> {
        match result {
            Ok(()) => Ok(Outcome::Done),
            Err(error) if !self.repeatable => Err(error),
            Err(error) if makes(change) && error.already_there() => Ok(Outcome::AlreadyThere),
            Err(error) if removes(change) && error.already_gone() => Ok(Outcome::AlreadyGone),
            // What the kernel says of a filter whose qdisc is gone, or of no ingress qdisc.
            Err(error)
                if matches!(change, Change::RemoveFilter(_) | Change::RemoveQdisc(_))
                    && error.errno() == Some(Errno::EINVAL) =>
            {
                Ok(Outcome::AlreadyGone)
            }
            Err(error) => Err(error),
        }
    }

    /// Finds out who is in the way of a VXLAN link that was refused.
    fn say_who(&mut self, namespace: &NamespaceId, change: &Change, error: Error) -> Error {
        let (name, wanted) = match change {
            Change::CreateLink(Link { name, kind: LinkKind::Vxlan(vxlan), .. }) => {
                (name, Some((vxlan.vni, vxlan.port)))
            }
            Change::ChangeLink { name, to, .. } if to.up == Some(true) => (name, None),
            _ => return error,
        };
        let Error::Refused { subject, refusal } = error else { return error };
        let found = match refusal.errno {
            errno @ (Errno::EEXIST | Errno::EADDRINUSE) => self
                .sockets(namespace)
                .and_then(|sockets| tunnel::occupant(sockets, name, wanted, errno)),
            _ => Ok(None),
        };
        match found {
            Ok(Some((port, by))) => Error::TunnelTaken { subject, refusal, port, by: Box::new(by) },
            // That nobody could be looked for does not hide what the kernel said.
            Ok(None) | Err(_) => Error::Refused { subject, refusal },
        }
    }

    fn sockets(&mut self, namespace: &NamespaceId) -> Result<&mut Sockets> {
        if *namespace == NamespaceId::Host {
            return Ok(self.host);
        }
        self.others.get_mut(namespace).ok_or_else(|| Error::Unfit {
            subject: format!("namespace {namespace}"),
            why: "no descriptor of it was given".to_owned(),
        })
    }

    fn set_sysctl(&mut self, namespace: &NamespaceId, path: &str, value: &str) -> Result<()> {
        within(self.sockets(namespace)?.namespace(), || sysctl::write(path, value))?
    }

    fn commit(&mut self, namespace: &NamespaceId, changes: &[NftChange]) -> Result<()> {
        let socket = self.sockets(namespace)?.netfilter()?;
        nft::commit(socket, changes, None).map_err(|failure| failure.error)
    }

    fn creation<'s>(&mut self, home: &'s NamespaceId, change: &'s Change) -> Result<Creation<'s>> {
        match change {
            Change::CreateVeth { link, peer, peer_namespace } => {
                let there = self.sockets(peer_namespace)?.namespace().try_clone_to_owned();
                let there = there.map_err(Error::io("keep the peer's namespace"))?;
                let socket = self.sockets(home)?.route()?;
                link::veth(socket, home, link, (peer_namespace, there, peer))
            }
            Change::CreateLink(link) => link::create(self.sockets(home)?.route()?, home, link),
            _ => unreachable!("only called to create links"),
        }
    }

    /// The messages of a step that makes no link.
    fn messages(&mut self, home: &NamespaceId, change: &Change) -> Result<Vec<Message>> {
        let socket = self.sockets(home)?.route()?;
        let one = match change {
            Change::ChangeLink { name, to, .. } => return link::change(socket, home, name, to),
            Change::DeleteLink { name } => link::delete(home, name),
            Change::AddAddress(address) => address::add(socket, home, address)?,
            Change::RemoveAddress(address) => address::remove(socket, home, address)?,
            Change::AddRoute(route) => route::add(socket, home, route)?,
            Change::ChangeRoute { to, .. } => route::replace(socket, home, to)?,
            Change::RemoveRoute(route) => route::remove(socket, home, route)?,
            Change::AddNeighbour(to) | Change::ChangeNeighbour { to, .. } => {
                neighbour::add(socket, home, to)?
            }
            Change::RemoveNeighbour(neighbour) => neighbour::remove(socket, home, neighbour)?,
            Change::AddFdbEntry(to) | Change::ChangeFdbEntry { to, .. } => {
                neighbour::add_fdb(socket, home, to)?
            }
            Change::RemoveFdbEntry(entry) => neighbour::remove_fdb(socket, home, entry)?,
            Change::AddQdisc(qdisc) => traffic::add_qdisc(socket, home, qdisc)?,
            Change::RemoveQdisc(qdisc) => traffic::remove_qdisc(socket, home, qdisc)?,
            Change::AddFilter(filter) => traffic::add_filter(socket, home, filter)?,
            Change::RemoveFilter(filter) => traffic::remove_filter(socket, home, filter)?,
            Change::SetSysctl { .. }
            | Change::Nft(_)
            | Change::CreateLink(_)
            | Change::CreateVeth { .. } => unreachable!("these have ways of their own"),
        };
        Ok(vec![one])
    }
}

/// Whether "it is there already" can be an answer.
fn makes(change: &Change) -> bool {
    matches!(
        change,
        Change::CreateLink(_)
            | Change::CreateVeth { .. }
            | Change::AddAddress(_)
            | Change::AddRoute(_)
            | Change::AddNeighbour(_)
            | Change::AddFdbEntry(_)
            | Change::AddQdisc(_)
            | Change::AddFilter(_)
    )
}

/// Whether "it is gone already" can be an answer.
fn removes(change: &Change) -> bool {
    matches!(
        change,
        Change::DeleteLink { .. }
            | Change::RemoveAddress(_)
            | Change::RemoveRoute(_)
            | Change::RemoveNeighbour(_)
            | Change::RemoveFdbEntry(_)
            | Change::RemoveQdisc(_)
            | Change::RemoveFilter(_)
    )
}

/// Messages that make a link: the one that makes it and those that finish it.
struct Creation<'s> {
    message: Message,
    /// A descriptor that the message names by number, to be open when it is sent.
    keep: Option<OwnedFd>,
    then: Vec<(&'s NamespaceId, Message)>,
}

type Tried = Result<(), (usize, Error)>;

/// A message that waits to be sent with others.
struct Pending<'s> {
    namespace: &'s NamespaceId,
    step: usize,
    message: Message,
}

/// Steps on their way.
struct Run<'s> {
    steps: &'s [Step],
    observer: &'s mut dyn FnMut(usize, &Step, Outcome) -> Result<()>,
    outcomes: Vec<Option<Outcome>>,
    /// The first step that the observer has not been told of.
    unobserved: usize,
    pending: Vec<Pending<'s>>,
}

impl<'s> Run<'s> {
    fn new(
        steps: &'s [Step],
        observer: &'s mut dyn FnMut(usize, &Step, Outcome) -> Result<()>,
    ) -> Self {
        let outcomes = vec![None; steps.len()];
        Self { steps, observer, outcomes, unobserved: 0, pending: Vec::new() }
    }

    /// Tells the observer of the steps that are over, in their order, up to `end`.
    fn observe(&mut self, end: usize) -> Tried {
        while self.unobserved < end.min(self.steps.len()) {
            let number = self.unobserved;
            let Some(outcome) = self.outcomes[number] else { break };
            self.unobserved += 1;
            (self.observer)(number, &self.steps[number], outcome)
                .map_err(|error| (number, error))?;
        }
        Ok(())
    }
}

/// What to say a thing is, in errors: `address 10.0.0.1/24 on eth0 in container:web`.
fn subject(what: impl std::fmt::Display, home: &NamespaceId) -> String {
    format!("{what} in {home}")
}

/// The index of a link by its name, in the socket's namespace.
fn index(socket: &Socket, home: &NamespaceId, name: &LinkName) -> Result<u32> {
    rustix::net::netdevice::name_to_index(socket, name.as_str()).map_err(|errno| {
        let refusal = crate::Refusal::bare(Errno::from_raw(errno.raw_os_error()));
        refusal.of(subject(format_args!("link \"{name}\""), home))
    })
}

#[cfg(test)]
mod tests;
