//! What `ct` loads (`nft_ct.c`): from the walk's own connection table.

use super::Scene;
use super::expression::Loaded;
use crate::host::Tuple;
use crate::host::nft::{CtDirection, CtKey, ct_state};
use crate::net::octets;
use crate::path::buffer::Tracking;
use crate::path::conntrack::Connection;
use crate::path::hooks::Stack;
use crate::path::machine::{Halt, unknown};

pub(super) fn load(
    scene: &Scene<'_, '_>,
    key: CtKey,
    direction: Option<CtDirection>,
) -> Result<Loaded, Halt> {
    if !matches!(scene.at.stack, Stack::Ip { .. }) {
        return unknown("connection tracking outside of the IP stack");
    }
    let number = |number: u32| Loaded::Value(number.to_ne_bytes().to_vec());
    let (connection, reply) = match (scene.state.tracking, key) {
        // Before the packet is looked up there is nothing, which counts as invalid.
        (Tracking::NotYet, CtKey::State) => return Ok(number(ct_state::INVALID)),
        (Tracking::Untracked, CtKey::State) => return Ok(number(ct_state::UNTRACKED)),
        (Tracking::NotYet | Tracking::Untracked, _) => return Ok(Loaded::Nothing),
        (Tracking::Connection { index, reply }, _) => (&scene.state.connections[index], reply),
    };
    let tuple = tuple(connection, direction);
    Ok(match key {
        CtKey::State => number(match connection.answered {
            true => ct_state::ESTABLISHED,
            false => ct_state::NEW,
        }),
        CtKey::Direction => Loaded::Value(vec![u8::from(reply)]),
        CtKey::Status => number(connection.status()),
        CtKey::Mark => number(connection.mark),
        CtKey::Zone => Loaded::Value(vec![0; 2]),
        CtKey::Protocol => Loaded::Value(vec![connection.original.protocol]),
        CtKey::Source => Loaded::Value(octets(tuple.source.ip())),
        CtKey::Destination => Loaded::Value(octets(tuple.destination.ip())),
        CtKey::SourceIp => of_family(octets(tuple.source.ip()), 4),
        CtKey::DestinationIp => of_family(octets(tuple.destination.ip()), 4),
        CtKey::SourceIp6 => of_family(octets(tuple.source.ip()), 16),
        CtKey::DestinationIp6 => of_family(octets(tuple.destination.ip()), 16),
        CtKey::SourcePort => port(tuple.source.port()),
        CtKey::DestinationPort => port(tuple.destination.port()),
    })
}

/// The direction asked for; the original one if none was.
fn tuple(connection: &Connection, direction: Option<CtDirection>) -> Tuple {
    match direction {
        None | Some(CtDirection::Original) => connection.original,
        Some(CtDirection::Reply) => connection.reply,
    }
}

fn of_family(octets: Vec<u8>, length: usize) -> Loaded {
    if octets.len() == length { Loaded::Value(octets) } else { Loaded::Nothing }
}

fn port(port: u16) -> Loaded {
    match port {
        0 => Loaded::Unknown(2, "a port that the kernel chooses"),
        port => Loaded::Value(port.to_be_bytes().to_vec()),
    }
}
