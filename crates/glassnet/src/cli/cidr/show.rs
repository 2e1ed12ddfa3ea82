//! `glassnet cidr PREFIX…`: everything about one prefix after another.

use super::working;
use crate::cli::output::Output;
use crate::cli::table::Fields;
use crate::cli::{DONE, Outcome};
use model::cidr::{self, Block, Class, Count, Subnet};
use model::explain::{Language, Text};
use model::net::IpNet;
use serde_json::{Value, json};

/// Kinds of addresses that are told of beside the address's own.
const OTHER_KINDS: usize = 4;

pub(super) fn show(prefixes: &[IpNet], out: &Output) -> Outcome {
    out.document(&prefixes.iter().map(document).collect::<Vec<_>>())?;
    for (number, prefix) in prefixes.iter().enumerate() {
        out.drawn(|language, colour| {
            let gap = if number > 0 { "\n" } else { "" };
            format!("{gap}{}", drawn(prefix, language, colour))
        })?;
    }
    DONE
}

fn document(prefix: &IpNet) -> Value {
    let subnet = Subnet::of(prefix);
    let mut document = json!(subnet);
    document["kind"] = kind_document(cidr::block(prefix));
    let others = cidr::blocks_in(prefix);
    document["holds"] = others.into_iter().map(kind_document).collect();
    document["working"] = json!({
        "address": cidr::bits(subnet.address),
        "mask": cidr::bits(subnet.mask),
        "and": cidr::bits(subnet.network.addr()),
        "boundary": subnet.length,
    });
    document
}

fn kind_document(block: &Block) -> Value {
    json!({
        "name": block.kind.name(),
        "block": block.prefix,
        "rfc": block.rfc,
        "global": block.global,
    })
}

/// The fields, the working, and what else there is to know.
pub(super) fn drawn(prefix: &IpNet, language: Language, colour: bool) -> String {
    let subnet = Subnet::of(prefix);
    let mut drawn = fields(prefix, &subnet, language).draw(language, colour);
    drawn.push('\n');
    drawn += &working::drawn(&subnet, language, colour);
    for note in notes(prefix, &subnet, language) {
        drawn += &format!("\n{note}\n");
    }
    drawn
}

fn fields(prefix: &IpNet, subnet: &Subnet, language: Language) -> Fields {
    let mut fields = Fields::default();
    fields.add(Text::Address, prefix);
    fields.add(Text::Network, subnet.network);
    fields.add(Text::Mask, subnet.mask);
    fields.add(Text::WildcardMask, subnet.wildcard);
    if let Some(broadcast) = subnet.broadcast {
        fields.add(Text::BroadcastAddress, broadcast);
    }
    let hosts = !subnet.is_multicast();
    if hosts {
        fields.add(Text::FirstHost, subnet.first);
        fields.add(Text::LastHost, subnet.last);
    }
    if let Some(gateway) = subnet.gateway {
        let gateway = &gateway.to_string();
        fields.add(Text::Gateway, Text::ByConvention { gateway }.say(language));
    }
    fields.add(Text::AddressCount, counted(subnet.addresses));
    if hosts {
        fields.add(Text::HostCount, counted(subnet.usable));
    }
    let block = cidr::block(prefix);
    fields.add(Text::Kind, kind(block, language));
    let global = if block.global { Text::Yes } else { Text::No };
    fields.add(Text::OnTheInternet, global.say(language));
    if let Some(class) = subnet.class {
        fields.add(Text::Class, said(class).say(language));
    }
    fields
}

/// `1,024 = 2^10`.
fn counted(count: Count) -> String {
    match count.as_power() {
        Some(power) if power > 1 => format!("{} = 2^{power}", count.grouped()),
        _ => count.grouped(),
    }
}

fn kind(block: &Block, language: Language) -> String {
    let kind = block.kind.say(language);
    let (kind, rfc) = (&kind, block.rfc);
    // That a block is all there is tells nothing.
    match block.prefix.prefix_len() {
        0 => Text::KindAlone { kind, rfc },
        _ => Text::KindOfBlock { kind, block: &block.prefix, rfc },
    }
    .say(language)
}

/// In a list.
fn short_kind(block: &Block, language: Language) -> String {
    let kind = &block.kind.say(language);
    match block.prefix.prefix_len() {
        0 => kind.clone(),
        _ => Text::BlockOfKind { block: &block.prefix, kind }.say(language),
    }
}

fn said(class: Class) -> Text<'static> {
    match (class, class.length()) {
        (Class::A, Some(length)) => Text::ClassOfLength { class: "A", length },
        (Class::B, Some(length)) => Text::ClassOfLength { class: "B", length },
        (_, Some(length)) => Text::ClassOfLength { class: "C", length },
        (Class::D, None) => Text::ClassD,
        (_, None) => Text::ClassE,
    }
}

fn notes(prefix: &IpNet, subnet: &Subnet, language: Language) -> Vec<String> {
    let mut notes = Vec::new();
    match prefix.max_prefix_len() - prefix.prefix_len() {
        _ if subnet.is_multicast() => notes.push(Text::GroupsNotHosts.say(language)),
        0 => notes.push(Text::OneAddress.say(language)),
        1 => notes.push(Text::TwoEnds.say(language)),
        _ if subnet.names_broadcast() => {
            let address = subnet.address;
            notes.push(Text::IsBroadcast { address }.say(language));
        }
        _ => {}
    }
    let others = cidr::blocks_in(prefix);
    if !others.is_empty() {
        let shown = others.iter().take(OTHER_KINDS);
        let shown = shown.map(|block| short_kind(block, language));
        let comma = if language == Language::Zh { "、" } else { ", " };
        let mut kinds = shown.collect::<Vec<_>>().join(comma);
        if let Some(count) = others.len().checked_sub(OTHER_KINDS).filter(|count| *count > 0) {
            kinds = Text::AndMore { list: &kinds, count }.say(language);
        }
        notes.push(Text::HoldsToo { network: &subnet.network, kinds: &kinds }.say(language));
    }
    notes
}
