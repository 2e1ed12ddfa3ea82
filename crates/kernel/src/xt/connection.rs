//! What is asked of a packet's connection, and how it is tracked.

use super::info::Info;
use model::host::nft::xt::{ConnectionMatch, Match, Target};

/// `struct xt_conntrack_mtinfo1`, `2` and `3` (`xt_conntrack.h`). The second makes room for more
/// states; the third turns ports into ranges, in the host's byte order.
pub(super) fn tracked(info: Info<'_>, revision: u8) -> Result<Match, String> {
    const STATE: u16 = 1;
    const PROTOCOL: u16 = 1 << 1;
    /// Of the first of four, in the order of the struct.
    const ADDRESS: u16 = 1 << 2;
    const STATUS: u16 = 1 << 6;
    const EXPIRES: u16 = 1 << 7;
    const PORT: u16 = 1 << 8;
    const DIRECTION: u16 = 1 << 12;
    let (asked, inverted) = (info.u16(146)?, info.u16(148)?);
    let not = |flag: u16| inverted & flag != 0;
    let (states, status) = match revision {
        1 => (info.u8(150)?.into(), info.u8(151)?.into()),
        _ => (info.u16(150)?, info.u16(152)?),
    };
    let mut is = ConnectionMatch {
        states: (asked & STATE != 0).then_some((states, not(STATE))),
        status: (asked & STATUS != 0).then_some((status, not(STATUS))),
        direction: (asked & DIRECTION != 0).then_some(!not(DIRECTION)),
        ..ConnectionMatch::default()
    };
    if asked & PROTOCOL != 0 {
        is.protocol = Some((info.u16(136)?, not(PROTOCOL)));
    }
    if asked & EXPIRES != 0 {
        is.expires = Some((info.u32(128)?, info.u32(132)?, not(EXPIRES)));
    }
    for end in 0..4 {
        let flag = ADDRESS << end;
        if asked & flag != 0 {
            let at = end * 32;
            is.addresses[end] = Some((info.address(at)?, info.address(at + 16)?, not(flag)));
        }
        let flag = PORT << end;
        if asked & flag != 0 {
            let at = 138 + end * 2;
            let (first, last) = match revision {
                3 => (info.u16(at)?, info.u16(154 + end * 2)?),
                _ => (info.be16(at)?, info.be16(at)?),
            };
            is.ports[end] = Some((first, last, not(flag)));
        }
    }
    Ok(Match::Connection(Box::new(is)))
}

/// `struct xt_ct_target_info` and `_v1` (`xt_CT.h`). Helpers, timeouts and who is told of a connection
/// are left aside.
pub(super) fn tracking(info: Info<'_>) -> Result<Target, String> {
    /// `XT_CT_NOTRACK` and its other name.
    const NOTRACK: u16 = 1;
    const ALIAS: u16 = 1 << 1;
    let flags = info.u16(0)?;
    match flags & !(NOTRACK | ALIAS) {
        0 => Ok(Target::Ct { notrack: flags & NOTRACK != 0, zone: info.u16(2)? }),
        _ => Err("a zone of one direction, or by the mark".to_owned()),
    }
}
