//! `bandwidth`, of the engine or of the configuration (CONVENTIONS, "bandwidth limits"): rates in
//! bits a second, bursts in bits; "ingress" is into the container. A rate and its burst come
//! together, 0 for both is no limit. Names of keys may be in any case, see [`super::ports`].

use super::field::Field;
use super::refusal::Refusal;
use model::cluster::{Bandwidth, Rate};

const KEYS: [&str; 4] = ["ingressRate", "ingressBurst", "egressRate", "egressBurst"];

pub(super) fn read(field: Field<'_>) -> Result<Bandwidth, Refusal> {
    for (key, value) in field.members()? {
        if !KEYS.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            let known = KEYS.join(", ");
            return Err(
                value.unsupported(format_args!("a bandwidth has no such key; it has {known}"))
            );
        }
    }
    let [ingress_rate, ingress_burst, egress_rate, egress_burst] = KEYS;
    Ok(Bandwidth {
        ingress: rate(&field, ingress_rate, ingress_burst)?,
        egress: rate(&field, egress_rate, egress_burst)?,
    })
}

fn rate(field: &Field<'_>, rate: &str, burst: &str) -> Result<Option<Rate>, Refusal> {
    let number = |key| field.member_in_any_case(key)?.map_or(Ok(0), |field| field.number(u64::MAX));
    match (number(rate)?, number(burst)?) {
        (0, 0) => Ok(None),
        (0, _) => Err(field.invalid(format_args!("{burst} is set without {rate}"))),
        (_, 0) => Err(field.invalid(format_args!(
            "{rate} is set without {burst}, the bits that may pass at once; a 50th of the rate is usual"
        ))),
        (bits_per_second, burst_bits) => Ok(Some(Rate { bits_per_second, burst_bits })),
    }
}
