//! Puts a question to another node, and waits for its answer.

use super::super::{Cluster, Link};
use super::PATIENCE;
use crate::daemon::lock;
use crate::protocol::{Toward, TraceAnswer, TraceQuestion};
use model::cluster::trace::{FORMAT, Inquiry, MOST_ANSWER, MOST_QUESTION, Reply, Slot, Unread};
use model::cluster::{Member, NodeName};
use model::explain::TraceRefusal;
use model::net::IpNet;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::time::timeout;

impl Cluster {
    /// Asks whom it concerns.
    pub(in crate::daemon) async fn trace(&self, question: TraceQuestion) -> TraceAnswer {
        let Some(node) = self.concerned(&question.to) else { return TraceAnswer::Nobody };
        let Some(inquiry) = &question.inquiry else { return TraceAnswer::Concerns { node } };
        let started = Instant::now();
        let asked = self.put(&node, inquiry).await;
        let took = started.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
        match asked {
            Ok(reply) => TraceAnswer::From { node, took, reply: Box::new(reply) },
            Err(why) => TraceAnswer::Refused { node, took, why },
        }
    }

    /// Another node, if it is one's.
    fn concerned(&self, to: &Toward) -> Option<NodeName> {
        let view = lock(&self.view);
        let members = || view.registry.members.values().filter(|one| one.name != self.name);
        let bearer = |address: IpAddr| {
            let has = |member: &&Member| member.addresses.contains(&address);
            members().find(has).map(|member| member.name.clone())
        };
        let holder = |address: IpAddr| {
            let prefix = IpNet::from(address);
            let mut networks = view.registry.claims.keys();
            networks.find_map(|network| view.registry.holder(network, &prefix))
        };
        match to {
            Toward::Node(name) => {
                members().find(|member| member.name == *name).map(|member| member.name.clone())
            }
            Toward::Packet { next_hop, destination } => {
                let near = next_hop.and_then(bearer);
                let near = near.or_else(|| destination.and_then(bearer));
                near.or_else(|| {
                    let (_, node) = destination.and_then(holder)?;
                    (*node != self.name).then(|| node.clone())
                })
            }
        }
    }

    async fn put(&self, node: &NodeName, inquiry: &Inquiry) -> Result<Reply, TraceRefusal> {
        let named = || node.clone();
        {
            let view = lock(&self.view);
            if let Link::Away(_, why) = &view.store {
                let why = why.as_ref().map(ToString::to_string).unwrap_or_default();
                return Err(TraceRefusal::StoreAway { node: named(), why });
            }
            if !view.registry.alive.contains_key(node) {
                return Err(TraceRefusal::NotAlive { node: named() });
            }
        }
        let number = self.traces.asked.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{number}", std::process::id());
        let slot = Slot { asker: self.name.clone(), asked: named(), id };
        let odd = |why: String| TraceRefusal::Odd { node: named(), why };
        let question = serde_json::to_vec(inquiry).map_err(|error| odd(error.to_string()))?;
        if question.len() > MOST_QUESTION {
            return Err(odd(format!("a question of {} bytes", question.len())));
        }
        let answer = timeout(PATIENCE, async {
            let asked = self.client.ask(&slot, &question).await?;
            self.client.answered(&slot, asked).await
        });
        let answer = match answer.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                return Err(TraceRefusal::StoreAway { node: named(), why: error.to_string() });
            }
            Err(_) => {
                return Err(TraceRefusal::Silent { node: named(), seconds: PATIENCE.as_secs() });
            }
        };
        if answer.len() > MOST_ANSWER {
            return Err(TraceRefusal::TooLarge { node: named(), most: MOST_ANSWER });
        }
        model::cluster::trace::reply(&answer).map_err(|unread| match unread {
            Unread::Format(format) => {
                TraceRefusal::OtherFormat { node: named(), format, knows: FORMAT }
            }
            Unread::Damaged(why) => odd(why),
        })
    }
}
