//! `xt_conntrack` and `xt_state`: what is known of the packet's connection.

use super::{Says, Scene};
use crate::host::nft::ct_status;
use crate::host::nft::xt::{ConnectionMatch, Not};
use crate::net::octets;
use crate::path::buffer::Tracking;
use std::net::IpAddr;

/// `XT_CONNTRACK_STATE_*`.
const INVALID: u32 = 1;
const ESTABLISHED: u32 = 1 << 1;
const NEW: u32 = 1 << 3;
const SOURCE_NAT: u32 = 1 << 6;
const DESTINATION_NAT: u32 = 1 << 7;
const UNTRACKED: u32 = 1 << 8;
/// `XT_STATE_UNTRACKED`.
const STATE_UNTRACKED: u32 = 1 << 6;

/// `-m state`.
pub(super) fn in_state(scene: &Scene<'_, '_>, states: u32) -> Says {
    let is = match state(scene) {
        UNTRACKED => STATE_UNTRACKED,
        other => other,
    };
    (states & is != 0).into()
}

/// The bit of the packet's state.
fn state(scene: &Scene<'_, '_>) -> u32 {
    match scene.state.tracking {
        Tracking::NotYet => INVALID,
        Tracking::Untracked => UNTRACKED,
        Tracking::Connection { index, .. } => match scene.state.connections[index].answered {
            true => ESTABLISHED,
            false => NEW,
        },
    }
}

/// `conntrack_mt`.
pub(super) fn says(scene: &Scene<'_, '_>, asked: &ConnectionMatch) -> Says {
    let connection = match scene.state.tracking {
        Tracking::Connection { index, reply } => Some((&scene.state.connections[index], reply)),
        Tracking::NotYet | Tracking::Untracked => None,
    };
    let status = connection.map_or(0, |(connection, _)| connection.status());
    if let Some((states, not)) = asked.states {
        let mut is = state(scene);
        for (bit, of) in [(ct_status::SNAT, SOURCE_NAT), (ct_status::DNAT, DESTINATION_NAT)] {
            is |= if status & bit != 0 { of } else { 0 };
        }
        if (u32::from(states) & is != 0) == not {
            return Says::No;
        }
    }
    let Some((connection, reply)) = connection else { return asked.states.is_some().into() };
    let tuples = [connection.original, connection.reply];
    let ends = [tuples[0].source, tuples[0].destination, tuples[1].source, tuples[1].destination];
    let addresses = asked.addresses.iter().zip(ends).all(|(asked, end)| {
        asked.is_none_or(|(address, mask, not)| within(end.ip(), address, mask) != not)
    });
    let protocol = asked
        .protocol
        .is_none_or(|(protocol, not)| (protocol == u16::from(tuples[0].protocol)) != not);
    let direction = asked.direction.is_none_or(|original| original != reply);
    let status = asked.status.is_none_or(|(wanted, not)| (u32::from(wanted) & status != 0) != not);
    if !(addresses && protocol && direction && status) {
        return Says::No;
    }
    let mut maybe = asked.expires.map(|_| "when its connection is forgotten");
    for (asked, end) in asked.ports.iter().zip(ends) {
        match asked {
            None => {}
            Some(_) if end.port() == 0 => maybe = Some("a port that the kernel chooses"),
            Some((first, last, not)) if !port(end.port(), *first, *last, *not) => return Says::No,
            Some(_) => {}
        }
    }
    maybe.map_or(Says::Yes, |why| Says::Maybe(why.to_owned()))
}

fn port(is: u16, first: u16, last: u16, not: Not) -> bool {
    (first..=last).contains(&is) != not
}

fn within(is: IpAddr, address: IpAddr, mask: IpAddr) -> bool {
    let (is, address, mask) = (octets(is), octets(address), octets(mask));
    is.len() == address.len()
        && is.iter().zip(&address).zip(&mask).all(|((is, of), mask)| is & mask == of & mask)
}
