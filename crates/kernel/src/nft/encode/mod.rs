//! Changes as messages of one transaction. One change may become several messages: elements are
//! cut into pieces that fit an attribute.

mod expression;
mod set;

use super::numbers::{Numbered, attribute as nfta, chain_kind_text, hook_number, message};
use super::userdata;
use crate::netlink::{APPEND, CREATE, Message, Writer};
use crate::{Error, Result};
use model::diff::NftChange;
use model::host::Never;
use model::host::nft::{BaseChain, NftFamily, Rule, Set, SetValueType};
use std::collections::BTreeMap;

/// A set's place: family, table, name.
pub(super) type SetPath = (NftFamily, String, String);

/// The messages of a transaction and, for each, the number of the change it belongs to.
#[derive(Debug, Default)]
pub(super) struct Encoded {
    pub(super) messages: Vec<Message>,
    pub(super) changes: Vec<usize>,
}

/// Encodes changes. `verdict_maps` says of sets that rules look up and that no change here makes
/// whether they give verdicts; see [`looked_up`].
pub(super) fn changes(
    changes: &[NftChange],
    verdict_maps: &BTreeMap<SetPath, bool>,
) -> Result<Encoded> {
    let mut verdict_maps = verdict_maps.clone();
    let mut encoded = Encoded::default();
    for (number, change) in changes.iter().enumerate() {
        if let NftChange::AddSet { family, table, set } = change {
            let path = (*family, table.clone(), set.name.clone());
            verdict_maps.insert(path, gives_verdicts(set));
        }
        let before = encoded.messages.len();
        self::change(change, number, &verdict_maps, &mut encoded.messages)?;
        encoded.changes.extend(std::iter::repeat_n(number, encoded.messages.len() - before));
    }
    Ok(encoded)
}

/// The sets that rules look up without a register for the value and that are not made in the same
/// transaction: only their shape tells a set from a verdict map.
pub(super) fn looked_up(changes: &[NftChange]) -> Vec<SetPath> {
    use model::host::nft::Expression::Lookup;
    let mut paths = Vec::new();
    for change in changes {
        let NftChange::AddRule { family, table, rule, .. } = change else { continue };
        for expression in &rule.expressions {
            if let Lookup { set, to: None, .. } = expression {
                paths.push((*family, table.clone(), set.clone()));
            }
        }
    }
    paths.retain(|(family, table, name)| {
        !changes.iter().any(|change| {
            matches!(change, NftChange::AddSet { family: f, table: t, set }
                if f == family && t == table && set.name == *name)
        })
    });
    paths.sort();
    paths.dedup();
    paths
}

fn gives_verdicts(set: &Set) -> bool {
    set.value == Some(SetValueType::Verdict)
}

fn change(
    change: &NftChange,
    number: usize,
    verdict_maps: &BTreeMap<SetPath, bool>,
    to: &mut Vec<Message>,
) -> Result<()> {
    let one = match change {
        NftChange::AddTable { family, name, comment } => {
            let mut body = body(*family);
            body.text(nfta::TABLE_NAME, name);
            body.be32(nfta::TABLE_FLAGS, 0);
            if let Some(comment) = comment {
                body.bytes(nfta::TABLE_USERDATA, &userdata::comment(comment));
            }
            message(message::NEW_TABLE, CREATE, body, format!("table {}", place(*family, name)))
        }
        NftChange::DeleteTable { family, name } => {
            let mut body = body(*family);
            body.text(nfta::TABLE_NAME, name);
            message(message::DELETE_TABLE, 0, body, format!("table {}", place(*family, name)))
        }
        NftChange::AddChain { family, table, name, base } => {
            let subject = format!("chain {} {name}", place(*family, table));
            let mut body = chain_body(*family, table, name);
            if let Some(base) = base {
                base_chain(&mut body, *family, base, &subject)?;
            }
            message(message::NEW_CHAIN, CREATE, body, subject)
        }
        NftChange::DeleteChain { family, table, name, .. } => {
            let subject = format!("chain {} {name}", place(*family, table));
            message(message::DELETE_CHAIN, 0, chain_body(*family, table, name), subject)
        }
        NftChange::FlushChain { family, table, chain } => {
            let subject = format!("rules of chain {} {chain}", place(*family, table));
            message(message::DELETE_RULE, 0, rule_body(*family, table, chain), subject)
        }
        NftChange::AddRule { family, table, chain, rule } => {
            let gives_verdicts = |set: &str| {
                let path = (*family, table.clone(), set.to_owned());
                verdict_maps.get(&path).copied().unwrap_or(false)
            };
            let mut body = rule_body(*family, table, chain);
            self::rule(&mut body, rule, &gives_verdicts);
            let words = rule.comment.as_deref().unwrap_or("without a comment");
            let subject = format!("rule \"{words}\" in {} {chain}", place(*family, table));
            message(message::NEW_RULE, CREATE | APPEND, body, subject)
        }
        NftChange::InsertRule { family, table, chain, rule } => {
            let mut body = rule_body(*family, table, chain);
            self::rule(&mut body, rule, &|_| false);
            let words = rule.comment.as_deref().unwrap_or("without a comment");
            let subject = format!("rule \"{words}\" in {} {chain}", place(*family, table));
            message(message::NEW_RULE, CREATE, body, subject)
        }
        NftChange::DeleteRule { family, table, chain, handle } => {
            let mut body = rule_body(*family, table, chain);
            body.be64(nfta::RULE_HANDLE, *handle);
            let subject = format!("rule {handle} in {} {chain}", place(*family, table));
            message(message::DELETE_RULE, 0, body, subject)
        }
        NftChange::AddSet { family, table, set } => {
            let subject = format!("set {} {}", place(*family, table), set.name);
            let mut body = body(*family);
            let id = u32::try_from(number).unwrap_or(u32::MAX);
            set::declare(&mut body, table, set, id, &subject)?;
            message(message::NEW_SET, CREATE, body, subject)
        }
        NftChange::DeleteSet { family, table, set } => {
            let mut body = body(*family);
            body.text(nfta::SET_TABLE, table);
            body.text(nfta::SET_NAME, &set.name);
            let subject = format!("set {} {}", place(*family, table), set.name);
            message(message::DELETE_SET, 0, body, subject)
        }
        NftChange::AddElements { family, table, set, elements } => {
            let subject = format!("elements of set {} {}", place(*family, table), set.name);
            for body in set::elements(body(*family), table, set, elements, true) {
                to.push(message(message::NEW_ELEMENTS, CREATE, body, subject.clone()));
            }
            return Ok(());
        }
        NftChange::DeleteElements { family, table, set, elements } => {
            let subject = format!("elements of set {} {}", place(*family, table), set.name);
            for body in set::elements(body(*family), table, set, elements, false) {
                to.push(message(message::DELETE_ELEMENTS, 0, body, subject.clone()));
            }
            return Ok(());
        }
    };
    to.push(one);
    Ok(())
}

fn message(kind: u16, flags: u16, body: Writer, subject: String) -> Message {
    Message::new(kind, flags, body.finish(), subject)
}

/// The words for a table: `inet glassnet`.
fn place(family: NftFamily, table: &str) -> String {
    format!("{} {table}", family.as_str())
}

/// `struct nfgenmsg`: the family, version 0 and a resource id.
pub(super) fn header(family: u8, resource: u16) -> [u8; 4] {
    let [high, low] = resource.to_be_bytes();
    [family, 0, high, low]
}

pub(super) fn body(family: NftFamily) -> Writer {
    Writer::after(&header(family.number() as u8, 0))
}

fn chain_body(family: NftFamily, table: &str, name: &str) -> Writer {
    let mut body = body(family);
    body.text(nfta::CHAIN_TABLE, table);
    body.text(nfta::CHAIN_NAME, name);
    body
}

fn base_chain(body: &mut Writer, family: NftFamily, base: &BaseChain, subject: &str) -> Result<()> {
    let hook = hook_number(family, base.hook).ok_or_else(|| Error::Unfit {
        subject: subject.to_owned(),
        why: format!("the {} family has no hook {:?}", family.as_str(), base.hook),
    })?;
    body.nest(nfta::CHAIN_HOOK, |body| {
        body.be32(nfta::HOOK_NUMBER, hook);
        body.be32(nfta::HOOK_PRIORITY, base.priority.cast_unsigned());
        match &base.devices[..] {
            [] => {}
            [one] => body.text(nfta::HOOK_DEVICE, one.as_str()),
            many => body.nest(nfta::HOOK_DEVICES, |body| {
                many.iter().for_each(|device| body.text(nfta::LIST_ELEM, device.as_str()));
            }),
        }
    });
    body.be32(nfta::CHAIN_POLICY, base.policy.number());
    body.text(nfta::CHAIN_TYPE, chain_kind_text(base.kind));
    Ok(())
}

fn rule_body(family: NftFamily, table: &str, chain: &str) -> Writer {
    let mut body = body(family);
    body.text(nfta::RULE_TABLE, table);
    body.text(nfta::RULE_CHAIN, chain);
    body
}

fn rule(body: &mut Writer, rule: &Rule<Never>, gives_verdicts: &dyn Fn(&str) -> bool) {
    body.nest(nfta::RULE_EXPRESSIONS, |body| {
        for expression in &rule.expressions {
            body.nest(nfta::LIST_ELEM, |body| {
                expression::encode(body, expression, gives_verdicts);
            });
        }
    });
    if let Some(comment) = &rule.comment {
        body.bytes(nfta::RULE_USERDATA, &userdata::comment(comment));
    }
}
