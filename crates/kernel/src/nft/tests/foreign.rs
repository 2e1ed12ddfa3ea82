//! Rulesets of other people.

use crate::nft::read;
use crate::testing::Place;
use model::host::Unknown;
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
fn a_ruleset_like_dockers_is_understood_but_for_xtables_matches() {
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
    for why in reasons(&ruleset) {
        assert!(why.contains("iptables' match") || why.contains("iptables' target"), "{why}");
    }
    assert!(reasons(&ruleset).iter().any(|why| why.contains("addrtype")));
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
