//! Reading rulesets. Five dumps show parts of one ruleset only if its generation is the same
//! before and after; else they are made again.

use super::decode::{self, ReadSet};
use super::encode;
use super::numbers::{DORMANT, attribute as nfta, message};
use crate::netlink::{Attributes, Message, Socket, Writer};
use crate::{Error, Result, ipset};
use model::host::Unknown;
use model::host::nft::{Chain, NftFamily, NftTable, Ruleset};
use std::collections::BTreeMap;

/// How often a ruleset that changes while being read is read.
const TRIES: u32 = 10;

/// The kernel's count of transactions in the socket's namespace.
pub fn generation(socket: &mut Socket) -> Result<u32> {
    let body = encode::header(0, 0).to_vec();
    let answer = socket.get(&Message::new(message::GET_GENERATION, 0, body, "nft generation"))?;
    let attributes = Attributes::after(&answer, 4);
    decode::number(attributes, nfta::GEN_ID).ok_or_else(|| Error::Malformed {
        what: "nft generation".to_owned(),
        why: "it has no number".to_owned(),
    })
}

/// All tables of the socket's namespace.
pub fn read(socket: &mut Socket) -> Result<Ruleset<Unknown>> {
    steadily(socket, None)
}

/// One table alone, which costs as much as that table is large; `None` if it is not there.
pub fn read_table(
    socket: &mut Socket,
    family: NftFamily,
    name: &str,
) -> Result<Option<NftTable<Unknown>>> {
    let mut ruleset = steadily(socket, Some((family, name)))?;
    Ok(ruleset.tables.remove(&(family, name.to_owned())))
}

type Only<'a> = Option<(NftFamily, &'a str)>;

fn steadily(socket: &mut Socket, only: Only<'_>) -> Result<Ruleset<Unknown>> {
    for _ in 0..TRIES {
        let before = generation(socket)?;
        let tables = match tables(socket, only) {
            Ok(tables) => tables,
            // A table or set that went away between two dumps.
            Err(error) if error.already_gone() && generation(socket)? != before => continue,
            Err(error) => return Err(error),
        };
        if generation(socket)? == before {
            return Ok(Ruleset {
                tables: tables.into_values().collect(),
                generation: Some(before),
            });
        }
    }
    Err(Error::Unsteady { what: "the nft ruleset".to_owned(), tries: TRIES })
}

type Tables = BTreeMap<(NftFamily, String), NftTable<Unknown>>;

fn tables(socket: &mut Socket, only: Only<'_>) -> Result<Tables> {
    let wanted = |family, name: &str| only.is_none_or(|only| only == (family, name));
    let mut tables = Tables::new();
    let mut dormant = Vec::new();
    for body in dump(socket, message::GET_TABLE, only, None)? {
        let Some((family, attributes)) = decode::open(&body) else { continue };
        let Some(name) = decode::text(attributes, nfta::TABLE_NAME) else { continue };
        if !wanted(family, &name) {
            continue;
        }
        if decode::number(attributes, nfta::TABLE_FLAGS).unwrap_or(0) & DORMANT != 0 {
            dormant.push((family, name.clone()));
        }
        let comment = decode::comment(attributes, nfta::TABLE_USERDATA);
        let key = (family, name.clone());
        let (sets, chains) = Default::default();
        tables.insert(key, NftTable { family, name, comment, sets, chains });
    }
    if tables.is_empty() {
        return Ok(tables);
    }
    for body in dump(socket, message::GET_CHAIN, only, None)? {
        let Some((family, attributes)) = decode::open(&body) else { continue };
        let Some(table) = table_of(&mut tables, family, attributes, nfta::CHAIN_TABLE) else {
            continue;
        };
        let Some(name) = decode::text(attributes, nfta::CHAIN_NAME) else { continue };
        // The chains of a dormant table stand at no hook.
        let base = decode::base_chain(family, attributes)
            .filter(|_| !dormant.contains(&(family, table.name.clone())));
        table.chains.insert(Chain { name, base, rules: Vec::new() });
    }
    let unmodelled = sets(socket, only, &mut tables)?;
    let none = BTreeMap::new();
    let rules = dump(socket, message::GET_RULE, only, only.map(|_| nfta::RULE_TABLE))?;
    let mut names = ipset::Names::of(socket);
    for body in rules {
        let Some((family, attributes)) = decode::open(&body) else { continue };
        let Some(table) = table_of(&mut tables, family, attributes, nfta::RULE_TABLE) else {
            continue;
        };
        let unmodelled = unmodelled.get(&(family, table.name.clone())).unwrap_or(&none);
        let Some(chain) = decode::text(attributes, nfta::RULE_CHAIN) else { continue };
        if let Some(chain) = table.chains.get_mut(&chain) {
            let mut set_name = |index| names.get(index);
            let mut around = decode::Around { family, unmodelled, set_name: &mut set_name };
            chain.rules.push(decode::rule(attributes, &mut around));
        }
    }
    Ok(tables)
}

/// Names of a table's sets that the model cannot hold, and why.
type Unmodelled = BTreeMap<(NftFamily, String), BTreeMap<String, String>>;

fn sets(socket: &mut Socket, only: Only<'_>, tables: &mut Tables) -> Result<Unmodelled> {
    let mut unmodelled = Unmodelled::new();
    for body in dump(socket, message::GET_SET, only, only.map(|_| nfta::SET_TABLE))? {
        let Some((family, attributes)) = decode::open(&body) else { continue };
        let Some(table) = table_of(tables, family, attributes, nfta::SET_TABLE) else { continue };
        let Some(mut set) = decode::set(attributes) else { continue };
        elements(socket, family, &table.name, &mut set)?;
        if let Some(why) = set.unmodelled {
            let key = (family, table.name.clone());
            unmodelled.entry(key).or_default().insert(set.set.name.clone(), why);
        }
        table.sets.insert(set.set);
    }
    Ok(unmodelled)
}

fn elements(socket: &mut Socket, family: NftFamily, table: &str, set: &mut ReadSet) -> Result<()> {
    let mut body = encode::body(family);
    body.text(nfta::ELEMENTS_TABLE, table);
    body.text(nfta::ELEMENTS_SET, &set.set.name);
    let subject = format!("elements of set {} {table} {}", family.as_str(), set.set.name);
    let request = Message::new(message::GET_ELEMENTS, 0, body.finish(), subject);
    for body in socket.dump(&request)? {
        decode::elements(Attributes::after(&body, 4), set);
    }
    Ok(())
}

fn table_of<'a>(
    tables: &'a mut Tables,
    family: NftFamily,
    attributes: Attributes<'_>,
    kind: u16,
) -> Option<&'a mut NftTable<Unknown>> {
    tables.get_mut(&(family, decode::text(attributes, kind)?))
}

/// Dumps objects, of one family or of all; `table` is the attribute that the kernel picks a
/// table's objects by, where it can.
fn dump(
    socket: &mut Socket,
    kind: u16,
    only: Only<'_>,
    table: Option<u16>,
) -> Result<Vec<Vec<u8>>> {
    let mut body = match only {
        Some((family, _)) => encode::body(family),
        None => Writer::after(&encode::header(0, 0)),
    };
    if let (Some(table), Some((_, name))) = (table, only) {
        body.text(table, name);
    }
    socket.dump(&Message::new(kind, 0, body.finish(), "the nft ruleset"))
}
