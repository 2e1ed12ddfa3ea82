//! The wire format of traffic control, as far as bandwidth limits need it: token buckets, the
//! ingress hook and a filter that redirects everything (`net/sched/sch_tbf.c`, `sch_ingress.c`,
//! `cls_u32.c`, `act_mirred.c`; `include/uapi/linux/pkt_sched.h`, `pkt_cls.h`).

/// `TCA_*`.
pub(crate) const KIND: u16 = 1;
pub(crate) const OPTIONS: u16 = 2;

/// `TCA_TBF_*`.
pub(crate) const TBF_PARMS: u16 = 1;
pub(crate) const TBF_RATE64: u16 = 4;
pub(crate) const TBF_PRATE64: u16 = 5;
pub(crate) const TBF_BURST: u16 = 6;

/// `TCA_U32_*`, `TCA_ACT_*`, `TCA_MIRRED_*`.
pub(crate) const U32_SEL: u16 = 5;
pub(crate) const U32_ACT: u16 = 7;
pub(crate) const ACT_KIND: u16 = 1;
pub(crate) const ACT_OPTIONS: u16 = 2;
pub(crate) const MIRRED_PARMS: u16 = 2;

/// `TC_H_ROOT`, `TC_H_INGRESS`, and the handle an ingress qdisc has.
pub(crate) const ROOT: u32 = u32::MAX;
pub(crate) const INGRESS: u32 = 0xffff_fff1;
pub(crate) const INGRESS_HANDLE: u32 = 0xffff_0000;

/// The filter's preference in the upper half, `ETH_P_ALL` in network order in the lower.
pub(crate) const FILTER_INFO: u32 = 1 << 16 | (0x0003_u16.to_be() as u32);

/// The filter's own handle (`800::800`, the first of the first table): with one, adding the filter
/// twice is refused.
pub(crate) const FILTER_HANDLE: u32 = 0x8000_0800;

/// `struct tcmsg`: family, padding, link, handle, parent, info.
pub(crate) fn header(link: u32, handle: u32, parent: u32, info: u32) -> [u8; 20] {
    let mut bytes = [0; 20];
    for (at, value) in [(4, link), (8, handle), (12, parent), (16, info)] {
        bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }
    bytes
}

/// Field of `struct tcmsg`, or of another structure of 4-byte numbers.
pub(crate) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

/// `struct tc_tbf_qopt`: two `struct tc_ratespec` of 12 bytes, then limit, buffer and mtu.
pub(crate) fn tbf_parameters(rate: u64, limit: u32) -> [u8; 36] {
    let mut bytes = [0; 36];
    // `TC_LINKLAYER_ETHERNET`: without it the kernel wants a table of rates.
    bytes[1] = 1;
    bytes[8..12].copy_from_slice(&u32::try_from(rate).unwrap_or(u32::MAX).to_ne_bytes());
    bytes[24..28].copy_from_slice(&limit.to_ne_bytes());
    bytes
}

/// Bytes that pass in the kernel's time unit of 64 ns are its grain for a bucket's depth: it shows
/// the depth in such units. Of the sizes that give the number shown, the one that is a whole number
/// of KiB is taken, else the smallest.
pub(crate) fn tbf_burst(rate: u64, ticks: u32) -> u32 {
    let bytes = |ticks: u64| u128::from(ticks) * 64 * u128::from(rate);
    let smallest = bytes(ticks.into()).div_ceil(1_000_000_000);
    let beyond = bytes(u64::from(ticks) + 1).div_ceil(1_000_000_000);
    let whole = smallest.next_multiple_of(1024);
    u32::try_from(if whole < beyond { whole } else { smallest }).unwrap_or(u32::MAX)
}

/// `struct tc_u32_sel` with one key whose mask is empty: it matches every packet.
pub(crate) const MATCH_ALL: [u8; 32] = {
    let mut bytes = [0; 32];
    // `TC_U32_TERMINAL`, one key.
    bytes[0] = 1;
    bytes[2] = 1;
    bytes
};

/// `struct tc_mirred`: index, capab, action, two counts, what to do, link.
pub(crate) const REDIRECT: u32 = 1;
const STOLEN: u32 = 4;

pub(crate) fn redirect(link: u32) -> [u8; 28] {
    let mut bytes = [0; 28];
    for (at, value) in [(8, STOLEN), (20, REDIRECT), (24, link)] {
        bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_survives_the_kernels_grain() {
        for (rate, burst) in [(125_000, 16 << 10), (1_250_000_000, 1 << 20), (12_345, 4 << 10)] {
            let ticks = u64::from(burst) * 1_000_000_000 / rate / 64;
            assert_eq!(tbf_burst(rate, ticks as u32), burst, "at {rate}");
        }
    }
}
