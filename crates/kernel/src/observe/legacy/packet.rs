//! What an entry asks of the packet itself (`struct ipt_ip`, `struct ip6t_ip6`), in the expressions that
//! iptables-nft writes for the same words.

use crate::xt::{Counted, Info};
use model::host::Unknown;
use model::host::nft::{CmpOp, Expression, MetaKey, PayloadBase, Register};
use model::net::Family;

/// Where things lie in the struct, and in the packet.
struct Layout {
    /// Source, destination, and their masks follow one another.
    address: usize,
    /// Of the first link's name; the other's, and the masks of both, follow.
    links: usize,
    protocol: usize,
    /// The flags, with the bit that says whether the protocol counts; then what is turned round.
    flags: (usize, u8),
    /// Of the source address in the IP header; the destination follows.
    in_packet: u32,
}

const V4: Layout = Layout { address: 4, links: 16, protocol: 80, flags: (82, 0), in_packet: 12 };
const V6: Layout = Layout { address: 16, links: 64, protocol: 128, flags: (131, 1), in_packet: 8 };

/// `IPT_F_FRAG`, which IPv6 lacks.
const FRAGMENT: u8 = 1;
/// `IPT_INV_*`, alike in both.
const NOT_IIF: u8 = 0x01;
const NOT_OIF: u8 = 0x02;
const NOT_SOURCE: u8 = 0x08;
const NOT_DESTINATION: u8 = 0x10;
const NOT_FRAGMENT: u8 = 0x20;
const NOT_PROTOCOL: u8 = 0x40;
/// No link has this name.
const NO_LINK: &[u8] = b"INVAL/D\0";
const IFNAMSIZ: usize = 16;
const R: Register = Register(0);

type Asked = Vec<Expression<Unknown>>;

pub(super) fn asked(entry: Info<'_>) -> Result<Asked, String> {
    let layout = match entry.family {
        Family::V4 => V4,
        Family::V6 => V6,
    };
    let (at, protocol_counts) = layout.flags;
    let (flags, inverted) = (entry.u8(at)?, entry.u8(at + 1)?);
    let not = |flag: u8| inverted & flag != 0;
    let mut asked = link(entry, layout.links, MetaKey::IifName, not(NOT_IIF))?;
    asked.extend(link(entry, layout.links + IFNAMSIZ, MetaKey::OifName, not(NOT_OIF))?);
    let protocol = entry.u16(layout.protocol)?;
    if protocol != 0 && flags & protocol_counts == protocol_counts {
        asked.push(Expression::Meta { key: MetaKey::L4Protocol, to: R });
        let number = u8::try_from(protocol).map_err(|_| format!("protocol {protocol}"))?;
        asked.push(compare(not(NOT_PROTOCOL), &[number]));
    }
    for (number, flag) in [(0, NOT_SOURCE), (1, NOT_DESTINATION)] {
        asked.extend(address(entry, &layout, number, not(flag))?);
    }
    if entry.family == Family::V4 && flags & FRAGMENT != 0 {
        let base = PayloadBase::Network;
        asked.push(Expression::Payload { base, offset: 6, len: 2, to: R });
        asked.push(masked(&[0x1f, 0xff]));
        asked.push(compare(!not(NOT_FRAGMENT), &[0, 0]));
    }
    Ok(asked)
}

fn compare(not: bool, value: &[u8]) -> Expression<Unknown> {
    let op = if not { CmpOp::NotEqual } else { CmpOp::Equal };
    Expression::Cmp { op, from: R, value: value.to_vec() }
}

fn masked(mask: &[u8]) -> Expression<Unknown> {
    Expression::Bitwise { from: R, to: R, mask: mask.to_vec(), xor: vec![0; mask.len()] }
}

/// The masks lie behind both names.
fn link(entry: Info<'_>, at: usize, key: MetaKey, not: bool) -> Result<Asked, String> {
    let (text, counted) = entry.link(at, at + 2 * IFNAMSIZ)?;
    let value = match counted {
        Counted::None if not => return Ok(vec![name(key), compare(false, NO_LINK)]),
        Counted::None => return Ok(Vec::new()),
        Counted::Beginning => text.into_bytes(),
        Counted::All => [text.as_bytes(), &[0]].concat(),
    };
    Ok(vec![name(key), compare(not, &value)])
}

fn name(key: MetaKey) -> Expression<Unknown> {
    Expression::Meta { key, to: R }
}

fn address(entry: Info<'_>, layout: &Layout, number: usize, not: bool) -> Result<Asked, String> {
    let len = layout.address;
    let field = |number: usize| {
        let bytes = entry.bytes.get(number * len..(number + 1) * len);
        bytes.ok_or_else(|| "it ends within an address".to_owned())
    };
    let (address, mask) = (field(number)?, field(number + 2)?);
    if mask.iter().all(|byte| *byte == 0) && !not {
        return Ok(Vec::new());
    }
    // Whole bytes are compared as such, without a mask.
    let whole = mask.iter().take_while(|byte| **byte == 0xff).count();
    let plain = whole > 0 && mask[whole..].iter().all(|byte| *byte == 0);
    let length = if plain { whole } else { len };
    let number = u32::try_from(number * len).map_err(|_| "no offset")?;
    let mut asked = vec![Expression::Payload {
        base: PayloadBase::Network,
        offset: layout.in_packet + number,
        len: u32::try_from(length).map_err(|_| "no length")?,
        to: R,
    }];
    if !plain {
        asked.push(masked(mask));
    }
    asked.push(compare(not, &address[..length]));
    Ok(asked)
}
