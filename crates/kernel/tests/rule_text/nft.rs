//! nft(8) as the oracle.

use crate::testing::Place;
use model::host::nft::text;
use std::collections::BTreeMap;

/// Blocks of a listing by their table and first line. The model keeps tables, sets and chains by
/// name, nft lists them in the order in which they were made.
fn blocks(listing: &str) -> BTreeMap<(String, String), Vec<String>> {
    let mut blocks: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let (mut table, mut block) = (String::new(), String::new());
    for line in listing.lines() {
        if line.starts_with("table ") {
            table = line.to_owned();
            block.clear();
        } else if line.starts_with('\t') && line.ends_with('{') && !line.starts_with("\t\t") {
            block = line.to_owned();
            blocks.entry((table.clone(), block.clone())).or_default();
            continue;
        }
        if !line.is_empty() && line != "}" {
            blocks.entry((table.clone(), block.clone())).or_default().push(line.to_owned());
        }
    }
    blocks
}

/// Holds what we print against what nft lists; the lines that differ, each with nft's.
fn differences(ours: &str, theirs: &str) -> Vec<String> {
    let (ours, theirs) = (blocks(ours), blocks(theirs));
    let mut differences = Vec::new();
    for (place, theirs) in &theirs {
        let none = Vec::new();
        let ours = ours.get(place).unwrap_or(&none);
        for number in 0..theirs.len().max(ours.len()) {
            let line = |lines: &[String]| lines.get(number).map_or("", String::as_str).to_owned();
            let (our, their) = (line(ours), line(theirs));
            if our != their {
                differences.push(format!("{place:?}\n  nft  {their}\n  ours {our}"));
            }
        }
    }
    differences
}

/// Feeds a ruleset to nft and gives the lines that we print differently.
pub(crate) fn hold(input: &str) -> Vec<String> {
    let mut place = Place::new();
    place.feed("nft -f -", input);
    let theirs = place.run("nft -s list ruleset");
    let ours = text::ruleset(&kernel::nft::read(place.sockets.netfilter().unwrap()).unwrap());
    assert_eq!(blocks(&ours).len(), blocks(&theirs).len(), "{ours}");
    differences(&ours, &theirs)
}

/// The same, where none may differ; so many rules were compared.
fn compare(input: &str) -> usize {
    let differences = hold(input);
    let lines = differences.join("\n");
    assert!(differences.is_empty(), "{} lines differ:\n{lines}", differences.len());
    let is_rule = |line: &&str| {
        let word = line.trim().split(' ').next().unwrap_or_default();
        line.starts_with("\t\t") && !["type", "elements", "flags", "comment"].contains(&word)
    };
    input.lines().filter(is_rule).count()
}

#[test]
fn rules_of_inet_tables() {
    let rules = compare(include_str!("rulesets/inet.nft"));
    assert!(rules >= 300, "{rules} rules");
}

#[test]
fn rules_of_ip_tables() {
    let rules = compare(include_str!("rulesets/ip.nft"));
    assert!(rules >= 90, "{rules} rules");
}

#[test]
fn rules_of_ip6_tables_and_translation_of_both_families() {
    let rules = compare(include_str!("rulesets/ip6.nft"));
    assert!(rules >= 55, "{rules} rules");
}

#[test]
fn rules_of_bridges_arp_and_devices() {
    let rules = compare(include_str!("rulesets/link.nft"));
    assert!(rules >= 90, "{rules} rules");
}

#[test]
fn hooks_and_priorities_by_name() {
    compare(include_str!("rulesets/hooks.nft"));
}

#[test]
fn sets_and_maps_of_every_type() {
    compare(include_str!("rulesets/sets.nft"));
}

#[test]
fn corners() {
    let rules = compare(include_str!("rulesets/corners.nft"));
    assert!(rules >= 450, "{rules} rules");
}
