//! What is asked of the IP header and of ICMP, and what is written there.

use super::info::Info;
use model::host::nft::xt::{Compare, Match, Range, Target};
use model::net::Family;

/// `struct ipt_icmp` (`ip_tables.h`), `struct ip6t_icmp` (`ip6_tables.h`).
pub(super) fn icmp(info: Info<'_>) -> Result<Match, String> {
    let (kind, codes) = (info.u8(0)?, (info.u8(1)?, info.u8(2)?));
    let not = info.u8(3)? & 1 != 0;
    Ok(match info.family {
        Family::V4 => Match::Icmp { kind, codes, not },
        Family::V6 => Match::Icmp6 { kind, codes, not },
    })
}

/// `struct xt_length_info` (`xt_length.h`).
pub(super) fn length(info: Info<'_>) -> Result<Match, String> {
    let range = Range { first: info.u16(0)?, last: info.u16(2)?, not: info.flag(4)? };
    Ok(Match::Length { range })
}

/// `struct ipt_ttl_info` (`ipt_ttl.h`), `struct ip6t_hl_info` (`ip6t_hl.h`).
pub(super) fn ttl(info: Info<'_>) -> Result<Match, String> {
    let mode = match info.u8(0)? {
        0 => Compare::Equal,
        1 => Compare::NotEqual,
        2 => Compare::Less,
        3 => Compare::Greater,
        other => return Err(format!("comparison {other}")),
    };
    Ok(Match::Ttl { mode, ttl: info.u8(1)? })
}

/// `struct ipt_TTL_info` (`ipt_TTL.h`), `struct ip6t_HL_info` (`ip6t_HL.h`).
pub(super) fn set_ttl(info: Info<'_>) -> Result<Target, String> {
    match info.u8(0)? {
        mode @ 0..=2 => Ok(Target::Ttl { mode, ttl: info.u8(1)? }),
        other => Err(format!("mode {other}")),
    }
}
