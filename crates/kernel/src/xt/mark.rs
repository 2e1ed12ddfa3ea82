//! Marks of packets and of connections.

use super::info::Info;
use model::host::nft::xt::{ConnectionMark, Match, Target};

/// `struct xt_mark_mtinfo1` (`xt_mark.h`).
pub(super) fn packet(info: Info<'_>) -> Result<Match, String> {
    Ok(Match::Mark { mark: info.u32(0)?, mask: info.u32(4)?, not: info.flag(8)? })
}

/// `struct xt_connmark_mtinfo1` (`xt_connmark.h`).
pub(super) fn connection(info: Info<'_>) -> Result<Match, String> {
    Ok(Match::ConnectionMark { mark: info.u32(0)?, mask: info.u32(4)?, not: info.flag(8)? })
}

/// `struct xt_mark_tginfo2` (`xt_mark.h`).
pub(super) fn set_packet(info: Info<'_>) -> Result<Target, String> {
    Ok(Target::Mark { bits: info.u32(0)?, mask: info.u32(4)? })
}

/// `struct xt_connmark_tginfo1` and `2` (`xt_connmark.h`); the second can also shift.
pub(super) fn set_connection(info: Info<'_>, revision: u8) -> Result<Target, String> {
    let (bits, connection, packet) = (info.u32(0)?, info.u32(4)?, info.u32(8)?);
    let mode = match revision {
        1 => info.u8(12)?,
        _ if info.u8(13)? != 0 => return Err("a shifted mark".to_owned()),
        _ => info.u8(14)?,
    };
    Ok(Target::ConnectionMark(match mode {
        0 => ConnectionMark::Set { bits, mask: connection },
        1 => ConnectionMark::Save { connection, packet },
        2 => ConnectionMark::Restore { connection, packet },
        other => return Err(format!("mode {other}")),
    }))
}
