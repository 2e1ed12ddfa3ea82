//! `snat`, `dnat`, `masquerade` and `redirect` (`nft_nat.c`, `nft_masq.c`, `nft_redir.c`).
//!
//! A port that the kernel picks, at random or from a range, becomes 0. That a port already in use
//! by another connection would be changed is not seen: the host's own connections are not in the
//! state.

use super::Scene;
use super::expression::{Effect, Outcome, in_range};
use super::register::{Partly, Registers};
use crate::host::Tuple;
use crate::host::Unknown;
use crate::host::nft::{Expression, Hook, NAT_FULLY_RANDOM, NatKind, Register, Verdict};
use crate::path::buffer::Tracking;
use crate::path::hooks::Stack;
use crate::path::machine::{Halt, unknown};
use crate::path::source;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `NF_NAT_RANGE_PROTO_RANDOM`, `NF_NAT_RANGE_NETMAP`.
const RANDOM: u32 = 1 << 2;
pub(super) const NETMAP: u32 = 1 << 6;

/// Where one side of a connection shall be translated to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    /// `base` is the port that is put onto the first of the range, those behind it onto those behind
    /// that.
    To {
        kind: NatKind,
        addresses: Option<(IpAddr, IpAddr)>,
        ports: Option<(u16, u16)>,
        base: Option<u16>,
        flags: u32,
    },
    Masquerade {
        ports: Option<(u16, u16)>,
        flags: u32,
    },
    Redirect {
        ports: Option<(u16, u16)>,
        flags: u32,
    },
}

/// What an expression wishes.
pub(super) fn wish(
    scene: &Scene<'_, '_>,
    expression: &Expression<Unknown>,
    registers: &Registers,
) -> Result<Wish, Halt> {
    let ports = |first, last| port_range(registers, first, last);
    Ok(match *expression {
        Expression::Nat { kind, address, address_max, port, port_max, flags, .. } => {
            let v4 = scene.state.packet.addresses().is_some_and(|(from, _)| from.is_ipv4());
            let range = |first| address_range(registers, first, address_max, v4);
            let addresses = address.map(range).transpose()?;
            Wish::To { kind, addresses, ports: ports(port, port_max)?, base: None, flags }
        }
        Expression::Masquerade { flags, port, port_max } => {
            Wish::Masquerade { ports: ports(port, port_max)?, flags }
        }
        Expression::Redirect { flags, port, port_max } => {
            Wish::Redirect { ports: ports(port, port_max)?, flags }
        }
        _ => return unknown("a translation of another kind"),
    })
}

/// Binds one side of the packet's connection.
pub(super) fn bind(scene: &mut Scene<'_, '_>, wish: Wish) -> Result<Effect, Halt> {
    let Tracking::Connection { index, .. } = scene.state.tracking else {
        return unknown("the translation of a packet without a connection");
    };
    let now = scene.state.connections[index].translated(false);
    let (kind, address, ports, base, flags) = match wish {
        Wish::To { kind, addresses, ports, base, flags } => {
            let side = side(kind, now);
            let address = match addresses {
                None => None,
                Some((first, last)) if flags & NETMAP != 0 => Some(mapped(side.ip(), first, last)?),
                Some((first, last)) if first == last => Some(first),
                Some(_) => return unknown("which address of a range is taken"),
            };
            (kind, address, ports, base, flags)
        }
        // What a host without an address sends stays as it is (`nf_nat_masquerade_ipv4`).
        Wish::Masquerade { .. } if asks_from_nowhere(scene, index) => {
            return Ok(Effect::Decides(Outcome::Verdict(Verdict::Accept)));
        }
        Wish::Masquerade { ports, flags } => {
            let Some(address) = masqueraded(scene, now.destination.ip())? else {
                return Ok(Effect::Decides(Outcome::Verdict(Verdict::Drop)));
            };
            (NatKind::Source, Some(address), ports, None, flags)
        }
        Wish::Redirect { ports, flags } => {
            let Some(address) = redirected(scene, now.destination.ip())? else {
                return Ok(Effect::Decides(Outcome::Verdict(Verdict::Drop)));
            };
            (NatKind::Destination, Some(address), ports, None, flags)
        }
    };
    let side = side(kind, now);
    let random = flags & (RANDOM | NAT_FULLY_RANDOM) != 0;
    let port = match ports {
        None if random && kind == NatKind::Source => 0,
        None => side.port(),
        Some((one, last)) if one == last => one,
        Some((first, last)) if side.port() != 0 && base.is_some() => {
            let off = side.port().wrapping_sub(base.unwrap_or(0));
            first.wrapping_add(off % last.wrapping_sub(first).saturating_add(1))
        }
        // A port within the range is kept, unless it is to be random.
        Some((from, to)) if !random && (from..=to).contains(&side.port()) => side.port(),
        Some(_) => 0,
    };
    let to = SocketAddr::new(address.unwrap_or_else(|| side.ip()), port);
    if to.is_ipv4() != side.is_ipv4() {
        return unknown("a translation into another family");
    }
    scene.state.connections[index].bind(kind, to);
    Ok(Effect::Decides(Outcome::Bound))
}

fn asks_from_nowhere(scene: &Scene<'_, '_>, index: usize) -> bool {
    let source = scene.state.connections[index].original.source.ip();
    source.is_ipv4() && source.is_unspecified()
}

fn side(kind: NatKind, of: Tuple) -> SocketAddr {
    match kind {
        NatKind::Source => of.source,
        NatKind::Destination => of.destination,
    }
}

/// The address's own bits within the prefix that a range spans (`nft_nat_setup_netmap`).
fn mapped(address: IpAddr, first: IpAddr, last: IpAddr) -> Result<IpAddr, Halt> {
    match (address, first, last) {
        (IpAddr::V4(address), IpAddr::V4(first), IpAddr::V4(last)) => {
            let host = u32::from(first) ^ u32::from(last);
            Ok(Ipv4Addr::from(u32::from(first) & !host | u32::from(address) & host).into())
        }
        (IpAddr::V6(address), IpAddr::V6(first), IpAddr::V6(last)) => {
            let host = u128::from(first) ^ u128::from(last);
            Ok(Ipv6Addr::from(u128::from(first) & !host | u128::from(address) & host).into())
        }
        _ => unknown("a translation into another family"),
    }
}

/// First and last address, in registers.
fn address_range(
    registers: &Registers,
    from: Register,
    max: Option<Register>,
    v4: bool,
) -> Result<(IpAddr, IpAddr), Halt> {
    let length = if v4 { 4 } else { 16 };
    let read = |register| -> Result<IpAddr, Halt> {
        let bytes = in_range(registers.load(register, length))?.map_err(to_halt)?;
        let v4 = <[u8; 4]>::try_from(&bytes[..]).map(IpAddr::from);
        let address = v4.or_else(|_| <[u8; 16]>::try_from(&bytes[..]).map(IpAddr::from));
        address.map_err(|_| Halt::Unknown("an address of an odd length".to_owned()))
    };
    Ok((read(from)?, read(max.unwrap_or(from))?))
}

fn port_range(
    registers: &Registers,
    from: Option<Register>,
    max: Option<Register>,
) -> Result<Option<(u16, u16)>, Halt> {
    let Some(from) = from else { return Ok(None) };
    let read = |register| -> Result<u16, Halt> {
        let bytes = in_range(registers.load(register, 2))?.map_err(to_halt)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    };
    Ok(Some((read(from)?, read(max.unwrap_or(from))?)))
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

/// The first address of the link it came by (`nf_nat_redirect.c`), of IPv6 one that reaches as far as the
/// destination's; of the loopback link for what the host itself sends. `None` drops the packet.
fn redirected(scene: &Scene<'_, '_>, destination: IpAddr) -> Result<Option<IpAddr>, Halt> {
    if scene.at.hook == Hook::Output {
        return Ok(Some(match destination {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        }));
    }
    let reaches = |address: IpAddr| match (address, destination) {
        (IpAddr::V6(own), IpAddr::V6(to)) => {
            own.to_ipv4_mapped().is_none()
                && (!to.is_unicast_link_local() || own.is_unicast_link_local())
        }
        (own, to) => own.is_ipv4() == to.is_ipv4(),
    };
    let addresses = scene.machine.addresses(&scene.state.namespace)?.iter();
    let here = addresses.filter(|a| Some(&a.link) == scene.at.iif && !a.tentative);
    let here = here.map(|a| (a.position, a.prefix.addr()));
    let mut here: Vec<_> = here.filter(|(_, address)| reaches(*address)).collect();
    here.sort_unstable();
    match here[..] {
        [(one, _), (two, _), ..] if one == two => {
            unknown("which of the link's addresses came first")
        }
        [(_, first), ..] => Ok(Some(first)),
        [] => Ok(None),
    }
}
