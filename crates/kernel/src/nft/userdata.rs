//! What nft(8) keeps with objects for itself: type, length and value in bytes, which the kernel
//! stores unread (libnftnl's `udata.h`). We write the same, so that `nft list ruleset` shows our
//! comments and types.

/// Longest userdata the kernel takes (`NFT_USERDATA_MAXLEN`), and so the longest comment.
const LONGEST: usize = 253;

/// The comment of tables, rules and elements alike (`NFTNL_UDATA_TABLE_COMMENT`,
/// `NFTNL_UDATA_RULE_COMMENT`, `NFTNL_UDATA_SET_ELEM_COMMENT`).
const COMMENT: u8 = 0;

/// `NFTNL_UDATA_SET_KEYBYTEORDER`, `NFTNL_UDATA_SET_DATABYTEORDER`.
pub(super) const KEY_BYTE_ORDER: u8 = 0;
pub(super) const DATA_BYTE_ORDER: u8 = 1;

/// nftables' `enum byteorder`.
#[derive(Clone, Copy)]
pub(super) enum ByteOrder {
    Host = 1,
    Network = 2,
}

/// A comment, cut to what the kernel takes; at a character's border.
pub(super) fn comment(text: &str) -> Vec<u8> {
    let end = (0..=text.len().min(LONGEST)).rev().find(|end| text.is_char_boundary(*end));
    let text = &text.as_bytes()[..end.unwrap_or(0)];
    let mut value = text.to_vec();
    value.push(0);
    let mut bytes = Vec::with_capacity(value.len() + 2);
    push(&mut bytes, COMMENT, &value);
    bytes
}

pub(super) fn byte_order(to: &mut Vec<u8>, kind: u8, order: ByteOrder) {
    push(to, kind, &(order as u32).to_ne_bytes());
}

fn push(to: &mut Vec<u8>, kind: u8, value: &[u8]) {
    to.extend_from_slice(&[kind, u8::try_from(value.len()).unwrap_or(u8::MAX)]);
    to.extend_from_slice(value);
}

/// The comment in an object's userdata.
pub(super) fn read_comment(mut bytes: &[u8]) -> Option<String> {
    while let [kind, len, rest @ ..] = bytes {
        let value = rest.get(..usize::from(*len))?;
        if *kind == COMMENT {
            let text = value.strip_suffix(&[0]).unwrap_or(value);
            return Some(String::from_utf8_lossy(text).into_owned());
        }
        bytes = &rest[usize::from(*len)..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_survive_and_long_ones_are_cut_between_characters() {
        let bytes = comment("network web");
        assert_eq!(bytes, b"\x00\x0cnetwork web\x00");
        assert_eq!(read_comment(&bytes).as_deref(), Some("network web"));
        let long = comment(&"网".repeat(200));
        assert!(long.len() <= 256);
        assert_eq!(read_comment(&long), Some("网".repeat(84)));
        assert_eq!(read_comment(&[0, 9, 1]), None);
        assert_eq!(read_comment(&[1, 1, 1, 0, 2, b'a', 0]).as_deref(), Some("a"));
    }
}
