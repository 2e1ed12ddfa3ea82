//! Matches of which nobody can say beforehand whether they hold.

use super::{Known, info::Info};
use model::host::nft::xt::{Match, Uncertainty};

/// The match by its name, in any revision: none of them becomes certain by asking for more.
pub(super) fn match_of(name: &str, info: Info<'_>) -> Known<Match> {
    let why = match name {
        "hashlimit" | "limit" | "rateest" => Uncertainty::Rate,
        "connbytes" | "connlimit" | "quota" | "recent" => Uncertainty::History,
        "cgroup" | "owner" => Uncertainty::Sender,
        "time" => Uncertainty::Time,
        // `struct xt_statistic_info` (`xt_statistic.h`): each so manieth packet, or by chance.
        "statistic" => match info.u16(0) {
            Ok(0) => Uncertainty::Chance,
            Ok(1) => Uncertainty::History,
            Ok(other) => return Some(Err(format!("mode {other}"))),
            Err(why) => return Some(Err(why)),
        },
        _ => return None,
    };
    Some(Ok(Match::Uncertain { extension: name.to_owned(), why }))
}
