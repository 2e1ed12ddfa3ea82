//! Bytes of a rule's constant or a set's key by others.

use super::Mask;
use model::net::{IpNet, Mac, octets};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    V4,
    V6,
    Mac,
    Link,
    /// `NFPROTO_*`, and the number of the protocol in a frame: they say what headers come next.
    Protocol,
    EtherType,
    Plain,
}

/// Bytes of a field from one on, as far as those bits of it say; `None` if nothing would say the same.
pub(super) fn field(
    mask: &Mask,
    kind: Kind,
    from: usize,
    bytes: &[u8],
    bits: Option<&[u8]>,
) -> Option<Vec<u8>> {
    if !mask.changes(kind) {
        return Some(bytes.to_vec());
    }
    let asked = match bits {
        Some(bits) => leading(bits)?,
        None => bytes.len() * 8,
    };
    match kind {
        _ if asked == 0 => Some(bytes.to_vec()),
        Kind::V4 | Kind::V6 if from == 0 => {
            let length = u8::try_from(asked).ok()?;
            let address: IpAddr = match kind {
                Kind::V4 => Ipv4Addr::from(filled::<4>(bytes)?).into(),
                _ => Ipv6Addr::from(filled::<16>(bytes)?).into(),
            };
            let masked = mask.prefix(IpNet::new(address, length).ok()?.trunc()).network();
            let octets = octets(masked);
            octets.get(..bytes.len()).map(<[u8]>::to_vec)
        }
        Kind::Mac if from == 0 && asked == 48 => {
            Some(mask.mac(Mac(bytes.try_into().ok()?)).0.to_vec())
        }
        Kind::Link if from == 0 && bits.is_none() => link(mask, bytes),
        _ => None,
    }
}

/// A whole name, padded, or what names begin with.
fn link(mask: &Mask, bytes: &[u8]) -> Option<Vec<u8>> {
    let name = bytes.split(|byte| *byte == 0).next()?;
    let text = std::str::from_utf8(name).ok()?;
    if name.len() == bytes.len() && bytes.len() < 16 {
        // `lo` keeps its name, whatever it begins with.
        let is_plain = !"lo".starts_with(text);
        return is_plain.then(|| mask.beginning(text).into_bytes());
    }
    let mut masked = mask.link_text(text).into_bytes();
    masked.resize(bytes.len(), 0);
    Some(masked)
}

fn filled<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut whole = [0; N];
    whole.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(whole)
}

/// How many bits, if they are the first ones.
fn leading(bits: &[u8]) -> Option<usize> {
    let ones: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
    let leading = bits
        .iter()
        .position(|byte| *byte != 0xff)
        .map_or(bits.len() * 8, |at| at * 8 + bits[at].leading_ones() as usize);
    (leading == ones as usize).then_some(leading)
}
