//! What is asked of a packet's addresses.

use super::info::Info;
use model::host::nft::xt::{Match, Range};

/// `struct xt_addrtype_info`, from revision 1 on `struct xt_addrtype_info_v1` (`xt_addrtype.h`).
pub(super) fn kinds(info: Info<'_>, revision: u8) -> Result<Match, String> {
    const NOT_SOURCE: u32 = 1;
    const NOT_DESTINATION: u32 = 1 << 1;
    const ON_IIF: u32 = 1 << 2;
    const ON_OIF: u32 = 1 << 3;
    let (source, destination) = (info.u16(0)?, info.u16(2)?);
    let flags = if revision == 0 {
        let bit = |at, bit| info.u32(at).map(|not| if not == 0 { 0 } else { bit });
        bit(4, NOT_SOURCE)? | bit(8, NOT_DESTINATION)?
    } else {
        info.u32(4)?
    };
    let has = |flag| flags & flag != 0;
    Ok(Match::AddressType {
        source,
        destination,
        not_source: has(NOT_SOURCE),
        not_destination: has(NOT_DESTINATION),
        on_iif: has(ON_IIF),
        on_oif: has(ON_OIF),
    })
}

/// `struct xt_iprange_mtinfo` (`xt_iprange.h`).
pub(super) fn range(info: Info<'_>) -> Result<Match, String> {
    const FLAGS: usize = 64;
    let flags = info.u8(FLAGS)?;
    let range = |at: usize, asks: u8, not: u8| {
        let range = || {
            let (first, last) = (info.address(at)?, info.address(at + 16)?);
            Ok::<_, String>(Range { first, last, not: flags & not != 0 })
        };
        (flags & asks != 0).then(range).transpose()
    };
    Ok(Match::IpRange { source: range(0, 1, 1 << 4)?, destination: range(32, 1 << 1, 1 << 5)? })
}

/// `struct xt_rpfilter_info` (`xt_rpfilter.h`).
pub(super) fn way_back(info: Info<'_>) -> Result<Match, String> {
    let flags = info.u8(0)?;
    Ok(Match::ReversePath {
        loose: flags & 1 != 0,
        valid_mark: flags & 1 << 1 != 0,
        accept_local: flags & 1 << 2 != 0,
        not: flags & 1 << 3 != 0,
    })
}
