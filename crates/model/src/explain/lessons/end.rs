//! How it ended, and what the sender notices of that.

use super::Lesson;
use crate::path::{End, Reason};

/// `None` where the end's own words say it all.
pub(super) fn end(end: &End) -> Option<Lesson> {
    Some(match end {
        End::Delivered { at, process: Some(process) } => {
            Lesson::ToProcess { place: at.namespace.to_string(), process: process.clone() }
        }
        End::Delivered { at, process: None } => {
            Lesson::ToKernel { place: at.namespace.to_string() }
        }
        End::Left { at } => Lesson::WentOut { link: at.link.clone()? },
        End::Unknown { .. } => return None,
        End::Dropped { at, because, .. } => {
            let place = at.namespace.to_string();
            match because {
                Reason::NoRoute { destination } => {
                    Lesson::NobodyKnowsTheWay { place, to: *destination }
                }
                Reason::NoNeighbour { address, link } => {
                    Lesson::NobodyAnswered { address: *address, link: link.clone() }
                }
                Reason::NotForwarding { .. } => Lesson::IsNoRouter { place },
                Reason::Rule { .. } => Lesson::RuleForbids { place },
                Reason::TooBig { size, mtu, link } => {
                    Lesson::DoesNotFit { size: *size, mtu: *mtu, link: link.clone() }
                }
                Reason::NoSocket { transport, port } => {
                    Lesson::NobodyListens { transport: *transport, port: *port }
                }
                Reason::TtlExpired => Lesson::WentInCircles,
                Reason::ReversePath { source, link, .. } => {
                    Lesson::NotBySuchALink { source: *source, link: link.clone() }
                }
                Reason::Hairpin { link } => Lesson::NotBackByThePort { link: link.clone() },
                Reason::LinkDown { link } => Lesson::LinkIsDown { link: link.clone() },
                Reason::RouteRefuses { .. }
                | Reason::NoTunnelTo { .. }
                | Reason::NotOwn { .. }
                | Reason::NoTunnelEnd { .. }
                | Reason::CameBack { .. }
                | Reason::OtherHost { .. }
                | Reason::PortState { .. }
                | Reason::Isolated { .. }
                | Reason::Martian { .. } => return None,
            }
        }
    })
}
