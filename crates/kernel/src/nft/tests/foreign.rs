//! Rulesets of other people.

use crate::nft::read;
use crate::testing::Place;
use model::host::Unknown;
use model::host::nft::xt::{Extension, Target};
use model::host::nft::{Expression, Hook, Key, NftFamily, Ruleset, SetValue};

fn read_all(place: &mut Place) -> Ruleset<Unknown> {
    read(place.sockets.netfilter().unwrap()).unwrap()
}

/// The reasons given for what was not understood.
fn reasons(ruleset: &Ruleset<Unknown>) -> Vec<String> {
    let mut reasons: Vec<_> = ruleset
        .tables
        .iter()
        .flat_map(|table| table.chains.iter())
        .flat_map(|chain| &chain.rules)
        .flat_map(|rule| &rule.expressions)
        .filter_map(|expression| match expression {
            Expression::Foreign(unknown) => Some(unknown.why.clone()),
            _ => None,
        })
        .collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

#[test]
fn a_ruleset_like_dockers_is_understood() {
    let mut place = Place::new();
    place.feed(
        "iptables-nft-restore",
        "\
*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:FORWARD DROP [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
",
    );
    let ruleset = read_all(&mut place);
    let filter = ruleset.tables.get(&(NftFamily::Ip, "filter".to_owned())).unwrap();
    let forward = filter.chains.get(&"FORWARD".to_owned()).unwrap();
    assert_eq!(forward.base.as_ref().unwrap().hook, Hook::Forward);
    assert_eq!(forward.rules.len(), 3);
    assert_eq!(reasons(&ruleset), [""; 0]);
    let translates = |expression: &Expression<Unknown>| {
        let Expression::Extension { is: Extension::Target(target), .. } = expression else {
            return false;
        };
        matches!(target, Target::Dnat(_) | Target::Masquerade { .. })
    };
    let nat = ruleset.tables.get(&(NftFamily::Ip, "nat".to_owned())).unwrap();
    let rules = nat.chains.iter().flat_map(|chain| &chain.rules);
    assert_eq!(rules.filter(|rule| rule.expressions.iter().any(translates)).count(), 2);
}

#[test]
fn a_ruleset_like_kube_proxys_is_understood() {
    let mut place = Place::new();
    place.feed(
        "nft -f -",
        "\
table ip kube-proxy {
  comment \"rules for kube-proxy\"
  set cluster-ips { type ipv4_addr; elements = { 10.96.0.1, 10.96.0.10 }
  }
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.96.0.1 . tcp . 443 : goto service-a, 10.96.0.10 . udp . 53 : goto service-b
  }
 
  }
  map firewall-ips { type ipv4_addr . inet_proto . inet_service : verdict;
  }
  chain filter-input { type filter hook input priority -110; policy accept;
    ct state new jump nodeports
  }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services
  }
  chain nodeports {
  }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
    ip daddr @nodeport-ips meta l4proto . th dport vmap { tcp . 80 : goto service-a
  }
 
  }
  set nodeport-ips { type ipv4_addr; flags interval; auto-merge; elements = { 192.0.2.0/28 }
  }
  chain service-a { ip saddr != 10.244.0.0/16 jump mark-masq
    numgen random mod 2 vmap { 0 : goto endpoint-1, 1 : goto endpoint-2 }
  }
  chain service-b {
  }
  chain endpoint-1 { ip saddr 10.244.0.5 jump mark-masq
    meta l4proto tcp dnat to 10.244.0.5:6443
  }
  chain endpoint-2 { meta l4proto tcp dnat to 10.244.0.6:6443
  }
  chain mark-masq { meta mark set mark or 0x4000
  }
  chain post { type nat hook postrouting priority srcnat; policy accept;
    mark and 0x4000 == 0 return
    meta mark set mark xor 0x4000
    masquerade fully-random
  }
}
",
    );
    let ruleset = read_all(&mut place);
    assert_eq!(reasons(&ruleset), [""; 0]);
    let table = ruleset.tables.get(&(NftFamily::Ip, "kube-proxy".to_owned())).unwrap();
    assert_eq!(table.comment.as_deref(), Some("rules for kube-proxy"));
    assert_eq!(table.sets.get(&"service-ips".to_owned()).unwrap().elements.0.len(), 2);
    assert!(table.sets.iter().any(|set| set.anonymous));
}

/// kube-proxy's iptables mode, flannel's masquerading and Calico's policies, in the shape in which they
/// write them.
#[test]
fn rulesets_like_those_of_clusters_are_understood() {
    let mut place = Place::new();
    place.run("ipset create cali40all-hosts-net hash:net");
    place.run("ipset create cali40s:ports hash:ip,port");
    place.feed(
        "iptables-nft-restore",
        "\
*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-A - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-SEP-B - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:FLANNEL-POSTRTG - [0:0]
-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment \"default/kubernetes:https cluster IP\" -m tcp --dport 443 -j KUBE-SVC-A
-A KUBE-SERVICES -m comment --comment \"must be last\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-A ! -s 10.244.0.0/16 -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j KUBE-MARK-MASQ
-A KUBE-SVC-A -m recent --name KUBE-SEP-A --rcheck --seconds 10800 --reap -j KUBE-SEP-A
-A KUBE-SVC-A -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A
-A KUBE-SVC-A -j KUBE-SEP-B
-A KUBE-SEP-A -s 10.244.0.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 10.244.0.5:6443
-A KUBE-SEP-B -p tcp -m recent --name KUBE-SEP-B --set -m tcp -j DNAT --to-destination 10.244.0.6:6443
-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-SVC-A
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A POSTROUTING -j KUBE-POSTROUTING
-A POSTROUTING -m comment --comment \"flanneld masq\" -j FLANNEL-POSTRTG
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.0.0/16 -j RETURN
-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully
COMMIT
*filter
:KUBE-FORWARD - [0:0]
:KUBE-FIREWALL - [0:0]
:cali-FORWARD - [0:0]
:cali-pi-policy - [0:0]
:cali-fw-a - [0:0]
-A FORWARD -j KUBE-FORWARD
-A FORWARD -j cali-FORWARD
-A INPUT -j KUBE-FIREWALL
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FIREWALL -p tcp -m conntrack --ctstate NEW -j REJECT --reject-with icmp-port-unreachable
-A cali-FORWARD -i cali+ -g cali-fw-a
-A cali-FORWARD -m set --match-set cali40all-hosts-net src -j ACCEPT
-A cali-fw-a -p udp -m multiport --dports 4789 -m addrtype --dst-type LOCAL -j DROP
-A cali-fw-a -p ipencap -j DROP
-A cali-fw-a -p icmp -m icmp --icmp-type 8 -j cali-pi-policy
-A cali-pi-policy -m set --match-set cali40s:ports dst,dst -j MARK --set-xmark 0x10000/0x10000
-A cali-pi-policy -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-pi-policy -m limit --limit 1/sec -j NFLOG --nflog-group 2
COMMIT
*raw
:cali-rpf - [0:0]
-A PREROUTING -i cali+ -m rpfilter --validmark --invert -j cali-rpf
-A cali-rpf -j DROP
-A PREROUTING -p udp -m udp --dport 4789 -j CT --notrack
COMMIT
",
    );
    let ruleset = read_all(&mut place);
    assert_eq!(reasons(&ruleset), [""; 0]);
    let nat = ruleset.tables.get(&(NftFamily::Ip, "nat".to_owned())).unwrap();
    let services = nat.chains.get(&"KUBE-SERVICES".to_owned()).unwrap();
    let comment = services.rules[0].comment.as_deref();
    assert_eq!(comment, Some("default/kubernetes:https cluster IP"));
}

#[test]
fn an_extension_that_is_not_modelled_is_foreign_by_its_name() {
    let mut place = Place::new();
    place.run("iptables-nft -A FORWARD -m u32 --u32 0=1 -j DROP");
    place.run("iptables-nft -A FORWARD -p tcp -m string --string x --algo bm -j NFQUEUE");
    place.run("iptables-nft -t mangle -A FORWARD -j DSCP --set-dscp 10");
    let reasons = reasons(&read_all(&mut place));
    assert_eq!(
        reasons,
        [
            "expression \"match\" (iptables' match string, revision 1)",
            "expression \"match\" (iptables' match u32, revision 0)",
            "expression \"target\" (iptables' target DSCP, revision 0)",
            "expression \"target\" (iptables' target NFQUEUE, revision 3)",
        ]
    );
}

#[test]
fn what_the_model_cannot_hold_is_foreign_with_a_reason() {
    let mut place = Place::new();
    place.feed(
        "nft -f -",
        "\
table inet odd {
  counter hits { }
  map ranges { type ipv4_addr . inet_service : mark; flags interval
    elements = { 10.0.0.0/24 . 80-90 : 0x1 } }
  set timed { type ipv4_addr; flags timeout, dynamic; timeout 1h; }
  map others { type ipv4_addr : verdict; elements = { 10.0.0.1 : accept, * : drop } }
  chain c { type filter hook forward priority 0; policy drop;
    meta mark set ip saddr . tcp dport map @ranges
    ip saddr vmap @others
    counter name \"hits\"
    tcp option maxseg size set rt mtu
    update @timed { ip saddr }
    ct label set 5
    meta mark set mark << 1
    ip ttl set 9
    accept
  }
}
table ip asleep { flags dormant; chain in { type filter hook input priority 0; policy drop; }; }
",
    );
    let ruleset = read_all(&mut place);
    let reasons = reasons(&ruleset);
    let expect = [
        "element for all other keys",
        "\"objref\"",
        "\"exthdr\"",
        "\"dynset\"",
        "\"ct\"",
        "operation 1",
    ];
    for word in expect {
        assert!(reasons.iter().any(|why| why.contains(word)), "{word} not in {reasons:#?}");
    }
    let odd = ruleset.tables.get(&(NftFamily::Inet, "odd".to_owned())).unwrap();
    let ranges = &odd.sets.get(&"ranges".to_owned()).unwrap().elements.0;
    let key = |last: u8, port: u16| Key::new().address([10, 0, 0, last].into()).port(port);
    let element = &ranges[&key(0, 80)];
    assert_eq!(element.to, Some(key(255, 90)));
    assert_eq!(element.value, Some(SetValue::Data(1_u32.to_ne_bytes().to_vec())));
    let asleep = ruleset.tables.get(&(NftFamily::Ip, "asleep".to_owned())).unwrap();
    assert_eq!(asleep.chains.get(&"in".to_owned()).unwrap().base, None);
}
