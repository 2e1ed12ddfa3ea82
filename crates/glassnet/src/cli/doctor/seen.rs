//! What the checks look at: the host as the kernel has it, and what the daemon knows.

use crate::api::{self, Api};
use crate::cli::error::Error;
use crate::protocol::{AttachmentRow, NetworkStatus};
use model::cluster::Network;
use model::explain::Language;
use model::host::{Actual, Namespace, NamespaceId, Unknown};
use model::net::Family;
use std::path::PathBuf;

/// Both together. Without a daemon its lists are empty, and checks that need them are not run.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) actual: Actual,
    pub(super) networks: Vec<Network>,
    pub(super) attachments: Vec<AttachmentRow>,
    pub(super) numbers: Vec<NetworkStatus>,
    /// In the order in which engines take them.
    pub(super) configurations: Vec<Configuration>,
    /// Families in which the older iptables has a filter table, which is not in the ruleset we read.
    pub(super) legacy_filters: Vec<Family>,
}

/// A CNI network configuration of this host.
pub(super) struct Configuration {
    pub(super) file: PathBuf,
    /// The types of its plugins, or why it cannot be read.
    pub(super) plugins: Result<Vec<String>, String>,
}

impl Seen {
    /// The namespace the daemon is in.
    pub(super) fn host(&self) -> Option<&Namespace<Unknown>> {
        self.actual.namespaces.get(&NamespaceId::Host)
    }
}

/// Reads this host. The second part says why the daemon's knowledge is lacking, if it is.
pub(super) fn look(language: Language) -> Result<(Seen, Option<String>), Error> {
    let actual = observe()?;
    let configurations = super::configurations::read();
    let legacy_filters = super::forwarding::legacy_filters();
    Ok(match ask() {
        Ok((networks, attachments, numbers)) => {
            (Seen { actual, networks, attachments, numbers, configurations, legacy_filters }, None)
        }
        Err(error) => {
            let why = Error::Api(error).message(language);
            (Seen { actual, configurations, legacy_filters, ..Seen::default() }, Some(why))
        }
    })
}

type Known = (Vec<Network>, Vec<AttachmentRow>, Vec<NetworkStatus>);

fn ask() -> Result<Known, api::Error> {
    let api = Api::here();
    Ok((api.networks()?, api.attachments()?, api.status()?.networks))
}

fn observe() -> Result<Actual, Error> {
    let mut actual = Actual::default();
    let host = crate::daemon::observe_host().map_err(Error::Kernel)?;
    actual.namespaces.insert(NamespaceId::Host, host);
    Ok(actual)
}
