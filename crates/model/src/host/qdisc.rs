//! Queueing disciplines and filters (tc), as far as bandwidth limits need them.

use super::Keyed;
use crate::net::LinkName;
use serde::{Deserialize, Serialize};

/// A queueing discipline at a link's root or ingress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>"))]
pub struct Qdisc<F> {
    pub link: LinkName,
    pub place: Place,
    pub kind: QdiscKind<F>,
}

impl<F> Keyed for Qdisc<F> {
    type Key = (LinkName, Place);

    fn key(&self) -> Self::Key {
        (self.link.clone(), self.place)
    }
}

/// Where on the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Root,
    Ingress,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QdiscKind<F> {
    /// The kernel's default for links without a queue of their own.
    NoQueue,
    /// Token bucket filter.
    Tbf(Tbf),
    Ingress,
    Foreign(F),
}

/// A token bucket: `rate` in bytes a second, `burst` and `limit` in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tbf {
    pub rate: u64,
    pub burst: u32,
    /// Bytes that may wait; what comes on top is dropped.
    pub limit: u32,
}

/// A filter on an ingress qdisc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>"))]
pub struct Filter<F> {
    pub link: LinkName,
    pub kind: FilterKind<F>,
}

impl<F> Keyed for Filter<F> {
    type Key = LinkName;

    fn key(&self) -> LinkName {
        self.link.clone()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind<F> {
    /// Every packet goes to another link's egress (u32 that matches all, with `mirred redirect`).
    RedirectAll {
        to: LinkName,
    },
    Foreign(F),
}
