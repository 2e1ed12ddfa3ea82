//! What the daemon tells of itself, and whether an attachment is as it should be.

use super::kernel_words::{in_words, kernel_said};
use super::reconcile::leave_others_queues;
use super::record::Stage;
use super::{Daemon, lock, look};
use crate::protocol::{AttachmentRow, Failure, NetworkStatus, Response, Status};
use model::cluster::{Attachment, AttachmentId};
use model::diff;
use model::explain::{Notice, Reason};
use model::host::link::VethPeer;
use model::host::{Actual, LinkKind, Namespace, NamespaceId, Unknown};
use std::os::fd::{AsFd, OwnedFd};
use std::time::UNIX_EPOCH;

/// What people should know.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub warnings: Vec<Notice>,
    pub drift: Vec<Notice>,
}

impl Daemon {
    pub(super) fn status(&self) -> Status {
        let queued = self.queue.names().map_or(0, |names| names.len());
        let notes = lock(&self.notes).clone();
        let book = self.book();
        let networks: Vec<NetworkStatus> = book
            .networks
            .values()
            .map(|network| {
                let (leased, leasable) = self.fill(&book, network);
                let here = book.held.values().filter(|h| h.attachment.network == network.name);
                NetworkStatus {
                    name: network.name.clone(),
                    subnets: network.pools.iter().map(|pool| pool.subnet).collect(),
                    attachments: here.count(),
                    leased,
                    leasable,
                }
            })
            .collect();
        let mut warnings = notes.warnings;
        warnings.extend(self.notices_of_the_blocked());
        if let Some(cluster) = &self.cluster {
            warnings.extend(cluster.notices());
        }
        for network in networks.iter().filter(|n| n.leased * 10 >= n.leasable * 9) {
            warnings.push(Notice::NearlyFull {
                network: network.name.clone(),
                leased: network.leased,
                leasable: network.leasable,
            });
        }
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: self.started.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            networks,
            attachments: book.held.len(),
            queued,
            drift: notes.drift,
            warnings,
            cluster: self.cluster.as_ref().map(|cluster| {
                let holds = book.claims.iter();
                let holds = holds.map(|(name, all)| (name.clone(), all.iter().copied().collect()));
                cluster.status(holds.collect())
            }),
        }
    }

    pub(super) fn rows(&self) -> Vec<AttachmentRow> {
        let book = self.book();
        let row = |held: &super::record::Held| AttachmentRow {
            attachment: held.attachment.clone(),
            runtime: held.runtime.clone(),
            netns: held.netns.clone(),
            state: match held.stage {
                Stage::Leased => "attaching",
                Stage::Attached => "attached",
                Stage::Detaching => "detaching",
            }
            .to_owned(),
        };
        book.held.values().map(row).collect()
    }

    /// The host and its containers as they are, for the walk and for people.
    pub(super) fn state(&self) -> Result<Actual, Failure> {
        let mut actual = Actual::default();
        let mut host = look::host_for_the_walk().map_err(|error| kernel_said(&error))?;
        for row in self.rows() {
            let id = NamespaceId::Container(row.attachment.id.container.to_string());
            let netns = kernel::NetNs::by_path(&row.netns);
            match netns.and_then(|netns| look::container_for_the_walk(netns.as_fd())) {
                Ok(mut inside) => {
                    join(&mut host, &mut inside, &row.attachment);
                    actual.namespaces.insert(id, inside);
                }
                Err(error) => {
                    tracing::debug!(%id, %error, "a container's namespace cannot be read");
                }
            }
        }
        actual.namespaces.insert(NamespaceId::Host, host);
        Ok(actual)
    }

    /// Compares an attachment, all of it, in the host and in the container.
    pub(super) fn check(
        &self,
        id: &AttachmentId,
        netns: Option<OwnedFd>,
    ) -> Result<Response, Failure> {
        let held = self.book().held.get(id).cloned();
        let held = held.ok_or_else(|| Reason::NotAttached { id: id.clone() })?;
        let mut host = look::host().map_err(|error| kernel_said(&error))?;
        let link = id.host_link();
        if !host.links.contains(&link) {
            let lost = format!("the host's link {link} of {id} is gone");
            return Ok(Response::Checked {
                differences: vec![lost],
                attachment: Box::new(held.attachment),
            });
        }
        host.links.retain(|link| link.group != model::host::link::GROUP_DOOMED);
        let wanted = self.wanted(&host);
        leave_others_queues(&mut host, &wanted);
        let mut actual = Actual::default();
        actual.namespaces.insert(NamespaceId::Host, host);
        if let Some(netns) = netns {
            let inside = look::container(netns.as_fd()).map_err(|error| kernel_said(&error))?;
            let container = NamespaceId::Container(held.attachment.id.container.to_string());
            actual.namespaces.insert(container, inside);
        }
        let diff = diff::diff(&wanted, &actual);
        let missing = |step: &diff::Step| {
            format!("{}: it takes to {}", step.namespace, in_words(&step.change))
        };
        let mut differences: Vec<String> = diff.conflicts.iter().map(ToString::to_string).collect();
        differences.extend(diff.steps.iter().map(missing));
        Ok(Response::Checked { differences, attachment: Box::new(held.attachment) })
    }
}

/// Tells the two ends of an attachment's veth of one another. The kernel names a peer by a number
/// that means something in the asking namespace alone; we made both ends and know. That they are
/// still one another's is seen by the numbers of the links.
fn join(host: &mut Namespace<Unknown>, inside: &mut Namespace<Unknown>, attachment: &Attachment) {
    let name = attachment.id.host_link();
    let (Some(outer), Some(inner)) =
        (host.links.get_mut(&name), inside.links.get_mut(&attachment.id.interface))
    else {
        return;
    };
    let (outer_index, inner_index) = (outer.index, inner.index);
    let (LinkKind::Veth(outer), LinkKind::Veth(inner)) = (&mut outer.kind, &mut inner.kind) else {
        return;
    };
    if outer.peer_index == inner_index && inner.peer_index == outer_index {
        let container = NamespaceId::Container(attachment.id.container.to_string());
        let peer = |namespace, name| Some(VethPeer { namespace, name });
        outer.peer = peer(container, attachment.id.interface.clone());
        inner.peer = peer(NamespaceId::Host, name);
    }
}
