//! What targets do (`xt_mark.c`, `xt_connmark.c`, `xt_CT.c`, `xt_nat.c`, `xt_MASQUERADE.c`,
//! `xt_REDIRECT.c`, `ipt_REJECT.c`, `xt_HL.c`).

use super::Scene;
use crate::host::nft::xt::{ConnectionMark, NatRange, Target};
use crate::host::nft::{Hook, NatKind};
use crate::path::buffer::Tracking;
use crate::path::machine::{Halt, unknown};
use crate::path::nft::expression::{Effect, Outcome};
use crate::path::nft::nat::{self, NETMAP, Wish};
use std::net::IpAddr;

/// `NF_NAT_RANGE_PROTO_OFFSET`.
const OFFSET: u32 = 1 << 5;

/// Does what a target does. `changed` is set when it left something behind.
pub(in crate::path::nft) fn target(
    scene: &mut Scene<'_, '_>,
    target: &Target,
    changed: &mut bool,
) -> Result<Effect, Halt> {
    let wish = match target {
        Target::Aside { .. } | Target::TcpMss | Target::Set => return Ok(Effect::Goes),
        Target::ConnectionMark(mode) => {
            *changed |= connection_mark(scene, *mode);
            return Ok(Effect::Goes);
        }
        Target::Ct { notrack: true, .. } => {
            if scene.state.tracking == Tracking::NotYet {
                scene.state.tracking = Tracking::Untracked;
                *changed = true;
            }
            return Ok(Effect::Goes);
        }
        Target::Ct { notrack: false, zone: 0 } => return Ok(Effect::Goes),
        Target::Ct { zone, .. } => return unknown(format!("connections of zone {zone}")),
        Target::Mark { bits, mask } => {
            scene.state.mark = scene.state.mark & !mask ^ bits;
            *changed = true;
            return Ok(Effect::Goes);
        }
        Target::Reject { .. } => return Ok(Effect::Decides(Outcome::Refused)),
        Target::Ttl { mode, ttl } => {
            let is = scene.state.packet.hops().unwrap_or(0);
            scene.state.packet.set_hops(match mode {
                0 => *ttl,
                1 => is.saturating_add(*ttl),
                _ => is.saturating_sub(*ttl),
            });
            *changed = true;
            return Ok(Effect::Goes);
        }
        Target::Netmap { address, mask } => netmap(scene.at.hook, *address, *mask),
        Target::Masquerade { ports, flags } => Wish::Masquerade { ports: *ports, flags: *flags },
        Target::Redirect { ports, flags } => Wish::Redirect { ports: *ports, flags: *flags },
        Target::Dnat(range) => to(NatKind::Destination, range),
        Target::Snat(range) => to(NatKind::Source, range),
    };
    nat::bind(scene, wish)
}

/// Of what is sent on or comes in, the destination; of what leaves, the source (`HOOK2MANIP`).
fn netmap(hook: Hook, address: IpAddr, mask: IpAddr) -> Wish {
    let kind = match hook {
        Hook::Prerouting | Hook::Output => NatKind::Destination,
        _ => NatKind::Source,
    };
    let last = match (address, mask) {
        (IpAddr::V4(address), IpAddr::V4(mask)) => (address | !mask).into(),
        (IpAddr::V6(address), IpAddr::V6(mask)) => (address | !mask).into(),
        (address, _) => address,
    };
    Wish::To { kind, addresses: Some((address, last)), ports: None, base: None, flags: NETMAP }
}

fn to(kind: NatKind, range: &NatRange) -> Wish {
    let NatRange { addresses, ports, flags, base_port } = *range;
    let base = (flags & OFFSET != 0).then_some(base_port);
    Wish::To { kind, addresses, ports, base, flags }
}

fn connection_mark(scene: &mut Scene<'_, '_>, mode: ConnectionMark) -> bool {
    let Tracking::Connection { index, .. } = scene.state.tracking else { return false };
    let connection = &mut scene.state.connections[index];
    match mode {
        ConnectionMark::Set { bits, mask } => connection.mark = connection.mark & !mask ^ bits,
        ConnectionMark::Save { connection: own, packet } => {
            connection.mark = connection.mark & !own ^ scene.state.mark & packet;
        }
        ConnectionMark::Restore { connection: own, packet } => {
            scene.state.mark = scene.state.mark & !packet ^ connection.mark & own;
        }
    }
    true
}
