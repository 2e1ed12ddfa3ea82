//! Other nodes of the cluster, asked through our daemon; and what is to be told beside the ways.

use super::cure::Advice;
use crate::api::{self, Api};
use crate::machine::word;
use crate::protocol::{Toward, TraceAnswer, TraceQuestion};
use model::cluster::NodeName;
use model::cluster::trace::{Ask, FORMAT, Inquiry, Said, Stretch, Then, Walked};
use model::explain::{Cure, Language, TraceRefusal, TraceText};
use model::host::NamespaceId;
use model::path::{End, Place, Reason, Stage};
use serde::Serialize;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a walk has of other nodes.
pub(super) struct Beyond {
    api: Api,
    language: Language,
    /// What the nodes remember the packet under.
    walk: String,
    pub(super) trips: Vec<Trip>,
    pub(super) notes: Vec<TraceText>,
    pub(super) advice: Option<Advice>,
    /// Somebody did not answer, or did not want to.
    pub(super) refused: bool,
    /// The port that was taken to send from.
    pub(super) port: Option<u16>,
}

/// A question and its answer, through the store; microseconds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Trip {
    pub(super) node: NodeName,
    /// There and back.
    pub(super) took: u64,
    /// Of which the node read and walked; `None` if there was no answer.
    pub(super) walking: Option<u64>,
}

impl Beyond {
    pub(super) fn new(language: Language) -> Self {
        let (walk, trips, notes, advice, refused, port) = Default::default();
        Self { api: Api::here(), language, walk, trips, notes, advice, refused, port }
    }

    /// For another walk; what was asked stays told.
    pub(super) fn begin(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.walk = format!("{}-{}", std::process::id(), now.as_nanos());
        self.notes.clear();
        self.advice = None;
        self.refused = false;
        self.port = None;
    }

    /// Asks. Without a daemon, or where that one is of no cluster, nobody is concerned.
    pub(super) fn ask(&mut self, to: Toward, ask: Ask) -> TraceAnswer {
        let inquiry = Inquiry { format: FORMAT, walk: self.walk.clone(), ask };
        let answer = self.send(&TraceQuestion { to, inquiry: Some(inquiry) });
        let trip = match &answer {
            TraceAnswer::Nobody | TraceAnswer::Concerns { .. } => None,
            TraceAnswer::From { node, took, reply } => Some((node, *took, Some(reply.took))),
            TraceAnswer::Refused { node, took, .. } => Some((node, *took, None)),
        };
        self.trips.extend(trip.map(|(node, took, walking)| {
            let node = node.clone();
            Trip { node, took, walking }
        }));
        answer
    }

    /// Whether another node would be asked.
    pub(super) fn concerns(&mut self, to: Toward) -> bool {
        matches!(self.send(&TraceQuestion { to, inquiry: None }), TraceAnswer::Concerns { .. })
    }

    fn send(&mut self, question: &TraceQuestion) -> TraceAnswer {
        match self.api.trace(question) {
            Ok(answer) => answer,
            Err(api::Error::NotRunning { .. } | api::Error::Permission { .. }) => {
                TraceAnswer::Nobody
            }
            Err(error) => {
                let note = TraceText::NotCarriedOn { why: error.to_string() };
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
                TraceAnswer::Nobody
            }
        }
    }

    /// The addresses of a place on another node, `NODE/PLACE`, or of the node itself; `None` if there
    /// is no such node.
    pub(super) fn addresses(
        &mut self,
        name: &str,
    ) -> Option<(NodeName, Result<Vec<IpAddr>, TraceText>)> {
        let (node, place) = match name.split_once('/') {
            Some((node, place)) => (node, Some(place)),
            None => (name, None),
        };
        let node: NodeName = node.parse().ok()?;
        let Some(place) = place else {
            let peers = self.api.status().ok()?.cluster?.peers;
            let peer = peers.into_iter().find(|peer| peer.name == node)?;
            return Some((node, Ok(peer.addresses)));
        };
        let ask = Ask::Addresses { place: place.to_owned() };
        let said = match self.ask(Toward::Node(node.clone()), ask) {
            TraceAnswer::Nobody | TraceAnswer::Concerns { .. } => return None,
            TraceAnswer::Refused { why, .. } => Said::Refused(why),
            TraceAnswer::From { reply, .. } => reply.said,
        };
        let told = match said {
            Said::Addresses(all) if !all.is_empty() => Ok(all),
            Said::Refused(why) => Err(TraceText::NodeSays { why: Box::new(why) }),
            _ => {
                let (node, place) = (node.clone(), place.to_owned());
                Err(TraceText::NotOnNode { node, place })
            }
        };
        Some((node, told))
    }

    /// The end of a way whose rest nobody tells.
    pub(super) fn unknown(&mut self, at: Place, why: &TraceRefusal) -> Box<End> {
        self.refused = true;
        let (TraceRefusal::Silent { node, .. }
        | TraceRefusal::NotAlive { node }
        | TraceRefusal::StoreAway { node, .. }
        | TraceRefusal::Off { node }
        | TraceRefusal::TooMany { node, .. }
        | TraceRefusal::Busy { node }
        | TraceRefusal::Forgotten { node, .. }
        | TraceRefusal::OtherFormat { node, .. }
        | TraceRefusal::Odd { node, .. }
        | TraceRefusal::TooLarge { node, .. }
        | TraceRefusal::Failed { node, .. }) = why;
        let node = node.clone();
        let status = || Some("glassnet status".to_owned());
        let (cure, command) = match why {
            TraceRefusal::Silent { .. }
            | TraceRefusal::NotAlive { .. }
            | TraceRefusal::Failed { .. } => (Cure::AskAgain { node }, status()),
            TraceRefusal::StoreAway { .. } => (Cure::ReachStore, status()),
            TraceRefusal::Off { .. } => (Cure::LetAnswer { node }, None),
            TraceRefusal::OtherFormat { .. } | TraceRefusal::Odd { .. } => {
                (Cure::SameVersion { node }, Some("glassnet version".to_owned()))
            }
            TraceRefusal::TooMany { .. }
            | TraceRefusal::Busy { .. }
            | TraceRefusal::Forgotten { .. }
            | TraceRefusal::TooLarge { .. } => (Cure::AskLater { node }, None),
        };
        self.advice = Some(Advice { cure, command });
        Box::new(End::Unknown { at, stage: Stage::Transmit, why: why.say(self.language) })
    }

    /// The end where a node answers something else than it was asked.
    pub(super) fn odd(&mut self, node: &NodeName, at: Place) -> Box<End> {
        let why = "it answers another question".to_owned();
        self.unknown(at, &TraceRefusal::Odd { node: node.clone(), why })
    }

    /// Over from one host to another.
    pub(super) fn crossed(&mut self, from: &str, to: &str, between: bool) {
        let note = TraceText::RouterBetween { from: from.to_owned(), to: to.to_owned() };
        if between && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// What a node told, under its name.
    pub(super) fn told(
        &mut self,
        node: &NodeName,
        own: &str,
        walked: Walked,
    ) -> (Stretch, Option<Stretch>) {
        let Walked { mut way, mut back, between: _, unseen, unsteady, advice } = walked;
        // A node that bears the name which this machine has for itself is not this machine.
        let host = if node.as_str() == own { format!("{node} (node)") } else { node.to_string() };
        for stretch in [Some(&mut way), back.as_mut()].into_iter().flatten() {
            name(stretch, &host);
        }
        let of = |namespace: NamespaceId| {
            let place = namespace.to_string();
            TraceText::OfNode { node: host.clone(), place }.say(self.language)
        };
        for unseen in unseen {
            let (part, place, why) = (word(&unseen.part), of(unseen.namespace), unseen.why);
            self.notes.push(TraceText::NotSeen { part, place, why });
        }
        if let Some(namespace) = unsteady {
            self.notes.push(TraceText::Unsteady { place: of(namespace) });
        }
        // Where a frame is for somebody else, its sender knows why.
        let misled = [Some(&way), back.as_ref()].into_iter().flatten().any(is_for_another);
        if let Some((cure, command)) = advice.filter(|_| !misled) {
            let cure = Cure::OnNode { node: node.clone(), cure: Box::new(cure) };
            self.advice = Some(Advice { cure, command });
        }
        (way, back)
    }
}

/// Where a node says it was, it was on that node.
fn name(stretch: &mut Stretch, host: &str) {
    let hops = stretch.hops.iter_mut().map(|hop| &mut hop.at);
    let end = match &mut stretch.then {
        Then::End(
            End::Delivered { at, .. }
            | End::Dropped { at, .. }
            | End::Left { at }
            | End::Unknown { at, .. },
        )
        | Then::Leaves { at, .. } => Some(at),
        // That node finds it again by this.
        Then::Asks { .. } => None,
    };
    hops.chain(end).for_each(|at| host.clone_into(&mut at.host));
}

fn is_for_another(stretch: &Stretch) -> bool {
    let Then::End(End::Dropped { because, .. }) = &stretch.then else { return false };
    matches!(because, Reason::OtherHost { .. })
}
