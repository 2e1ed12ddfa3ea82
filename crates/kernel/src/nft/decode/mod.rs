//! Messages of the kernel as the model's values. Never fails: what has no name cannot be placed
//! and is left out, what is not understood is foreign.

mod expression;
mod set;

pub(super) use expression::Around;
pub(super) use set::{ReadSet, elements, set};

use super::numbers::{self, Numbered, attribute as nfta, chain_kind};
use super::userdata::read_comment;
use crate::netlink::{Attribute, Attributes};
use crate::xt;
use model::host::Unknown;
use model::host::nft::{BaseChain, NftFamily, Policy, Rule, Verdict};

/// The family of a message (`struct nfgenmsg`) and its attributes.
pub(super) fn open(body: &[u8]) -> Option<(NftFamily, Attributes<'_>)> {
    let family = NftFamily::of(u32::from(*body.first()?))?;
    Some((family, Attributes::after(body, 4)))
}

pub(super) fn text(attributes: Attributes<'_>, kind: u16) -> Option<String> {
    attributes.get(kind).map(Attribute::text)
}

pub(super) fn number(attributes: Attributes<'_>, kind: u16) -> Option<u32> {
    attributes.get(kind)?.be32()
}

pub(super) fn comment(attributes: Attributes<'_>, kind: u16) -> Option<String> {
    read_comment(attributes.get(kind)?.value)
}

/// A base chain's place, if the chain has one and the model knows it.
pub(super) fn base_chain(family: NftFamily, attributes: Attributes<'_>) -> Option<BaseChain> {
    let hook = attributes.get(nfta::CHAIN_HOOK)?.nested();
    let one = hook.get(nfta::HOOK_DEVICE);
    let many = hook.nested(nfta::HOOK_DEVICES);
    let mut devices: Vec<_> =
        one.into_iter().chain(many).filter_map(|name| name.text().parse().ok()).collect();
    devices.dedup();
    Some(BaseChain {
        kind: chain_kind(&text(attributes, nfta::CHAIN_TYPE)?)?,
        hook: numbers::hook(family, number(hook, nfta::HOOK_NUMBER)?)?,
        priority: number(hook, nfta::HOOK_PRIORITY)?.cast_signed(),
        policy: number(attributes, nfta::CHAIN_POLICY)
            .and_then(Policy::of)
            .unwrap_or(Policy::Accept),
        devices,
    })
}

/// A rule.
pub(super) fn rule(attributes: Attributes<'_>, around: &mut Around<'_, '_>) -> Rule<Unknown> {
    let expressions: Vec<_> = attributes
        .nested(nfta::RULE_EXPRESSIONS)
        .map(|each| expression::decode(each.nested(), around))
        .collect();
    Rule {
        handle: attributes.get(nfta::RULE_HANDLE).and_then(|handle| handle.be64()),
        comment: comment(attributes, nfta::RULE_USERDATA).or_else(|| xt::comment(&expressions)),
        expressions,
    }
}

/// The verdict in a nest for data.
pub(super) fn verdict(data: Attributes<'_>) -> Result<Verdict, String> {
    use numbers::verdict::{ACCEPT, CONTINUE, DROP, GOTO, JUMP, QUEUE, RETURN};
    let verdict = data.nested(nfta::DATA_VERDICT);
    let code = number(verdict, nfta::VERDICT_CODE).ok_or("a verdict without a code")?;
    let chain = || text(verdict, nfta::VERDICT_CHAIN).ok_or_else(|| "a jump to nowhere".to_owned());
    match code.cast_signed() {
        ACCEPT => Ok(Verdict::Accept),
        DROP => Ok(Verdict::Drop),
        CONTINUE => Ok(Verdict::Continue),
        RETURN => Ok(Verdict::Return),
        JUMP => chain().map(Verdict::Jump),
        GOTO => chain().map(Verdict::Goto),
        queue if queue > 0 && queue & 0xffff == QUEUE => Ok(Verdict::Queue((queue >> 16) as u16)),
        other => Err(format!("verdict {other}")),
    }
}
