//! Each check against a host it finds nothing wrong with, and against one it does. The host is the
//! plan's own, so that what we make ourselves is never found.

use super::*;
use crate::cli::help::expect;
use crate::machine::Snapshot;
use crate::protocol::{AttachmentRow, NetworkStatus};
use model::cluster::{Network, Pool};
use model::explain::Language;
use model::host::nft::{
    BaseChain, Chain, ChainKind, Expression, Hook, NftFamily, NftTable, Policy, Rule, Verdict,
};
use model::host::route::Nexthop;
use model::host::{Actual, Link, LinkKind, Namespace, NamespaceId, Route, Sysctl, Unknown};
use model::net::{Family, LinkName};
use model::plan::{self, Node};

fn link(name: &str) -> LinkName {
    name.parse().unwrap()
}

fn network(name: &str, subnet: &str) -> Network {
    Network::new(name.parse().unwrap(), vec![Pool::with_first_gateway(subnet.parse().unwrap())])
}

/// A host as it should be: network `blue`, container `web-1` in it, a way out by `eth0`.
fn well() -> Seen {
    let networks = vec![network("blue", "10.88.0.0/16")];
    let mut attachments = crate::cli::ls::tests::rows();
    attachments.truncate(1);
    let node = Node { underlay_mtu: 1500, ..Node::default() };
    let attached = attachments.iter().map(|row| &row.attachment);
    let mut seen = Seen {
        actual: plan::host(&node, &networks, attached, &Default::default()).to_actual(),
        numbers: vec![numbers(1, 65_533)],
        networks,
        attachments,
        ..Seen::default()
    };
    let out =
        Link { up: true, mtu: Some(1500), group: 0, ..Link::ours(link("eth0"), LinkKind::Device) };
    host(&mut seen).links.insert(out);
    route(&mut seen, "0.0.0.0/0", "eth0");
    seen
}

fn numbers(leased: u64, leasable: u64) -> NetworkStatus {
    let name = "blue".parse().unwrap();
    NetworkStatus { name, subnets: Vec::new(), attachments: 1, leased, leasable }
}

fn host(seen: &mut Seen) -> &mut Namespace<Unknown> {
    let actual: &mut Actual = &mut seen.actual;
    actual.namespace(NamespaceId::Host)
}

fn route(seen: &mut Seen, to: &str, by: &str) {
    host(seen).routes.insert(Route::ours(to.parse().unwrap(), Nexthop::on(link(by))));
}

/// Docker's filter table with this policy and these rules in FORWARD.
fn filter(policy: Policy, rules: Vec<Rule<Unknown>>) -> NftTable<Unknown> {
    let base = BaseChain {
        kind: ChainKind::Filter,
        hook: Hook::Forward,
        priority: 0,
        policy,
        devices: Vec::new(),
    };
    let chains = [
        Chain { name: "FORWARD".into(), base: Some(base), rules },
        Chain { name: "DOCKER-USER".into(), base: None, rules: Vec::new() },
    ];
    NftTable {
        family: NftFamily::Ip,
        name: "filter".into(),
        comment: None,
        sets: Default::default(),
        chains: chains.into_iter().collect(),
    }
}

fn found(seen: &Seen) -> Vec<&'static str> {
    told(seen).iter().map(|(_, finding)| finding.name()).collect()
}

fn told(seen: &Seen) -> Vec<(&'static str, Finding)> {
    examine(seen, &mut machine(seen), &Daemon::Told)
}

/// The same, as the file of a snapshot tells of it.
pub(super) fn machine(seen: &Seen) -> Machine {
    let namespaces = seen
        .actual
        .namespaces
        .iter()
        .map(|(id, state)| json!({ "id": id, "inode": 0, "names": [], "state": state }));
    let namespaces: Vec<_> = namespaces.collect();
    let file = json!({
        "glassnet_snapshot": 1, "version": "", "host": "vm", "time": 0, "namespaces": namespaces,
    });
    let Ok(snapshot) = Snapshot::parse(file.to_string().as_bytes()) else { panic!("{file:#}") };
    Machine::of(snapshot)
}

/// What is found after something went wrong.
fn after(wrong: impl FnOnce(&mut Seen)) -> Vec<&'static str> {
    let mut seen = well();
    wrong(&mut seen);
    found(&seen)
}

#[test]
fn nothing_is_found_on_a_host_as_planned() {
    assert_eq!(found(&well()), [""; 0]);
}

#[test]
fn forwarding_turned_off() {
    let off = |path: &'static str| {
        after(move |seen| drop(host(seen).sysctls.insert(Sysctl::new(path, "0"))))
    };
    assert_eq!(off("net/ipv4/ip_forward"), ["forwarding-off"]);
    // No network has IPv6.
    assert_eq!(off("net/ipv6/conf/all/forwarding"), [""; 0]);
}

#[test]
fn somebody_else_drops_what_is_forwarded() {
    let with =
        |policy, rules| after(|seen| drop(host(seen).nft.tables.insert(filter(policy, rules))));
    let rule = |expressions| Rule { handle: None, comment: None, expressions };
    let accept = || rule(vec![Expression::Counter, Expression::Verdict(Verdict::Accept)]);
    let jump = rule(vec![Expression::Verdict(Verdict::Jump("DOCKER-USER".into()))]);
    assert_eq!(with(Policy::Drop, Vec::new()), ["foreign-forward-drop"]);
    assert_eq!(with(Policy::Drop, vec![jump]), ["foreign-forward-drop"]);
    assert_eq!(with(Policy::Drop, vec![accept()]), [""; 0]);
    assert_eq!(with(Policy::Accept, Vec::new()), [""; 0]);
}

#[test]
fn links_and_leases_that_lack_each_other() {
    let leak = |seen: &mut Seen| seen.attachments.clear();
    // The host's end of the veth.
    assert_eq!(after(leak), ["leaked-link"]);
    let gone = |seen: &mut Seen| {
        let name = seen.attachments[0].attachment.id.host_link();
        host(seen).links.remove(&name);
    };
    assert_eq!(after(gone), ["leaked-lease"]);
    let being_made = |seen: &mut Seen| {
        gone(seen);
        seen.attachments.iter_mut().for_each(|row: &mut AttachmentRow| row.state = "leased".into());
    };
    assert_eq!(after(being_made), [""; 0]);
}

#[test]
fn addresses_nearly_gone() {
    let with = |leased| after(|seen| seen.numbers = vec![numbers(leased, 253)]);
    assert_eq!(with(227), [""; 0]);
    assert_eq!(with(228), ["addresses-nearly-gone"]);
    assert_eq!(with(253), ["addresses-nearly-gone"]);
}

#[test]
fn mtus_that_do_not_agree() {
    let set = |name: LinkName, mtu| {
        after(move |seen| host(seen).links.get_mut(&name).unwrap().mtu = Some(mtu))
    };
    let port = well().attachments[0].attachment.id.host_link();
    assert_eq!(set(port, 1400), ["port-mtu"]);
    assert_eq!(set(link("eth0"), 1450), ["underlay-mtu"]);
    assert_eq!(set(link("eth0"), 9000), [""; 0]);
}

#[test]
fn addresses_that_somebody_else_claims() {
    let with = |to: &'static str| after(move |seen| route(seen, to, "eth0"));
    assert_eq!(with("10.0.0.0/8"), ["subnet-overlaps-route"]);
    assert_eq!(with("10.88.7.0/24"), ["subnet-overlaps-route"]);
    assert_eq!(with("10.89.0.0/16"), [""; 0]);
    let again = |seen: &mut Seen| seen.networks.push(network("green", "10.88.128.0/17"));
    assert_eq!(after(again), ["subnets-overlap"]);
}

#[test]
fn a_filter_table_that_is_not_seen() {
    assert_eq!(after(|seen| seen.legacy_filters.push(Family::V6)), ["legacy-filter"]);
}

#[test]
fn a_configuration_that_engines_take_before_ours() {
    let with = |files: &'static [(&str, Result<&str, &str>)]| {
        after(|seen| {
            let one = |(file, plugin): &(&str, Result<&str, &str>)| seen::Configuration {
                file: file.into(),
                plugins: plugin.map(|p| vec![p.to_owned()]).map_err(str::to_owned),
            };
            seen.configurations = files.iter().map(one).collect();
        })
    };
    assert_eq!(
        with(&[("10-glassnet.conflist", Ok("glassnet")), ("20-f.conf", Ok("flannel"))]),
        [""; 0]
    );
    assert_eq!(with(&[("05-f.conflist", Ok("flannel"))]), [""; 0], "nobody uses us");
    assert_eq!(
        with(&[("05-f.conflist", Ok("flannel")), ("10-glassnet.conflist", Ok("glassnet"))]),
        ["other-cni-configuration"]
    );
    assert_eq!(
        with(&[("05-f.conflist", Err("empty")), ("10-glassnet.conflist", Ok("glassnet"))]),
        ["broken-cni-configuration"]
    );
}

#[test]
fn without_a_daemon_the_rest_is_still_looked_at() {
    let mut seen = Seen { actual: well().actual, ..Seen::default() };
    host(&mut seen).nft.tables.insert(filter(Policy::Drop, Vec::new()));
    let silent = Daemon::Silent { why: "no daemon listens".to_owned() };
    let found = examine(&seen, &mut machine(&seen), &silent);
    let names: Vec<_> = found.iter().map(|(check, finding)| (*check, finding.name())).collect();
    assert_eq!(names, [("foreign-forward-drop", "foreign-forward-drop"), ("daemon", "not-seen")]);
}

#[test]
fn findings_in_both_languages() {
    let mut seen = well();
    host(&mut seen).nft.tables.insert(filter(Policy::Drop, Vec::new()));
    host(&mut seen).sysctls.insert(Sysctl::new("net/ipv4/ip_forward", "0"));
    host(&mut seen).links.get_mut(&link("eth0")).unwrap().mtu = Some(1400);
    route(&mut seen, "10.88.7.0/24", "eth0");
    assert!(seen.networks[0].pool(Family::V4).is_some());
    for language in Language::BOTH {
        let texts = told(&seen).into_iter().map(|(_, finding)| {
            let words = finding.say(language);
            let evidence = Text::Evidence { text: &words.evidence }.say(language);
            let advice = Text::Advice { text: &words.advice }.say(language);
            format!("{}\n{evidence}\n{advice}\n", words.what)
        });
        expect("doctor", language, &texts.collect::<String>());
    }
}
