//! From what people write to a prefix, and from what they wrote wrong to what and where.
//!
//! `192.168.1.17/24`, `10.0.0.0/255.255.252.0`, `10.0.0.0 255.255.252.0`, `2001:db8::1/64`; an
//! address alone is the prefix of that one. The standard library reads addresses; only those that it
//! refuses are looked at here, for the reason.

use crate::explain::PrefixFault;
use crate::net::{Family, IpNet, single};
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub text: String,
    /// The bytes of the text that are wrong.
    pub at: Range<usize>,
    pub fault: PrefixFault,
}

/// Reads prefixes from words, of which an address and its mask are two.
pub fn prefixes<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Vec<IpNet>, Mistake> {
    let mut prefixes = Vec::new();
    let mut words = words.into_iter().flat_map(parts).peekable();
    while let Some(word) = words.next() {
        let mask = words.next_if(|next| is_ipv4(word) && may_be_mask(next));
        prefixes.push(match mask {
            Some(mask) => prefix(&format!("{word} {mask}"))?,
            None => prefix(word)?,
        });
    }
    Ok(prefixes)
}

/// An argument may have been quoted as one. That it is empty is for [`prefix`] to say.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let empty = word.trim().is_empty().then_some("");
    word.split_whitespace().chain(empty)
}

fn is_ipv4(word: &str) -> bool {
    word.parse::<Ipv4Addr>().is_ok()
}

/// A mask, or what is more likely meant as one than as a second address: no host's address begins
/// with 0 or 255.
fn may_be_mask(word: &str) -> bool {
    let read = word.parse::<Ipv4Addr>();
    read.is_ok_and(|mask| matches!(mask.octets()[0], 0 | 255) || length(mask).is_some())
}

/// Reads one prefix.
pub fn prefix(text: &str) -> Result<IpNet, Mistake> {
    let text = text.trim();
    read(text).map_err(|(wrong, fault)| {
        // `wrong` is a part of the text.
        let from = wrong.as_ptr() as usize - text.as_ptr() as usize;
        Mistake { text: text.to_owned(), at: from..from + wrong.len(), fault }
    })
}

type Fault<'a> = (&'a str, PrefixFault);

fn read(text: &str) -> Result<IpNet, Fault<'_>> {
    if text.is_empty() {
        return Err((text, PrefixFault::Empty));
    }
    let Some((address, rest)) = text.split_once(['/', ' ']) else {
        return read_address(text).map(single);
    };
    let address = read_address(address)?;
    let length = read_length(rest.trim_start(), Family::of(address))?;
    Ok(IpNet::new_assert(address, length))
}

fn read_address(text: &str) -> Result<IpAddr, Fault<'_>> {
    text.parse().map_err(|_| {
        if text.is_empty() {
            (text, PrefixFault::NoAddress)
        } else if let Some(zone) = text.find('%') {
            (&text[zone..], PrefixFault::Zone)
        } else if text.contains(':') {
            wrong_in_ipv6(text)
        } else if text.starts_with(|c: char| c.is_ascii_digit()) || text.contains('.') {
            wrong_in_ipv4(text)
        } else {
            (text, PrefixFault::Strange)
        }
    })
}

/// Reads what follows the address: a length or, for IPv4, a mask.
fn read_length(text: &str, family: Family) -> Result<u8, Fault<'_>> {
    if text.is_empty() {
        return Err((text, PrefixFault::NoLength { most: family.bits() }));
    }
    if text.contains(['.', ':']) {
        return read_mask(text, family);
    }
    let most = family.bits();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err((text, PrefixFault::LengthNotNumber { most }));
    }
    let length = text.parse().ok().filter(|length| *length <= most);
    length.ok_or((text, PrefixFault::LengthTooLong { family, most }))
}

fn read_mask(text: &str, family: Family) -> Result<u8, Fault<'_>> {
    if family == Family::V6 {
        return Err((text, PrefixFault::MaskInIpv6));
    }
    let mask: Ipv4Addr = text.parse().map_err(|_| wrong_in_ipv4(text))?;
    length(mask).ok_or_else(|| {
        let turned = !mask;
        if length(turned).is_some() {
            return (text, PrefixFault::Wildcard { mask: IpAddr::V4(turned) });
        }
        let ones = u8::try_from(mask.to_bits().count_ones()).unwrap_or(0);
        let alike = IpNet::new_assert(Ipv4Addr::UNSPECIFIED.into(), ones).netmask();
        (text, PrefixFault::MaskWithHoles { ones, alike })
    })
}

/// The length of a prefix with this mask: as many ones as there are, if no zero stands among them.
fn length(mask: Ipv4Addr) -> Option<u8> {
    let bits = mask.to_bits();
    let ones = bits.leading_ones();
    (ones == bits.count_ones()).then(|| u8::try_from(ones).unwrap_or(0))
}

/// What is wrong with an IPv4 address, from the left.
fn wrong_in_ipv4(text: &str) -> Fault<'_> {
    let parts: Vec<&str> = text.split('.').collect();
    for part in &parts {
        if part.is_empty() {
            return (text, PrefixFault::PartMissing);
        }
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return (part, PrefixFault::PartNotNumber { part: (*part).to_owned() });
        }
        let plain = part.trim_start_matches('0');
        if plain.len() > 3 || plain.parse::<u16>().is_ok_and(|value| value > 255) {
            return (part, PrefixFault::PartTooLarge { part: (*part).to_owned() });
        }
        if part.len() > 1 && part.starts_with('0') {
            let part = *part;
            return (part, PrefixFault::LeadingZero { part: part.to_owned() });
        }
    }
    (text, PrefixFault::PartCount { count: parts.len() })
}

/// What is wrong with an IPv6 address, from the left.
fn wrong_in_ipv6(text: &str) -> Fault<'_> {
    if let Some((_, second)) = text.split_once("::")
        && second.contains("::")
    {
        return (text, PrefixFault::TwoGaps);
    }
    let groups = text.split(':').filter(|group| !group.is_empty());
    for group in groups.clone() {
        if group.contains('.') {
            match group.parse::<Ipv4Addr>() {
                Ok(_) => continue,
                Err(_) => return wrong_in_ipv4(group),
            }
        }
        if !group.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return (group, PrefixFault::GroupNotHex { group: group.to_owned() });
        }
        if group.len() > 4 {
            return (group, PrefixFault::GroupTooLong { group: group.to_owned() });
        }
    }
    (text, PrefixFault::GroupCount { count: groups.count() })
}
