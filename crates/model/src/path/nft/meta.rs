//! What `meta` loads (`nft_meta.c`).

use super::Scene;
use super::expression::Loaded;
use crate::host::nft::{Hook, MetaKey};
use crate::host::{Link, LinkKind, Unknown};
use crate::net::LinkName;
use crate::path::hooks::Stack;
use crate::path::image::ethertype;
use crate::path::machine::Halt;

/// `ETH_HLEN`.
const FRAME: u32 = 14;
/// `NFPROTO_*`.
const IPV4: u8 = 2;
const NETDEV: u8 = 5;
const BRIDGE: u8 = 7;
const IPV6: u8 = 10;

pub(super) fn load(scene: &Scene<'_, '_>, key: MetaKey) -> Result<Loaded, Halt> {
    let packet = &scene.state.packet;
    let source = packet.addresses().map(|(source, _)| source);
    let number = |number: u32| Loaded::Value(number.to_ne_bytes().to_vec());
    let name =
        |name: Option<&LinkName>| Loaded::Value(name.map_or([0; 16], LinkName::padded).to_vec());
    Ok(match key {
        MetaKey::Len => {
            // On its way out of a link the frame's header is part of it.
            let framed =
                matches!(scene.at.stack, Stack::Device(_)) && scene.at.hook == Hook::Egress;
            number(packet.ip_length() + if framed { FRAME } else { 0 })
        }
        MetaKey::Protocol => Loaded::Value(ethertype(source).to_vec()),
        MetaKey::Priority => Loaded::Unknown(4, "the packet's priority"),
        MetaKey::Mark => number(scene.state.mark),
        MetaKey::Iif => index(scene, scene.at.iif)?,
        MetaKey::Oif => index(scene, scene.at.oif)?,
        MetaKey::IifName => name(scene.at.iif),
        MetaKey::OifName => name(scene.at.oif),
        // That of `skb->dev`.
        MetaKey::IifType => {
            let leaves = matches!(scene.at.hook, Hook::Postrouting | Hook::Egress);
            of_link(scene, if leaves { scene.at.oif } else { scene.at.iif }, hardware_type)?
        }
        MetaKey::OifType => of_link(scene, scene.at.oif, hardware_type)?,
        MetaKey::IifGroup => of_link(scene, scene.at.iif, group)?,
        MetaKey::OifGroup => of_link(scene, scene.at.oif, group)?,
        MetaKey::SocketUid | MetaKey::SocketGid => match is_own(scene) {
            true => Loaded::Unknown(4, "the user who sends it"),
            false => Loaded::Nothing,
        },
        MetaKey::CgroupId => match is_own(scene) {
            true => Loaded::Unknown(8, "the control group of the sender"),
            false => Loaded::Nothing,
        },
        MetaKey::PacketType => match scene.at.stack {
            // What is another host's does not get there.
            Stack::Ip { .. } => Loaded::Value(vec![0]),
            Stack::Bridge(_) | Stack::Device(_) => Loaded::Unknown(1, "the frame's type"),
        },
        MetaKey::L4Protocol => match packet.protocol() {
            Some(protocol) => Loaded::Value(vec![protocol]),
            None => Loaded::Nothing,
        },
        MetaKey::NfProtocol => Loaded::Value(vec![match (scene.at.stack, source) {
            (Stack::Bridge(_), _) => BRIDGE,
            (Stack::Device(_), _) => NETDEV,
            (Stack::Ip { .. }, Some(source)) if source.is_ipv6() => IPV6,
            (Stack::Ip { .. }, _) => IPV4,
        }]),
        MetaKey::NfTrace => Loaded::Unknown(1, "whether the packet is traced"),
        MetaKey::BridgeIifName => bridge(scene, scene.at.iif),
        MetaKey::BridgeOifName => bridge(scene, scene.at.oif),
    })
}

/// Whether a socket of this namespace sends the packet at this hook.
fn is_own(scene: &Scene<'_, '_>) -> bool {
    scene.at.hook == Hook::Output || scene.at.hook == Hook::Postrouting && scene.at.iif.is_none()
}

/// The bridge whose port the packet passes, in the bridge family only.
fn bridge(scene: &Scene<'_, '_>, port: Option<&LinkName>) -> Loaded {
    match (scene.at.stack, port) {
        (Stack::Bridge(bridge), Some(_)) => Loaded::Value(bridge.padded().to_vec()),
        _ => Loaded::Nothing,
    }
}

fn index(scene: &Scene<'_, '_>, name: Option<&LinkName>) -> Result<Loaded, Halt> {
    let Some(name) = name else { return Ok(Loaded::Value(vec![0; 4])) };
    let link = scene.machine.link(&scene.state.namespace, name)?;
    Ok(match link.index {
        Some(index) => Loaded::Value(index.to_ne_bytes().to_vec()),
        None => Loaded::Unknown(4, "a link's number, which was not read"),
    })
}

fn of_link(
    scene: &Scene<'_, '_>,
    name: Option<&LinkName>,
    read: fn(&Link<Unknown>) -> Loaded,
) -> Result<Loaded, Halt> {
    let Some(name) = name else { return Ok(Loaded::Nothing) };
    Ok(read(scene.machine.link(&scene.state.namespace, name)?))
}

fn group(link: &Link<Unknown>) -> Loaded {
    Loaded::Value(link.group.to_ne_bytes().to_vec())
}

/// `ARPHRD_*`.
fn hardware_type(link: &Link<Unknown>) -> Loaded {
    const ETHERNET: u16 = 1;
    const LOOPBACK: u16 = 772;
    let number = match link.kind {
        LinkKind::Loopback => LOOPBACK,
        LinkKind::Bridge(_) | LinkKind::Veth(_) | LinkKind::Vxlan(_) | LinkKind::Ifb => ETHERNET,
        LinkKind::Macvlan { .. } => ETHERNET,
        LinkKind::Device | LinkKind::Tun | LinkKind::Foreign(_) => {
            return Loaded::Unknown(2, "a link's hardware type, which was not read");
        }
    };
    Loaded::Value(number.to_ne_bytes().to_vec())
}
