//! iptables(8) and ip6tables(8) as the oracle, both those that speak nftables and the older.

use crate::testing::Place;
use model::host::nft::text;
use model::host::nft::{NftFamily, NftTable};
use model::host::{Table, Unknown};

/// Rules of one table as we print them and as the program does.
fn differences(ours: &str, theirs: &str) -> Vec<String> {
    let chains = |listing: &str| {
        let lines = listing.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
        lines.partition::<Vec<_>, _>(|line| line.starts_with("-A "))
    };
    let ((ours, mut our_chains), (theirs, mut their_chains)) = (chains(ours), chains(theirs));
    our_chains.sort();
    their_chains.sort();
    let mut differences = Vec::new();
    // Chains without a rule are there in iptables-nft only once something is in their table.
    their_chains.retain(|line| our_chains.contains(line) || !line.starts_with("-P"));
    if our_chains != their_chains {
        differences.push(format!("chains {our_chains:?}, not {their_chains:?}"));
    }
    for number in 0..ours.len().max(theirs.len()) {
        let line = |lines: &[String]| lines.get(number).map_or("", String::as_str).to_owned();
        let (our, their) = (line(&ours), line(&theirs));
        if !agrees(&our, &their) {
            differences.push(format!("  theirs {their}\n  ours   {our}"));
        }
    }
    differences
}

/// Options that the model does not hold are `…`: what stands around them has to be there.
fn agrees(our: &str, their: &str) -> bool {
    let parts: Vec<&str> = our.split(" …").collect();
    let [first, inner @ .., last] = &parts[..] else { return our == their };
    let Some(mut rest) = their.strip_prefix(first) else { return false };
    for part in inner {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Feeds rules of all four tables to the program, and holds ours against its own.
pub(crate) fn hold(program: &str, variant: &str, rules: &str) {
    let mut place = Place::new();
    place.run("ipset create s1 hash:ip,port");
    place.run("ipset create s6 hash:ip family inet6");
    place.feed(&format!("{program}-{variant}-restore"), rules);
    let tables: Table<NftTable<Unknown>> = match variant {
        "nft" => kernel::nft::read(place.sockets.netfilter().unwrap()).unwrap().tables,
        _ => kernel::observe::legacy(&mut place.sockets).unwrap(),
    };
    let family = if program == "iptables" { NftFamily::Ip } else { NftFamily::Ip6 };
    let (mut compared, mut wrong) = (0, Vec::new());
    for name in ["raw", "mangle", "nat", "filter"] {
        let table = tables.get(&(family, name.to_owned())).expect("the table was made");
        let ours = text::table(table);
        let theirs = place.run(&format!("{program}-{variant} -t {name} -S"));
        compared += theirs.lines().filter(|line| line.starts_with("-A ")).count();
        wrong.extend(differences(&ours, &theirs));
    }
    let asked = rules.lines().filter(|line| line.starts_with("-A ")).count();
    assert_eq!(compared, asked);
    let lines = wrong.join("\n");
    assert!(wrong.is_empty(), "{} of {compared} rules differ:\n{lines}", wrong.len());
}

#[test]
fn options_that_are_left_out_stand_for_any() {
    assert!(agrees("-A a -m recent … -j LOG …", "-A a -m recent --set -j LOG --log-level 7"));
    assert!(agrees("-A a -j LOG …", "-A a -j LOG"));
    assert!(!agrees("-A a -m recent … -j LOG …", "-A a -m recent --set -j TRACE"));
    assert!(!agrees("-A a -j DROP", "-A a -j DROP -x"));
}

#[test]
fn rules_of_iptables_nft() {
    hold("iptables", "nft", include_str!("rulesets/iptables.rules"));
}

#[test]
fn rules_of_iptables_legacy() {
    hold("iptables", "legacy", include_str!("rulesets/iptables.rules"));
}

#[test]
fn rules_of_ip6tables_nft() {
    hold("ip6tables", "nft", include_str!("rulesets/ip6tables.rules"));
}

#[test]
fn rules_of_ip6tables_legacy() {
    hold("ip6tables", "legacy", include_str!("rulesets/ip6tables.rules"));
}
