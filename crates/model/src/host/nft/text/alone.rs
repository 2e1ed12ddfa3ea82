//! Statements that are one expression: verdicts, `reject`, `log`, `limit` and the like.

use super::header::Protocol;
use super::printer::Printer;
use super::words::{self, word};
use super::{Shown, elements, iptables};
use crate::host::nft::{Expression, NftFamily};

pub(super) fn take<F: Shown>(printer: &mut Printer, expression: &Expression<F>) {
    let line = match expression {
        Expression::Verdict(verdict) => elements::verdict(verdict),
        Expression::Counter => "counter".to_owned(),
        Expression::Notrack => "notrack".to_owned(),
        Expression::Reject { kind, code } => reject(printer, *kind, code.unwrap_or(0)),
        Expression::Log { prefix, group, level, flags } => log(prefix, *group, *level, *flags),
        Expression::Limit { rate, seconds, burst, bytes, inverted } => {
            limit(*rate, *seconds, *burst, *bytes, *inverted)
        }
        Expression::Extension { is, .. } => iptables::extension(is, printer.family),
        Expression::Foreign(foreign) => foreign.shown(),
        // Those that work on registers are part of statements.
        _ => return,
    };
    printer.lines.push(line);
}

/// `NFT_REJECT_*`.
const ICMP_UNREACHABLE: u32 = 0;
const TCP_RESET: u32 = 1;

fn reject(printer: &mut Printer, kind: u32, code: u8) -> String {
    const ANY_UNREACHABLE: u8 = 1;
    let of_any_family = !matches!(kind, ICMP_UNREACHABLE | TCP_RESET);
    let network = printer.context.network();
    printer.context.reject(kind == TCP_RESET, of_any_family);
    let by_name = |words| word(words, code.into()).map_or_else(|| code.to_string(), str::to_owned);
    if kind == TCP_RESET {
        return "reject with tcp reset".to_owned();
    }
    if of_any_family {
        return match code {
            ANY_UNREACHABLE => "reject".to_owned(),
            _ => format!("reject with icmpx {}", by_name(words::ICMPX_CODES)),
        };
    }
    let (name, codes, usual) = match network {
        Some(Protocol::Ip6) => ("icmpv6", words::ICMP6_CODES, 4),
        Some(Protocol::Ip) => ("icmp", words::ICMP_CODES, 3),
        _ => return "reject".to_owned(),
    };
    // Where there is but one family the usual answer need not be said.
    let is_clear = matches!(printer.family, NftFamily::Ip | NftFamily::Ip6);
    match code == usual && is_clear {
        true => "reject".to_owned(),
        false => format!("reject with {name} {}", by_name(codes)),
    }
}

/// `NF_LOG_*`.
const LOG_FLAGS: [(u32, &str); 3] = [(4, "ip options"), (8, "skuid"), (32, "ether")];
const LOG_ALL: u32 = 47;
/// The level that is meant when none is given.
const WARNING: u32 = 4;

fn log(prefix: &str, group: Option<u16>, level: Option<u32>, flags: u32) -> String {
    let mut line = "log".to_owned();
    if !prefix.is_empty() {
        line += &format!(" prefix \"{prefix}\"");
    }
    if let Some(group) = group {
        line += &format!(" group {group}");
    }
    if let Some(level) = level.filter(|level| *level != WARNING && group.is_none()) {
        let known = word(words::LOG_LEVELS, level.into());
        line += &format!(" level {}", known.map_or_else(|| level.to_string(), str::to_owned));
    }
    if flags & LOG_ALL == LOG_ALL {
        return line + " flags all";
    }
    match flags & 3 {
        1 => line += " flags tcp sequence",
        2 => line += " flags tcp options",
        3 => line += " flags tcp sequence,options",
        _ => {}
    }
    for (_, name) in LOG_FLAGS.iter().filter(|(bit, _)| flags & bit != 0) {
        line += &format!(" flags {name}");
    }
    line
}

/// Packets that may come at once unless told otherwise.
const USUAL_BURST: u32 = 5;

fn limit(rate: u64, seconds: u64, burst: u32, bytes: bool, inverted: bool) -> String {
    let over = if inverted { "over " } else { "" };
    let span =
        word(words::SPANS, seconds).map_or_else(|| format!("{seconds} seconds"), str::to_owned);
    if bytes {
        let (rate, unit) = amount(rate);
        let burst = match amount(burst.into()) {
            (0, _) => String::new(),
            (burst, unit) => format!(" burst {burst} {unit}"),
        };
        return format!("limit rate {over}{rate} {unit}/{span}{burst}");
    }
    let burst = match burst {
        0 | USUAL_BURST => String::new(),
        burst => format!(" burst {burst} packets"),
    };
    format!("limit rate {over}{rate}/{span}{burst}")
}

/// Bytes in the largest unit that holds them evenly.
fn amount(bytes: u64) -> (u64, &'static str) {
    match bytes {
        0 => (0, "bytes"),
        bytes if bytes % (1 << 20) == 0 => (bytes >> 20, "mbytes"),
        bytes if bytes % (1 << 10) == 0 => (bytes >> 10, "kbytes"),
        bytes => (bytes, "bytes"),
    }
}
