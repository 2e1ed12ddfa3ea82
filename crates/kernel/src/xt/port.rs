//! What is asked of ports and of the TCP header.

use super::info::Info;
use model::host::nft::xt::{Match, Ports, Range};

/// Of a range that is turned round, in `invflags` of both structs: source, then destination.
const NOT_SOURCE: u8 = 1;
const NOT_DESTINATION: u8 = 1 << 1;

/// `struct xt_tcp` (`xt_tcpudp.h`).
pub(super) fn tcp(info: Info<'_>) -> Result<Match, String> {
    const NOT_FLAGS: u8 = 1 << 2;
    const NOT_OPTION: u8 = 1 << 3;
    let inverted = info.u8(11)?;
    let option = info.u8(8)?;
    Ok(Match::Tcp {
        source: range(info, 0, inverted & NOT_SOURCE != 0)?,
        destination: range(info, 4, inverted & NOT_DESTINATION != 0)?,
        flags: (info.u8(9)?, info.u8(10)?),
        not_flags: inverted & NOT_FLAGS != 0,
        option: (option != 0).then_some((option, inverted & NOT_OPTION != 0)),
    })
}

/// `struct xt_udp` (`xt_tcpudp.h`).
pub(super) fn udp(info: Info<'_>) -> Result<Match, String> {
    let inverted = info.u8(8)?;
    Ok(Match::Udp {
        source: range(info, 0, inverted & NOT_SOURCE != 0)?,
        destination: range(info, 4, inverted & NOT_DESTINATION != 0)?,
    })
}

fn range(info: Info<'_>, at: usize, not: bool) -> Result<Range<u16>, String> {
    Ok(Range { first: info.u16(at)?, last: info.u16(at + 2)?, not })
}

/// `struct xt_multiport`, from revision 1 on `struct xt_multiport_v1` (`xt_multiport.h`): a port may
/// begin a range that the next one ends.
pub(super) fn several(info: Info<'_>, revision: u8) -> Result<Match, String> {
    const PORTS: usize = 2;
    const BEGINS: usize = 32;
    const NOT: usize = 47;
    let which = match info.u8(0)? {
        0 => Ports::Source,
        1 => Ports::Destination,
        2 => Ports::Either,
        other => return Err(format!("ports {other}")),
    };
    let count = usize::from(info.u8(1)?);
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < count {
        let first = info.u16(PORTS + at * 2)?;
        let begins = revision > 0 && info.flag(BEGINS + at)?;
        at += usize::from(begins);
        ranges.push((first, info.u16(PORTS + at * 2)?));
        at += 1;
    }
    Ok(Match::Multiport { which, ranges, not: revision > 0 && info.flag(NOT)? })
}
