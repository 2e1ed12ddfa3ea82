//! What the checks look at: all namespaces of the machine as the kernel has them, and what the daemon
//! knows.

use crate::api::{self, Api};
use crate::cli::error::Error;
use crate::cli::trace::{Wrong, command, state};
use crate::machine::{Machine, Unread};
use crate::places::Name;
use crate::protocol::{AttachmentRow, NetworkStatus};
use model::cluster::Network;
use model::explain::Language;
use model::host::{Actual, Link, LinkKind, Namespace, NamespaceId, Unknown};
use model::net::{Family, LinkName};
use model::path::Part;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Both together. Without a daemon its lists are empty, and checks that need them are not run.
#[derive(Default)]
pub(super) struct Seen {
    /// The machine's name for itself.
    pub(super) name: String,
    pub(super) actual: Actual,
    /// The same namespaces, as people know them.
    pub(super) about: BTreeMap<NamespaceId, About>,
    pub(super) networks: Vec<Network>,
    pub(super) attachments: Vec<AttachmentRow>,
    pub(super) numbers: Vec<NetworkStatus>,
    /// No namespace with a process in it is hidden from this user.
    pub(super) everybody: bool,
    /// In the order in which engines take them.
    pub(super) configurations: Vec<Configuration>,
    /// Families in which the older iptables has a filter table, which is not in the ruleset we read.
    pub(super) legacy_filters: Vec<Family>,
}

/// Who is in a namespace, and what of it was not read.
#[derive(Default)]
pub(super) struct About {
    pub(super) names: Vec<Name>,
    pub(super) processes: Option<usize>,
    pub(super) unread: Vec<Unread>,
    /// What a command begins with that is to be carried out in there.
    prefix: Option<String>,
}

/// A CNI network configuration of this host.
pub(super) struct Configuration {
    pub(super) file: PathBuf,
    /// The types of its plugins, or why it cannot be read.
    pub(super) plugins: Result<Vec<String>, String>,
}

/// Whether the daemon has told what it knows.
pub(super) enum Daemon {
    Told,
    Silent {
        why: String,
    },
    /// A file does not hold what a daemon knows.
    NotAsked,
}

/// A link and the namespace that it is in.
pub(super) type At<'a> = (&'a NamespaceId, &'a Link<Unknown>);

impl Seen {
    /// The namespace the daemon is in.
    pub(super) fn host(&self) -> Option<&Namespace<Unknown>> {
        self.actual.namespaces.get(&NamespaceId::Host)
    }

    /// All links of all namespaces.
    pub(super) fn links(&self) -> impl Iterator<Item = At<'_>> {
        let all = self.actual.namespaces.iter();
        all.flat_map(|(id, namespace)| namespace.links.iter().map(move |link| (id, link)))
    }

    /// The link as people can look it up: `netns:blue eth0`.
    pub(super) fn link(&self, of: &NamespaceId, link: &LinkName) -> String {
        format!("{of} {link}")
    }

    /// Why the part of the namespace was not read.
    pub(super) fn unread(&self, of: &NamespaceId, part: &Part) -> Option<&str> {
        let unread = self.about.get(of)?.unread.iter().find(|unread| unread.is(part))?;
        Some(&unread.why)
    }

    /// The number that a setting has in a namespace.
    pub(super) fn setting(&self, of: &NamespaceId, path: String) -> Option<u32> {
        self.actual.namespaces.get(of)?.sysctls.get(&path)?.value.parse().ok()
    }

    /// A command that is to be carried out in a namespace.
    pub(super) fn command(&self, of: &NamespaceId, line: &str) -> String {
        let own = (*of == NamespaceId::Host).then(String::new);
        let prefix = own.or_else(|| self.about.get(of).and_then(|about| about.prefix.clone()));
        command::with(prefix, line)
    }

    /// A veth's other end.
    pub(super) fn peer(&self, of: &NamespaceId, link: &Link<Unknown>) -> Option<At<'_>> {
        let LinkKind::Veth(veth) = &link.kind else { return None };
        let (there, name) = match &veth.peer {
            Some(peer) => (&peer.namespace, Some(&peer.name)),
            None => (self.peers_namespace(of, link)?, None),
        };
        let (id, namespace) = self.actual.namespaces.get_key_value(there)?;
        let is_it = |other: &&Link<Unknown>| match name {
            Some(name) => other.name == *name,
            None => other.index.is_some() && other.index == veth.peer_index,
        };
        Some((id, namespace.links.iter().find(is_it)?))
    }

    /// Where a veth's other end is.
    pub(super) fn peers_namespace<'a>(
        &'a self,
        of: &'a NamespaceId,
        link: &Link<Unknown>,
    ) -> Option<&'a NamespaceId> {
        let LinkKind::Veth(veth) = &link.kind else { return None };
        match veth.peer_netnsid {
            None => Some(of),
            Some(number) => self.actual.namespaces.get(of)?.numbers.get(&number),
        }
    }
}

/// Reads this host, or a file that tells of one: all of it, or what hangs together with some places.
pub(super) fn look(
    state: Option<&Path>,
    places: &[String],
    language: Language,
) -> Result<(Seen, Machine, Daemon), Error> {
    let (kept, mut machine) = match state {
        Some(path) => {
            let kept = state::snapshot(path)?;
            (Some(kept.clone()), Machine::of(kept))
        }
        None => (None, Machine::here().map_err(Error::Kernel)?),
    };
    let find = |place: &String| machine.find(place, |_| false).map(|found| found.id);
    let places: Result<Vec<_>, _> = places.iter().map(find).collect();
    let places = places.map_err(|no| Error::Trace(Wrong::Place(no)))?;
    let scope = super::scope::of(&mut machine, &places);
    let snapshot = kept.unwrap_or_else(|| machine.snapshot(|id| scope.contains(id)));
    let mut seen = Seen { name: snapshot.host, ..Seen::default() };
    for of in snapshot.namespaces.into_iter().filter(|of| scope.contains(&of.id)) {
        let (processes, prefix) = (of.processes, machine.prefix(&of.id));
        let about = About { names: of.names, processes, unread: of.unread, prefix };
        seen.about.insert(of.id.clone(), about);
        seen.actual.namespaces.insert(of.id, of.state);
    }
    if state.is_some() {
        return Ok((seen, machine, Daemon::NotAsked));
    }
    seen.everybody = sees_everybody();
    seen.configurations = super::configurations::read();
    seen.legacy_filters = super::forwarding::legacy_filters();
    let daemon = match ask() {
        Ok((networks, attachments, numbers)) => {
            seen = Seen { networks, attachments, numbers, ..seen };
            Daemon::Told
        }
        Err(error) => Daemon::Silent { why: Error::Api(error).message(language) },
    };
    Ok((seen, machine, daemon))
}

/// Root sees all processes, unless it is in a namespace of processes that is not the first
/// (`PROC_PID_INIT_INO`).
fn sees_everybody() -> bool {
    const FIRST: u64 = 0xefff_fffc;
    let own = crate::places::inode(Path::new("/proc/self/ns/pid"));
    rustix::process::geteuid().is_root() && own == Some(FIRST)
}

type Known = (Vec<Network>, Vec<AttachmentRow>, Vec<NetworkStatus>);

fn ask() -> Result<Known, api::Error> {
    let api = Api::here();
    Ok((api.networks()?, api.attachments()?, api.status()?.networks))
}
