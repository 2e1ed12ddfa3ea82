//! `snat`, `dnat`, `masquerade` and `redirect` (`nft_nat.c`, `nft_masq.c`, `nft_redir.c`).
//!
//! A port that the kernel picks, at random or from a range, becomes 0. That a port already in use
//! by another connection would be changed is not seen: the host's own connections are not in the
//! state.

use super::Scene;
use super::expression::{Effect, Outcome, in_range};
use super::register::{Partly, Registers};
use crate::host::Unknown;
use crate::host::nft::{Expression, Hook, NAT_FULLY_RANDOM, NatKind, Register, Verdict};
use crate::path::buffer::Tracking;
use crate::path::hooks::Stack;
use crate::path::machine::{Halt, unknown};
use crate::path::source;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `NF_NAT_RANGE_PROTO_RANDOM`, `NF_NAT_RANGE_NETMAP`.
const RANDOM: u32 = 1 << 2;
const NETMAP: u32 = 1 << 6;

/// Binds one side of the packet's connection.
pub(super) fn bind(
    scene: &mut Scene<'_, '_>,
    expression: &Expression<Unknown>,
    registers: &Registers,
) -> Result<Effect, Halt> {
    let Tracking::Connection { index, .. } = scene.state.tracking else {
        return unknown("the translation of a packet without a connection");
    };
    let now = scene.state.connections[index].translated(false);
    let (kind, address, port, flags) = match *expression {
        Expression::Nat { kind, address, address_max, port, port_max, flags, .. } => {
            if flags & NETMAP != 0 {
                return unknown("a translation of whole prefixes");
            }
            let v4 = now.source.is_ipv4();
            let to = match address {
                None => None,
                Some(from) => Some(constant(registers, from, address_max, v4)?),
            };
            let port = port_of(registers, port, port_max)?;
            (kind, to, port, flags)
        }
        Expression::Masquerade { flags, port, port_max } => {
            let Some(address) = masqueraded(scene, now.destination.ip())? else {
                return Ok(Effect::Decides(Outcome::Verdict(Verdict::Drop)));
            };
            (NatKind::Source, Some(address), port_of(registers, port, port_max)?, flags)
        }
        Expression::Redirect { flags, port, port_max } => {
            let address = redirected(scene, now.destination.ip())?;
            (NatKind::Destination, Some(address), port_of(registers, port, port_max)?, flags)
        }
        _ => return unknown("a translation of another kind"),
    };
    let side = match kind {
        NatKind::Source => now.source,
        NatKind::Destination => now.destination,
    };
    let random = flags & (RANDOM | NAT_FULLY_RANDOM) != 0;
    let port = match port {
        Port::Kept if random && kind == NatKind::Source => 0,
        Port::Kept => side.port(),
        Port::One(port) => port,
        // A port within the range is kept, unless it is to be random.
        Port::Range(from, to) if !random && (from..=to).contains(&side.port()) => side.port(),
        Port::Range(..) => 0,
    };
    let to = SocketAddr::new(address.unwrap_or_else(|| side.ip()), port);
    if to.is_ipv4() != side.is_ipv4() {
        return unknown("a translation into another family");
    }
    scene.state.connections[index].bind(kind, to);
    Ok(Effect::Decides(Outcome::Bound))
}

/// An address in a register, which must not be one of a range: that choice is by hash.
fn constant(
    registers: &Registers,
    from: Register,
    max: Option<Register>,
    v4: bool,
) -> Result<IpAddr, Halt> {
    let length = if v4 { 4 } else { 16 };
    let first = in_range(registers.load(from, length))?.map_err(to_halt)?;
    let last = in_range(registers.load(max.unwrap_or(from), length))?.map_err(to_halt)?;
    if first != last {
        return unknown("which address of a range is taken");
    }
    let v4 = <[u8; 4]>::try_from(&first[..]).map(IpAddr::from);
    let address = v4.or_else(|_| <[u8; 16]>::try_from(&first[..]).map(IpAddr::from));
    address.map_err(|_| Halt::Unknown("an address of an odd length".to_owned()))
}

enum Port {
    Kept,
    One(u16),
    Range(u16, u16),
}

fn port_of(
    registers: &Registers,
    from: Option<Register>,
    max: Option<Register>,
) -> Result<Port, Halt> {
    let Some(from) = from else { return Ok(Port::Kept) };
    let read = |register| -> Result<u16, Halt> {
        let bytes = in_range(registers.load(register, 2))?.map_err(to_halt)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    };
    let (first, last) = (read(from)?, read(max.unwrap_or(from))?);
    Ok(if first == last { Port::One(first) } else { Port::Range(first, last) })
}

fn to_halt(partly: Partly) -> Halt {
    Halt::Unknown(partly.why.to_owned())
}

fn masqueraded(scene: &Scene<'_, '_>, destination: IpAddr) -> Result<Option<IpAddr>, Halt> {
    let (Stack::Ip { nexthop }, Some(oif)) = (scene.at.stack, scene.at.oif) else {
        return unknown("the link it leaves by, which is not known here");
    };
    let nexthop = nexthop.unwrap_or(destination);
    source::masquerade(scene.machine, &scene.state.namespace, oif, nexthop, destination)
}

/// The address of the link it came by; of the loopback link for what the host itself sends.
fn redirected(scene: &Scene<'_, '_>, destination: IpAddr) -> Result<IpAddr, Halt> {
    if scene.at.hook == Hook::Output {
        return Ok(match destination {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let addresses = scene.machine.addresses(&scene.state.namespace)?.iter();
    let mut here = addresses
        .filter(|a| Some(&a.link) == scene.at.iif)
        .map(|a| a.prefix.addr())
        .filter(|a| a.is_ipv4() == destination.is_ipv4());
    match (here.next(), here.next()) {
        (Some(one), None) => Ok(one),
        _ => unknown("which of the link's addresses came first"),
    }
}
