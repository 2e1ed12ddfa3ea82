//! What the daemon is asked, and what it answers.
//!
//! On `attach.sock` each connection carries one question and one answer, each a frame: the length
//! of the JSON that follows as 4 bytes, little-endian. With [`Request::Attach`] and
//! [`Request::Check`] comes the container's network namespace as a descriptor (`SCM_RIGHTS`), sent
//! with the frame's first byte. The daemon keeps no descriptor after it has answered.

use model::cluster::{Attachment, AttachmentId, Bandwidth, Network, NetworkName, Publish};
use model::net::Mac;
use serde::{Deserialize, Serialize};
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

/// A no, with what happened, where, and what to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub code: Code,
    pub message: String,
}

/// Kinds of failure, stable, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Code {
    /// The question itself is wrong; asking again will not help.
    InvalidRequest,
    /// No such network.
    NoNetwork,
    /// A network or attachment of that name is there, and is another.
    Exists,
    /// Still in use.
    InUse,
    /// No address, port or place on the bridge is left.
    Exhausted,
    /// The address, MAC or port asked for is somebody else's.
    Taken,
    /// The network namespace is gone or is none.
    NoNamespace,
    /// The kernel said no.
    Kernel,
    /// The state directory could not be written.
    Storage,
    /// Not now; try again later.
    Busy,
    /// Not what should be there.
    Differs,
    /// Another program's rules drop what would be forwarded.
    Blocked,
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
    /// Steps that the last look at the kernel found missing, in words.
    pub drift: Vec<String>,
    /// What people should know: addresses nearly gone, damage found in files.
    pub warnings: Vec<String>,
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
