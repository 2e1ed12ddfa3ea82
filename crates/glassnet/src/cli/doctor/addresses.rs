//! Whether networks still have addresses to give.

use super::seen::Seen;
use model::explain::Finding;

/// Of ten addresses, this many leased are too many. A network of a /24 then has 25 left.
const TENTHS: u64 = 9;

/// Networks that have leased nine of ten of their addresses, or more.
pub(super) fn nearly_gone(seen: &Seen) -> Vec<Finding> {
    let scarce = seen.numbers.iter().filter(|network| {
        network.leasable > 0
            && u128::from(network.leased) * 10 >= u128::from(network.leasable * TENTHS)
    });
    let findings = scarce.map(|network| Finding::AddressesNearlyGone {
        network: network.name.clone(),
        leased: network.leased,
        leasable: network.leasable,
        free: network.leasable.saturating_sub(network.leased),
    });
    findings.collect()
}
