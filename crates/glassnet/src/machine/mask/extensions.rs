//! Extensions of iptables by others that decide alike.

use super::Mask;
use super::field::Kind;
use ipnet::IpNet;
use model::host::nft::xt::{ConnectionMatch, Extension, LinkPattern, Match, NatRange, Target};
use std::net::IpAddr;

const RANGE: &str = "a range of addresses";
const BITS: &str = "single bits of an address";

/// Why there is none.
type Masked<T> = Result<T, &'static str>;

pub(super) fn masked(mask: &Mask, is: &Extension) -> Masked<Extension> {
    Ok(match is {
        Extension::Match(is) => Extension::Match(matching(mask, is)?),
        Extension::Target(is) => Extension::Target(target(mask, is)?),
    })
}

fn matching(mask: &Mask, is: &Match) -> Masked<Match> {
    Ok(match is {
        Match::Comment(_) => Match::Comment("masked".to_owned()),
        Match::Connection(asked) => Match::Connection(Box::new(connection(mask, asked)?)),
        Match::IpRange { .. } if mask.changes(Kind::V4) => return Err(RANGE),
        Match::Mac { mac, not } => Match::Mac { mac: mask.mac(*mac), not: *not },
        Match::Physdev { iif, oif, is_in, is_out, is_bridged } => {
            let pattern = |asked: &Option<(LinkPattern, bool)>| {
                asked.as_ref().map(|(pattern, not)| (self::pattern(mask, pattern), *not))
            };
            let (iif, oif) = (pattern(iif), pattern(oif));
            Match::Physdev { iif, oif, is_in: *is_in, is_out: *is_out, is_bridged: *is_bridged }
        }
        Match::Set { name, sources, not } => {
            Match::Set { name: mask.set(name), sources: sources.clone(), not: *not }
        }
        other => other.clone(),
    })
}

fn pattern(mask: &Mask, pattern: &LinkPattern) -> LinkPattern {
    let text = match pattern.is_beginning {
        true => mask.beginning(&pattern.text),
        false => mask.link_text(&pattern.text),
    };
    LinkPattern { text, ..*pattern }
}

fn connection(mask: &Mask, asked: &ConnectionMatch) -> Masked<ConnectionMatch> {
    let mut masked = asked.clone();
    for (address, bits, _) in masked.addresses.iter_mut().flatten() {
        *address = prefix(mask, *address, *bits)?;
    }
    Ok(masked)
}

/// The address of a prefix whose mask is written out.
fn prefix(mask: &Mask, address: IpAddr, bits: IpAddr) -> Masked<IpAddr> {
    if !mask.changes(Kind::V4) {
        return Ok(address);
    }
    let net = IpNet::with_netmask(address, bits).map_err(|_| BITS)?;
    Ok(mask.prefix(net.trunc()).network())
}

fn target(mask: &Mask, is: &Target) -> Masked<Target> {
    Ok(match is {
        Target::Dnat(range) => Target::Dnat(nat(mask, range)?),
        Target::Snat(range) => Target::Snat(nat(mask, range)?),
        Target::Netmap { address, mask: bits } => {
            Target::Netmap { address: prefix(mask, *address, *bits)?, mask: *bits }
        }
        other => other.clone(),
    })
}

fn nat(mask: &Mask, range: &NatRange) -> Masked<NatRange> {
    match range.addresses {
        Some((first, last)) if first != last && mask.changes(Kind::V4) => Err(RANGE),
        Some((first, _)) => {
            let to = mask.ip(first);
            Ok(NatRange { addresses: Some((to, to)), ..*range })
        }
        None => Ok(*range),
    }
}
