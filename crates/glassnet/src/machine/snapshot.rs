//! A machine in a file: all its namespaces with all their parts, as they were read one after another.
//!
//! Whoever has the file can ask it without rights and elsewhere; it tells addresses, rules and names.

use super::kept::Kept;
use super::{Machine, Space, State, owner, part};
use crate::places::Name;
use model::explain::PartText;
use model::host::{Namespace, NamespaceId, Tuple, Unknown};
use model::path::Part;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

/// The form of the file. What an older program would misread gets a higher number.
const FORMAT: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    glassnet_snapshot: u32,
    /// The version of the program that wrote it.
    pub(crate) version: String,
    pub(crate) host: String,
    /// When it was read, in seconds since 1970.
    pub(crate) time: u64,
    /// What stands there by others: `addresses`, `names`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) masked: Vec<String>,
    pub(crate) namespaces: Vec<OfNamespace>,
}

/// One namespace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OfNamespace {
    pub(crate) id: NamespaceId,
    pub(crate) inode: u64,
    pub(crate) names: Vec<Name>,
    /// How many processes are in it; `None` in files of earlier versions.
    #[serde(default)]
    pub(crate) processes: Option<usize>,
    pub(crate) state: Namespace<Unknown>,
    /// What could not be read. It stands empty in the state.
    #[serde(default)]
    pub(crate) unread: Vec<Unread>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unread {
    /// As in the state: `nft`, `routes`.
    pub(crate) part: String,
    pub(crate) why: String,
}

impl Unread {
    /// Whether it is this part.
    pub(crate) fn is(&self, part: &Part) -> bool {
        self.part == part::name(part)
    }

    /// The part as people call it.
    pub(crate) fn word(&self) -> PartText {
        match WHOLE.iter().find(|whole| part::name(whole) == self.part) {
            Some(whole) => part::word(whole),
            None if self.part == "connections" => PartText::Connections,
            None => PartText::Sysctls,
        }
    }
}

/// Why a file is no snapshot.
#[derive(Debug)]
pub(crate) enum NoSnapshot {
    /// A later program wrote it.
    Newer {
        version: String,
    },
    Damaged {
        why: String,
    },
}

/// What has no parameter.
const WHOLE: [Part; 11] = [
    Part::Links,
    Part::Addresses,
    Part::Rules,
    Part::Routes,
    Part::Neighbours,
    Part::Fdb,
    Part::Traffic,
    Part::Nft,
    Part::Legacy,
    Part::IpSets,
    Part::Sockets,
];

impl Machine {
    /// Reads all there is of some namespaces.
    pub(crate) fn snapshot(&mut self, wanted: impl Fn(&NamespaceId) -> bool) -> Snapshot {
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let spaces = self.spaces.iter().filter(|space| wanted(&space.id));
        let holders = owner::holders(spaces.flat_map(|space| space.processes.iter().copied()));
        let spaces = self.spaces.iter_mut().filter(|space| wanted(&space.id));
        let namespaces = spaces.filter_map(|space| {
            let State::Live(live) = &mut space.state else { return None };
            let mut state = Namespace::default();
            let mut unread = Vec::new();
            let connections = Part::Connection(NO_TUPLE);
            let sysctls = Part::Sysctl(String::new());
            for part in WHOLE.iter().chain([&connections, &sysctls]) {
                let read = match part {
                    Part::Connection(_) => live.connections(),
                    Part::Sysctl(_) => live.settings(),
                    part => live.read(part),
                };
                match read {
                    Ok(read) => part.put(&mut state, read),
                    Err(closed) => {
                        let part = part::name(part).to_owned();
                        unread.push(Unread { part, why: closed.why });
                    }
                }
            }
            live.rest();
            owner::name_all(&mut state.sockets, &holders);
            let (id, names) = (space.id.clone(), space.names.clone());
            let processes = Some(space.processes.len());
            Some(OfNamespace { id, inode: space.inode, names, processes, state, unread })
        });
        Snapshot {
            glassnet_snapshot: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: self.host.clone(),
            time: time.map_or(0, |since| since.as_secs()),
            masked: Vec::new(),
            namespaces: namespaces.collect(),
        }
    }

    /// The machine as a file tells of it.
    pub(crate) fn of(mut snapshot: Snapshot) -> Self {
        let spaces = std::mem::take(&mut snapshot.namespaces).into_iter().map(|of| {
            let OfNamespace { id, inode, names, state, unread, .. } = of;
            let state = State::Kept(Box::new(Kept { state, unread }));
            Space { id, inode, names, processes: Vec::new(), state }
        });
        let (spaces, unseen, daemon) = (spaces.collect(), Vec::new(), OnceCell::from(None));
        let Snapshot { host, time, masked, .. } = snapshot;
        Self { host, spaces, unseen, time: Some(time), masked, daemon }
    }
}

/// Stands for all connections.
const NO_TUPLE: Tuple = {
    let nobody = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    Tuple { protocol: 0, source: nobody, destination: nobody }
};

impl Snapshot {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NoSnapshot> {
        /// What every form begins with.
        #[derive(Deserialize)]
        struct Head {
            glassnet_snapshot: u32,
            #[serde(default)]
            version: String,
        }
        let damaged = |error: serde_json::Error| NoSnapshot::Damaged { why: error.to_string() };
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.glassnet_snapshot > FORMAT {
            return Err(NoSnapshot::Newer { version: head.version });
        }
        serde_json::from_slice(bytes).map_err(damaged)
    }
}
