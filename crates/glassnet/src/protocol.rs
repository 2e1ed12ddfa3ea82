//! What the daemon is asked, and what it answers.
//!
//! On `attach.sock` each connection carries one question and one answer, each a frame: the length
//! of the JSON that follows as 4 bytes, little-endian. With [`Request::Attach`] and
//! [`Request::Check`] comes the container's network namespace as a descriptor (`SCM_RIGHTS`), sent
//! with the frame's first byte. The daemon keeps no descriptor after it has answered.

use model::cluster::trace::{Inquiry, Reply};
use model::cluster::{
    Attachment, AttachmentId, Backend, Bandwidth, Network, NetworkName, NodeName, Publish,
};
pub(crate) use model::explain::Code;
use model::explain::{Notice, Reason, TraceRefusal};
use model::net::Mac;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Where the daemon listens, below the run directory.
pub(crate) const ATTACH_SOCKET: &str = "attach.sock";
pub(crate) const API_SOCKET: &str = "api.sock";

/// The run directory, unless `GLASSNET_RUN_DIR` names another.
pub(crate) const RUN_DIRECTORY: &str = "/run/glassnet";

/// What survives a restart, unless `GLASSNET_STATE_DIR` names another.
pub(crate) const STATE_DIRECTORY: &str = "/var/lib/glassnet";

/// The folder of detaches that wait for the daemon, below the state directory.
pub(crate) const QUEUE_DIRECTORY: &str = "detach-queue";

/// Longest frame in bytes that either side reads.
pub(crate) const MAX_FRAME: u32 = 4 << 20;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// Connects a container. Repeated for an attachment that is there and the same, it gives the
    /// same answer again.
    Attach(AttachRequest),
    /// Disconnects it. That it is not there is no error.
    Detach { id: AttachmentId },
    /// Compares what should be with what is.
    Check { id: AttachmentId },
    /// Detaches what this runtime attached to this network and does not name any more.
    Collect { runtime: String, network: NetworkName, keep: Vec<AttachmentId> },
    /// Whether an attach to this network could be served now.
    Ready { network: NetworkName },
}

/// A container to be connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttachRequest {
    pub id: AttachmentId,
    pub network: NetworkName,
    /// Who asks, so that [`Request::Collect`] touches nobody else's: for CNI, the name of the
    /// network configuration; for people, `cli`.
    pub runtime: String,
    /// Where the namespace was found, for people and for the sweep of dead namespaces.
    pub netns: String,
    /// Addresses asked for, at most one of each family.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    #[serde(default)]
    pub mac: Option<Mac>,
    /// Single ports; whoever asks for ranges has expanded them.
    #[serde(default)]
    pub publish: Vec<Publish>,
    #[serde(default)]
    pub bandwidth: Bandwidth,
    #[serde(default = "yes")]
    pub default_route: bool,
}

fn yes() -> bool {
    true
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum Response {
    Attached(Box<Attached>),
    Done,
    /// Of [`Request::Collect`]: what was detached.
    Collected {
        detached: Vec<AttachmentId>,
    },
    /// Of [`Request::Check`]: each difference in words, none if all is as it should be.
    Checked {
        differences: Vec<String>,
        attachment: Box<Attachment>,
    },
    Failed(Failure),
}

/// An attachment as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attached {
    pub attachment: Attachment,
    pub network: Network,
    /// Bytes, of the container's link.
    pub mtu: u32,
}

/// A no: its code, its facts, and both in English for whoever does not know the facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub code: Code,
    pub message: String,
    /// What a client says in its reader's language. A reason of another version is unknown here,
    /// and its message is shown instead.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<Reason>>,
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self { code: reason.code(), message: reason.to_string(), reason: Some(Box::new(reason)) }
    }
}

/// What this version knows of a value; a value that another version wrote may be beyond it.
fn known<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: serde::de::DeserializeOwned,
    D: serde::Deserializer<'de>,
{
    Ok(serde_json::from_value(serde_json::Value::deserialize(from)?).ok())
}

/// A network to be created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateNetwork {
    pub name: NetworkName,
    /// None: the daemon picks a free IPv4 subnet.
    #[serde(default)]
    pub subnets: Vec<model::net::IpNet>,
    #[serde(default)]
    pub gateways: Vec<IpAddr>,
    #[serde(default)]
    pub mtu: Option<u32>,
    #[serde(default = "yes")]
    pub masquerade: bool,
    #[serde(default)]
    pub spoofing: bool,
    /// On a node of a cluster: of this host alone.
    #[serde(default)]
    pub local: bool,
    /// On a node of a cluster; none is `auto`.
    #[serde(default)]
    pub backend: Option<Backend>,
    /// None: one is chosen.
    #[serde(default)]
    pub vni: Option<u32>,
    /// None: 4789.
    #[serde(default)]
    pub vxlan_port: Option<u16>,
}

/// What of a network of the cluster is to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeNetwork {
    #[serde(default)]
    pub backend: Option<Backend>,
}

/// The answer to [`CreateNetwork`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CreatedNetwork {
    #[serde(flatten)]
    pub network: Network,
    /// Whether the request made it; else it was there, just so.
    pub created: bool,
}

/// One row of `glassnet ls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AttachmentRow {
    #[serde(flatten)]
    pub attachment: Attachment,
    pub runtime: String,
    pub netns: String,
    pub state: String,
}

/// The answer to `glassnet status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub version: String,
    pub pid: u32,
    pub started: u64,
    pub networks: Vec<NetworkStatus>,
    pub attachments: usize,
    /// Detaches that wait to be carried out.
    pub queued: usize,
    /// What the last look at the kernel found missing.
    pub drift: Vec<Notice>,
    /// What people should know: addresses nearly gone, damage found in files.
    pub warnings: Vec<Notice>,
    /// `None` for a host by itself.
    #[serde(default)]
    pub cluster: Option<ClusterStatus>,
}

/// How it stands with the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClusterStatus {
    /// This node's name.
    pub node: NodeName,
    pub addresses: Vec<IpAddr>,
    pub store: StoreStatus,
    /// Blocks and single addresses that this node holds, by network.
    #[serde(default)]
    pub holds: BTreeMap<NetworkName, Vec<model::net::IpNet>>,
    pub peers: Vec<PeerStatus>,
}

/// How it stands with the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreStatus {
    pub endpoints: Vec<String>,
    pub connected: bool,
    /// Seconds since 1970 from when on it is so.
    pub since: u64,
    /// Why it is away.
    #[serde(default, deserialize_with = "known")]
    pub why: Option<model::explain::StoreFailure>,
}

/// One other node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeerStatus {
    pub name: NodeName,
    pub addresses: Vec<IpAddr>,
    pub alive: bool,
    /// Seconds since 1970 when it was last known to live.
    pub last_seen: Option<u64>,
    pub networks: Vec<PeerInNetwork>,
}

/// The way to a peer in one network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeerInNetwork {
    pub network: NetworkName,
    /// Blocks and single addresses it holds.
    pub prefixes: Vec<model::net::IpNet>,
    /// What packets to it go by.
    pub by: Option<model::cluster::Means>,
    /// Bytes: the largest packet proven to pass.
    pub mtu: Option<u32>,
    /// Microseconds there and back, of the last proof.
    pub round_trip: Option<u64>,
    /// Seconds since 1970 of the last proof.
    pub proven: Option<u64>,
    /// Packets of full size were proven to pass, though perhaps not by the best means.
    #[serde(default)]
    pub whole: bool,
    /// Why it is not better.
    pub why: Vec<model::explain::WayFault>,
}

/// What another node is to be asked about a packet's way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceQuestion {
    pub to: Toward,
    /// `None`: only whom it concerns.
    pub inquiry: Option<Inquiry>,
}

/// Who is to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Toward {
    Node(NodeName),
    /// Whoever has the next hop's address, else the destination's.
    Packet {
        next_hop: Option<IpAddr>,
        destination: Option<IpAddr>,
    },
}

/// The answer to [`TraceQuestion`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TraceAnswer {
    /// No other node is concerned.
    Nobody,
    /// It was not asked anything.
    Concerns {
        node: NodeName,
    },
    /// `took` microseconds after it was asked.
    From {
        node: NodeName,
        took: u64,
        reply: Box<Reply>,
    },
    Refused {
        node: NodeName,
        took: u64,
        why: TraceRefusal,
    },
}

/// One network's numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NetworkStatus {
    pub name: NetworkName,
    pub subnets: Vec<model::net::IpNet>,
    pub attachments: usize,
    /// Addresses leased and leasable, of the scarcer family.
    pub leased: u64,
    pub leasable: u64,
}
