//! What nodes ask each other about a packet's way, and where that stands in the store.
//!
//! ```text
//! PREFIX.traces/asked/ASKER/ASKED/ID       an Inquiry   written by the asker alone
//! PREFIX.traces/answered/ASKED/ASKER/ID    a Reply      written by who was asked
//! ```
//!
//! Packets and hops cross the store, never a node's state. What was asked is gone after some seconds.

use super::NodeName;
use crate::explain::{Cure, TraceRefusal};
use crate::host::NamespaceId;
use crate::net::Mac;
use crate::path::{End, Hop, Packet, Part, Place};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Of what is written. Another is not read, and said to be another.
pub const FORMAT: u32 = 1;

/// Bytes. A store that takes all of etcd's own limit, 1.5 MB, takes an answer.
pub const MOST_QUESTION: usize = 64 << 10;
pub const MOST_ANSWER: usize = 1 << 20;

/// Headers that a packet may have.
pub const MOST_LAYERS: usize = 32;

/// Where one question and its answer stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub asker: NodeName,
    pub asked: NodeName,
    /// Lower-case letters, digits and `-`.
    pub id: String,
}

impl Slot {
    /// Below which all questions stand.
    pub const QUESTIONS: &'static str = "asked/";

    pub fn question(&self) -> String {
        let Self { asker, asked, id } = self;
        format!("{}{asker}/{asked}/{id}", Self::QUESTIONS)
    }

    pub fn answer(&self) -> String {
        let Self { asker, asked, id } = self;
        format!("answered/{asked}/{asker}/{id}")
    }

    /// What a question's place says, from its asker on.
    pub fn of_question(place: &str) -> Option<Self> {
        let mut parts = place.split('/');
        let (asker, asked) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let id = parts.next().filter(|id| is_id(id))?.to_owned();
        parts.next().is_none().then_some(Self { asker, asked, id })
    }
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    pub format: u32,
    /// Of which trace: what a node remembers of a packet it remembers under this.
    pub walk: String,
    pub ask: Ask,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Where does this packet go from here?
    Arrives {
        packet: Packet,
        next_hop: Option<IpAddr>,
        /// Who sent the frame, should it be asked for.
        known: Vec<Holder>,
        /// Where the packet was before: who is among them is to remember it.
        visited: Vec<NodeName>,
        /// If it is delivered, the answer's way is asked for too.
        back: bool,
    },
    /// And where, now that it is known who has the address? `None`: nobody is known to have it.
    GoesOn { at: Place, address: IpAddr, holder: Option<Holder>, back: bool },
    /// Who has this address there?
    Has { address: IpAddr },
    /// The addresses of a place there.
    Addresses { place: String },
}

/// Who answers for an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub address: IpAddr,
    pub mac: Mac,
    pub at: Place,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub format: u32,
    /// Microseconds of reading and walking.
    pub took: u64,
    pub said: Said,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    Walked(Box<Walked>),
    /// No link of this node would take the frame.
    NotHere,
    Has(Option<Holder>),
    Addresses(Vec<IpAddr>),
    Refused(TraceRefusal),
}

/// How it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walked {
    pub way: Stretch,
    /// Of the answer's way, if it was delivered.
    pub back: Option<Stretch>,
    /// Between the two nodes is a router that is none of them.
    pub between: bool,
    pub unseen: Vec<Unseen>,
    /// A namespace whose rules kept changing.
    pub unsteady: Option<NamespaceId>,
    /// What to do, if it does not arrive.
    pub advice: Option<(Cure, Option<String>)>,
}

/// A part of a way that is within one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    pub hops: Vec<Hop>,
    pub then: Then,
}

/// What comes after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    End(End),
    Leaves {
        at: Place,
        packet: Packet,
        /// Whom the frame is for: the address whose MAC address it bears.
        next_hop: Option<IpAddr>,
    },
    /// Who has the address on the wire of this link has to be known first.
    Asks {
        at: Place,
        address: IpAddr,
    },
}

/// What a walk could not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unseen {
    pub namespace: NamespaceId,
    pub part: Part,
    pub why: String,
}

/// The inquiry in these bytes, or why it is none that can be answered.
pub fn inquiry(bytes: &[u8]) -> Result<Inquiry, Unread> {
    let inquiry: Inquiry = read(bytes)?;
    match &inquiry.ask {
        Ask::Arrives { packet, .. } if packet.layers.len() > MOST_LAYERS => {
            Err(Unread::Damaged(format!("a packet of {} headers", packet.layers.len())))
        }
        _ => Ok(inquiry),
    }
}

/// The reply in these bytes.
pub fn reply(bytes: &[u8]) -> Result<Reply, Unread> {
    read(bytes)
}

/// Why what another node wrote cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is of this format.
    Format(u32),
    Damaged(String),
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Unread> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let damaged = |error: serde_json::Error| Unread::Damaged(error.to_string());
    match serde_json::from_slice(bytes).map_err(damaged)? {
        Format { format: FORMAT } => serde_json::from_slice(bytes).map_err(damaged),
        Format { format } => Err(Unread::Format(format)),
    }
}

/// Whom a packet that leaves a link is for, as the hops before it tell.
pub fn next_hop(hops: &[Hop]) -> Option<IpAddr> {
    use crate::path::{Evidence, Stage};
    let last = hops.iter().rev().find(|hop| hop.stage == Stage::Neighbour)?;
    last.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Neighbour { address, .. }
        | Evidence::Resolved { address, .. }
        | Evidence::Asked { address, .. } => Some(*address),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(id: &str) -> Slot {
        Slot { asker: "a".parse().unwrap(), asked: "b".parse().unwrap(), id: id.to_owned() }
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let slot = slot("0f-1");
        let place = slot.question();
        assert_eq!(slot.answer(), "answered/b/a/0f-1");
        assert_eq!(Slot::of_question(place.strip_prefix(Slot::QUESTIONS).unwrap()), Some(slot));
        for odd in ["a/b", "a/b/", "a/b/X", "a/b/c/d", "../b/c", "a//c", ""] {
            assert_eq!(Slot::of_question(odd), None, "{odd}");
        }
        assert_eq!(Slot::of_question(&format!("a/b/{}", "x".repeat(65))), None);
    }

    #[test]
    fn another_format_is_told_from_damage() {
        let whole = Inquiry {
            format: FORMAT,
            walk: "w".to_owned(),
            ask: Ask::Has { address: "192.0.2.1".parse().unwrap() },
        };
        let bytes = serde_json::to_vec(&whole).unwrap();
        assert_eq!(inquiry(&bytes), Ok(whole));
        assert_eq!(inquiry(br#"{"format":2,"walk":7}"#), Err(Unread::Format(2)));
        for odd in [&b""[..], b"{}", br#"{"format":1,"walk":"w"}"#, &bytes[..bytes.len() - 1]] {
            assert!(matches!(inquiry(odd), Err(Unread::Damaged(_))), "{odd:?}");
        }
    }

    #[test]
    fn a_packet_without_end_is_refused() {
        let layers = vec![crate::path::Layer::Vxlan { vni: 1 }; MOST_LAYERS + 1];
        let (next_hop, known, visited) = (None, Vec::new(), Vec::new());
        let packet = Packet { layers };
        let ask = Ask::Arrives { packet, next_hop, known, visited, back: false };
        let large = Inquiry { format: FORMAT, walk: "w".to_owned(), ask };
        let bytes = serde_json::to_vec(&large).unwrap();
        assert!(matches!(inquiry(&bytes), Err(Unread::Damaged(_))));
    }
}
