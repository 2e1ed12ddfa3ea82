//! The kernel's yes or no to one message (`struct nlmsgerr`, and with `NETLINK_EXT_ACK` the
//! attributes behind it: `enum nlmsgerr_attrs`).

use super::attribute::Attributes;
use super::message::{HEADER, Received};
use crate::Refusal;
use nix::errno::Errno;

/// `NLM_F_CAPPED`: only the header of the message refused is repeated.
const CAPPED: u16 = 0x100;
/// `NLM_F_ACK_TLVS`.
const HAS_ATTRIBUTES: u16 = 0x200;
const TEXT: u16 = 1;
const OFFSET: u16 = 2;
const MISSING: u16 = 5;

/// Reads an `NLMSG_ERROR`; `sent` is the whole message it answers, if it is at hand.
pub(super) fn read(answer: Received<'_>, sent: Option<&[u8]>) -> Result<(), Refusal> {
    let code = number(answer.body, 0).map_or(-(Errno::EBADMSG as i32), |code| code as i32);
    if code == 0 {
        return Ok(());
    }
    let mut refusal = Refusal::bare(Errno::from_raw(-code));
    if answer.flags & HAS_ATTRIBUTES != 0 {
        let repeated = if answer.flags & CAPPED != 0 {
            HEADER
        } else {
            number(answer.body, 4).map_or(HEADER, |len| len as usize)
        };
        let attributes = Attributes::after(answer.body, 4 + repeated);
        refusal.text = attributes.get(TEXT).map(|text| text.text());
        let offset = attributes.get(OFFSET).and_then(|offset| offset.u32());
        refusal.attribute = attributes
            .get(MISSING)
            .and_then(|kind| kind.u32())
            .and_then(|kind| u16::try_from(kind).ok())
            .or_else(|| attribute_at(sent?, offset? as usize));
    }
    Err(refusal)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

/// The type of the attribute that begins there.
fn attribute_at(message: &[u8], offset: usize) -> Option<u16> {
    let kind = message.get(offset + 2..)?.first_chunk().copied().map(u16::from_ne_bytes)?;
    (offset >= HEADER).then_some(kind & 0x3fff)
}
