//! Connecting a container, and taking it off again.
//!
//! ```text
//! attach   decide ─▶ lease written ─▶ steps carried out ─▶ attached written ─▶ answer
//! detach   intent written ─▶ elements gone, port off its bridge ─▶ answer …▶ links deleted in a
//!          batch, connections forgotten ─▶ lease freed
//! ```
//!
//! A crash anywhere leaves a record of a stage, and `start` goes on from it. A detach that comes
//! while the same container is being attached is noted at once; the attach sees it when it is
//! through, takes back what it did, and fails.

use super::Daemon;
use super::book::{self, Book, Decision};
use super::failpoint;
use super::kernel_words::{in_words, kernel_said};
use super::record::{Held, Record, Stage};
use crate::protocol::{AttachRequest, Attached, Code, Failure, Response};
use kernel::conntrack::Forget;
use model::cluster::{Attachment, AttachmentId, NetworkName};
use model::diff::{self, Change, LinkChange, Step};
use model::explain::Reason;
use model::host::NamespaceId;
use model::host::link::GROUP_DOOMED;
use model::net::Transport;
use model::plan;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long an attach waits for its predecessor of the same name to go, and a detach for whoever
/// is at work on the same attachment.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often an attach claims addresses for itself: others may take them before it.
const CLAIMS: u32 = 8;

/// How often an attach is tried while somebody keeps taking away what it builds upon.
const TRIES: u32 = 5;

impl Daemon {
    /// Connects a container.
    pub(super) fn attach(
        &self,
        request: &AttachRequest,
        netns: Option<OwnedFd>,
    ) -> Result<Response, Failure> {
        let netns = netns.ok_or_else(|| Reason::NoNamespaceSent { id: request.id.clone() })?;
        let inode = kernel::netns::inode(netns.as_fd()).map_err(|error| kernel_said(&error))?;
        if inode == self.own_netns {
            return Err(Reason::HostsOwnNamespace { netns: request.netns.clone() }.into());
        }
        self.drain_queue_for(Some(&request.id.container));
        self.check_host_ports(request)?;
        self.wait_for_ways(&request.network);
        if !self.book().held.contains_key(&request.id) {
            self.refuse_blocked(&request.network, !request.publish.is_empty())?;
        }
        let leased = match self.lease(request, inode)? {
            Ok(leased) => leased,
            Err(same) => return self.attached(*same),
        };
        let (held, _work) = self.lease_from_strangers(request, leased, || {
            let leased = self.lease(request, inode)?;
            leased.map_err(|same| Reason::AttachedMeanwhile { id: same.id }.into())
        })?;
        if let Err(failure) = self.connect(&held, netns.as_fd()) {
            // The steps are undone. One that could not be may have left the link, so the lease is
            // freed as any other: once its link is gone.
            let noted = self.write(&[Record::Detaching { id: held.attachment.id.clone() }]);
            self.disconnect(&held);
            noted?;
            return Err(failure);
        }
        failpoint::ATTACH_CONNECTED.hit();
        if !self.note_attached(&held.attachment.id)? {
            self.disconnect(&held);
            return Err(Reason::DetachedMeanwhile { id: request.id.clone() }.into());
        }
        failpoint::ATTACH_NOTED.hit();
        self.attached(held.attachment)
    }

    /// A written lease, or the attachment that is there already.
    fn lease(
        &self,
        request: &AttachRequest,
        inode: u64,
    ) -> Result<Result<(Held, Work<'_>), Box<Attachment>>, Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut claims = 0;
        let mut book = self.book();
        let held = loop {
            match book.decide(request, inode)? {
                Decision::New(held) => break held,
                Decision::Same(attachment) => return Ok(Err(attachment)),
                Decision::Claim(lack) if claims < CLAIMS => {
                    drop(book);
                    self.claim(&request.network, lack)?;
                    claims += 1;
                    book = self.book();
                    continue;
                }
                Decision::Claim(_) | Decision::Wait => {}
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return Err(Reason::StillDetaching { id: request.id.clone() }.into());
            };
            book = self.wait_for_the_leaving(book, left);
        };
        let record = Record::Leased { held: held.clone() };
        let ticket = self.note(&mut book, &record)?;
        let work = self.begin_work(&mut book, &request.id);
        drop(book);
        self.wait(ticket)?;
        failpoint::ATTACH_LEASED.hit();
        Ok(Ok((*held, work)))
    }

    /// Lets go of the book until somebody is gone from it, at most so long.
    pub(super) fn wait_for_the_leaving<'a>(
        &self,
        book: MutexGuard<'a, Book>,
        left: Duration,
    ) -> MutexGuard<'a, Book> {
        self.reaper.hurry();
        let waited = self.gone.wait_timeout(book, left);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// `false` if a detach came in between.
    fn note_attached(&self, id: &AttachmentId) -> Result<bool, Failure> {
        let record = Record::Attached { id: id.clone() };
        let mut book = self.book();
        if book.held.get(id).is_none_or(|held| held.stage == Stage::Detaching) {
            return Ok(false);
        }
        let ticket = self.note(&mut book, &record)?;
        drop(book);
        self.wait(ticket)?;
        Ok(true)
    }

    fn connect(&self, held: &Held, netns: BorrowedFd<'_>) -> Result<(), Failure> {
        let attachment = &held.attachment;
        let (node, network) = {
            let book = self.book();
            (self.node(&book), book.network(&attachment.network)?.clone())
        };
        let steps = diff::appear(&plan::attachment(&node, &network, attachment));
        let container = NamespaceId::Container(attachment.id.container.to_string());
        let namespaces = [(container, netns)];
        for left in (0..TRIES).rev() {
            let not_compared = self.world.read();
            let carried_out = self.carry_out(&steps, &namespaces);
            drop(not_compared);
            match carried_out {
                Ok(()) => break,
                Err(Failure { code: Code::Exhausted, .. }) => {
                    return Err(book::full(&network).into());
                }
                Err(failure) if left == 0 => return Err(failure),
                // Perhaps somebody has just taken away what the steps build upon. The watch would
                // mend it in a moment, or has by now, but the caller waits.
                Err(failure) => {
                    tracing::info!(id = %attachment.id, %failure, "trying again on a mended host");
                    if let Err(failure) = self.reconcile() {
                        tracing::warn!(%failure, "cannot mend the host");
                    }
                }
            }
        }
        // A datagram's flow that was there before the rule would go on as before it. Reading the
        // table of connections costs about 10 ms; TCP begins anew, so only UDP has to pay.
        if attachment.publish.iter().any(|publish| publish.transport == Transport::Udp) {
            self.forget_connections(std::slice::from_ref(attachment));
        }
        self.forwarders.open(&attachment.publish, attachment);
        Ok(())
    }

    fn attached(&self, attachment: Attachment) -> Result<Response, Failure> {
        let book = self.book();
        let network = book.network(&attachment.network)?.clone();
        let mtu = plan::mtu(&self.node(&book), &network);
        Ok(Response::Attached(Box::new(Attached { attachment, network, mtu })))
    }

    /// Disconnects a container. What is not there is no error: the caller wants it gone, and it is.
    pub(super) fn detach(&self, id: &AttachmentId) -> Result<Response, Failure> {
        let mut book = self.book();
        let Some(held) = book.held.get(id).cloned() else { return Ok(Response::Done) };
        let busy = book.at_work.contains(id);
        if held.stage == Stage::Detaching && !busy {
            return Ok(Response::Done);
        }
        let noted = held.stage == Stage::Detaching;
        let ticket = if noted {
            None
        } else {
            Some(self.note(&mut book, &Record::Detaching { id: id.clone() })?)
        };
        let work = (!busy).then(|| self.begin_work(&mut book, id));
        drop(book);
        if let Some(ticket) = ticket {
            self.wait(ticket)?;
        }
        failpoint::DETACH_INTENT.hit();
        match work {
            Some(_work) => self.disconnect(&held),
            None => self.wait_for_work(id),
        }
        Ok(Response::Done)
    }

    /// Waits for the attach or detach that is at work on it and will take it down. It is noted, so
    /// whoever asked may be told that it is done though this takes too long.
    fn wait_for_work(&self, id: &AttachmentId) {
        let deadline = Instant::now() + PATIENCE;
        let mut book = self.book();
        let leaves = |book: &Book| {
            book.at_work.contains(id)
                && book.held.get(id).is_some_and(|held| held.stage == Stage::Detaching)
        };
        while leaves(&book)
            && let Some(left) = deadline.checked_duration_since(Instant::now())
        {
            let waited = self.gone.wait_timeout(book, left);
            book = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Keeps the reaper and others from an attachment while this thread changes its part of the
    /// kernel. Nobody else may be at work on it.
    pub(super) fn begin_work(&self, book: &mut Book, id: &AttachmentId) -> Work<'_> {
        book.at_work.insert(id.clone());
        Work { daemon: self, id: id.clone() }
    }

    /// Everything that has to be gone before anybody is told; then the link waits for its batch.
    /// Each part is tried even if another failed: the next look at the kernel finishes the rest.
    pub(super) fn disconnect(&self, held: &Held) {
        let attachment = &held.attachment;
        self.forwarders.close(&attachment.publish);
        let fragment = {
            let book = self.book();
            let Ok(network) = book.network(&attachment.network) else { return };
            plan::attachment(&self.node(&book), network, attachment)
        };
        let elements: Vec<Step> = diff::undo(&diff::appear(&fragment))
            .into_iter()
            .filter(|step| matches!(step.change, Change::Nft(_)))
            .collect();
        let off = LinkChange {
            up: Some(false),
            master: Some(None),
            group: Some(GROUP_DOOMED),
            ..LinkChange::default()
        };
        let mut links = vec![attachment.id.host_link()];
        if attachment.bandwidth.egress.is_some() {
            links.push(attachment.id.shaper_link());
        }
        let off = links.into_iter().map(|name| Step {
            namespace: NamespaceId::Host,
            change: Change::ChangeLink { name, to: off.clone(), from: LinkChange::default() },
        });
        let not_compared = self.world.read();
        let mut elements_left = false;
        for step in elements.into_iter().chain(off) {
            if let Err(failure) = self.carry_out(std::slice::from_ref(&step), &[]) {
                elements_left |= matches!(step.change, Change::Nft(_));
                tracing::debug!(id = %attachment.id, step = in_words(&step.change), %failure, "detach: a part was not there");
            }
        }
        drop(not_compared);
        if elements_left && let Err(failure) = self.reconcile() {
            // A transaction is refused as a whole if one element of it is missing.
            tracing::warn!(%failure, "detach: rules of the container may be left");
        }
        failpoint::DETACH_DISCONNECTED.hit();
    }

    /// Detaches what this runtime attached to this network and does not name, unless a process lives
    /// in it: then the list is wrong (calico#5044), and a container that runs would lose its network.
    pub(super) fn collect(
        &self,
        runtime: &str,
        network: &NetworkName,
        keep: &[AttachmentId],
    ) -> Result<Response, Failure> {
        let stale: Vec<Held> = {
            let book = self.book();
            let theirs = book.held.values().filter(|held| {
                held.runtime == runtime
                    && held.attachment.network == *network
                    && held.stage == Stage::Attached
            });
            theirs.filter(|held| !keep.contains(&held.attachment.id)).cloned().collect()
        };
        let mut detached = Vec::new();
        for held in stale {
            let id = held.attachment.id;
            if kernel::netns::is_inhabited(held.netns_inode) {
                tracing::warn!(%id, runtime, "collect: the runtime does not name it, and processes live in it; it is left alone");
                continue;
            }
            tracing::info!(%id, runtime, "collect: the runtime does not know it any more");
            self.detach(&id)?;
            detached.push(id);
        }
        Ok(Response::Collected { detached })
    }
}

/// A thread's work on one attachment; see [`Daemon::begin_work`].
pub(super) struct Work<'a> {
    daemon: &'a Daemon,
    id: AttachmentId,
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.daemon.book().at_work.remove(&self.id);
        self.daemon.gone.notify_all();
        self.daemon.reaper.wake();
    }
}

impl Daemon {
    /// Forgets connections that were made to the containers' addresses or published ports: their
    /// entries would lead new packets of the same flow to who is there no more.
    pub(super) fn forget_connections(&self, attachments: &[Attachment]) {
        let mut which = Vec::new();
        for attachment in attachments {
            which.extend(attachment.addresses.iter().copied().map(Forget::Endpoint));
            which.extend(attachment.publish.iter().map(|publish| Forget::Published {
                transport: publish.transport,
                address: publish.host_address,
                port: publish.host_port,
            }));
        }
        let forget = || {
            let mut sockets = kernel::Sockets::open_here()?;
            kernel::conntrack::forget(sockets.netfilter()?, &which)
        };
        match forget() {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "forgot tracked connections"),
            Err(error) => tracing::warn!(%error, "tracked connections could not be forgotten"),
        }
    }
}
