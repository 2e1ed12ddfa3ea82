//! Address translation. IPv4 kept its older struct, `struct nf_nat_ipv4_multi_range_compat` (`nf_nat.h`),
//! where IPv6 has `struct nf_nat_range`.

use super::info::Info;
use model::host::nft::xt::{NatRange, Target};
use model::net::Family;

/// `NF_NAT_RANGE_*`.
const MAPS_ADDRESSES: u32 = 1;
const MAPS_PORTS: u32 = 1 << 1;

/// DNAT and SNAT: the oldest as above, revision 1 `struct nf_nat_range`, revision 2
/// `struct nf_nat_range2`.
pub(super) fn range(info: Info<'_>, revision: u8) -> Result<NatRange, String> {
    match revision {
        0 => oldest(info),
        1 => newer(info, 0),
        _ => newer(info, info.be16(40)?),
    }
}

pub(super) fn masquerade(info: Info<'_>) -> Result<Target, String> {
    let NatRange { ports, flags, .. } = oldest(info)?;
    Ok(Target::Masquerade { ports, flags })
}

pub(super) fn redirect(info: Info<'_>) -> Result<Target, String> {
    let NatRange { ports, flags, .. } = oldest(info)?;
    Ok(Target::Redirect { ports, flags })
}

/// The prefix is given by its first and last address.
pub(super) fn prefix(info: Info<'_>) -> Result<Target, String> {
    let range = oldest(info)?;
    let (first, last) = range.addresses.ok_or("no addresses")?;
    let bits = |one: &[u8], other: &[u8]| -> Vec<u8> {
        one.iter().zip(other).map(|(one, other)| !(one ^ other)).collect()
    };
    let mask = bits(&model::net::octets(first), &model::net::octets(last));
    let mask = match <[u8; 4]>::try_from(&mask[..]) {
        Ok(mask) => mask.into(),
        Err(_) => <[u8; 16]>::try_from(&mask[..]).map_err(|_| "no mask")?.into(),
    };
    Ok(Target::Netmap { address: first, mask })
}

fn oldest(info: Info<'_>) -> Result<NatRange, String> {
    if info.family == Family::V6 {
        return newer(info, 0);
    }
    match info.u32(0)? {
        1 => {}
        other => return Err(format!("{other} ranges")),
    }
    let flags = info.u32(4)?;
    Ok(NatRange {
        addresses: pair(flags & MAPS_ADDRESSES, info.ipv4(8)?, info.ipv4(12)?),
        ports: pair(flags & MAPS_PORTS, info.be16(16)?, info.be16(18)?),
        base_port: 0,
        flags,
    })
}

fn newer(info: Info<'_>, base_port: u16) -> Result<NatRange, String> {
    let flags = info.u32(0)?;
    Ok(NatRange {
        addresses: pair(flags & MAPS_ADDRESSES, info.address(4)?, info.address(20)?),
        ports: pair(flags & MAPS_PORTS, info.be16(36)?, info.be16(38)?),
        base_port,
        flags,
    })
}

fn pair<T>(given: u32, first: T, last: T) -> Option<(T, T)> {
    (given != 0).then_some((first, last))
}
