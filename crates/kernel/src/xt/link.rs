//! What is asked of the link layer.

use super::info::{Counted, Info};
use model::host::nft::xt::{LinkPattern, Match, Not};
use model::net::Mac;

/// `struct xt_mac_info` (`xt_mac.h`).
pub(super) fn mac(info: Info<'_>) -> Result<Match, String> {
    Ok(Match::Mac { mac: Mac(info.octets(0)?), not: info.u32(8)? != 0 })
}

/// `struct xt_pkttype_info` (`xt_pkttype.h`).
pub(super) fn packet_type(info: Info<'_>) -> Result<Match, String> {
    Ok(Match::PacketType { kind: info.u32(0)?, not: info.u32(4)? != 0 })
}

/// `struct xt_physdev_info` (`xt_physdev.h`).
pub(super) fn bridge_port(info: Info<'_>) -> Result<Match, String> {
    const IN: u8 = 1;
    const OUT: u8 = 1 << 1;
    const BRIDGED: u8 = 1 << 2;
    const IS_IN: u8 = 1 << 3;
    const IS_OUT: u8 = 1 << 4;
    let (inverted, asked) = (info.u8(64)?, info.u8(65)?);
    let is = |flag: u8| (asked & flag != 0).then_some(inverted & flag == 0);
    let named = |at, flag: u8| -> Result<Option<(LinkPattern, Not)>, String> {
        let (text, counted) = info.link(at, at + 16)?;
        let pattern = LinkPattern { text, is_beginning: counted != Counted::All };
        Ok((asked & flag != 0).then_some((pattern, inverted & flag != 0)))
    };
    Ok(Match::Physdev {
        iif: named(0, IN)?,
        oif: named(32, OUT)?,
        is_in: is(IS_IN),
        is_out: is(IS_OUT),
        is_bridged: is(BRIDGED),
    })
}
