//! Sets of ipset (`xt_set.h`). Rules know them by an index (`struct xt_set_info`).

use super::SetName;
use super::info::Info;
use model::host::nft::xt::{Match, Target, Uncertainty};

/// `struct xt_set_info_match_v1`, `_v3`, `_v4`. From revision 3 on it may also ask for how often an
/// element was met.
pub(super) fn holds(
    info: Info<'_>,
    revision: u8,
    set_name: &mut SetName<'_>,
) -> Result<Match, String> {
    /// `IPSET_INV_MATCH`, `IPSET_DIM_ONE_SRC`, `IPSET_RETURN_NOMATCH`.
    const NOT: u8 = 1;
    const FIRST_IS_SOURCE: u8 = 1 << 1;
    const RETURN_NOMATCH: u8 = 1 << 7;
    let (index, dimensions, flags) = (info.u16(0)?, info.u8(2)?, info.u8(3)?);
    if revision >= 2 && flags & RETURN_NOMATCH != 0 {
        return Err("it asks for what the set leaves out".to_owned());
    }
    // `op` of `struct ip_set_counter_match0` comes first, that of `struct ip_set_counter_match` last.
    let counters = match revision {
        3 => [info.u8(8)?, info.u8(24)?],
        4 => [info.u8(16)?, info.u8(32)?],
        _ => [0; 2],
    };
    if counters != [0; 2] {
        let why = Uncertainty::History;
        return Ok(Match::Uncertain { extension: "set".to_owned(), why });
    }
    let name = set_name(index).ok_or_else(|| format!("set {index} has no name"))?;
    let is_source = |dimension| flags & FIRST_IS_SOURCE << dimension != 0;
    let sources = (0..dimensions.min(6)).map(is_source).collect();
    Ok(Match::Set { name, sources, not: flags & NOT != 0 })
}

/// `struct xt_set_info_target_v0` to `_v3`. The last can also take a mark out of the set.
pub(super) fn changes(info: Info<'_>, revision: u8) -> Result<Target, String> {
    const MAP: usize = 8;
    const NO_SET: u16 = u16::MAX;
    match revision {
        3 if info.u16(MAP)? != NO_SET => Err("it maps to a mark".to_owned()),
        _ => Ok(Target::Set),
    }
}
