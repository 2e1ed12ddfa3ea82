//! Rules in the words of iptables(8), and the one extension that each is there for.

use model::host::nft::xt::{
    Compare, ConnectionMark, ConnectionMatch, Extension, LinkPattern, Match, NatRange, Ports,
    Range, Target, Uncertainty,
};
use std::net::IpAddr;

pub(super) struct Case {
    pub(super) line: &'static str,
    pub(super) is: Extension,
    /// iptables-nft says it in nftables' own expressions.
    pub(super) native: bool,
}

/// Tables by name.
pub(super) type Tables = Vec<(&'static str, Vec<Case>)>;

fn asks(line: &'static str, asked: Match) -> Case {
    Case { line, is: Extension::Match(asked), native: false }
}

fn does(line: &'static str, target: Target) -> Case {
    Case { line, is: Extension::Target(target), native: false }
}

fn native(case: Case) -> Case {
    Case { native: true, ..case }
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

fn connection(part: impl FnOnce(&mut ConnectionMatch)) -> Match {
    let mut asked = ConnectionMatch::default();
    part(&mut asked);
    Match::Connection(Box::new(asked))
}

fn kinds(source: u16, destination: u16) -> Match {
    Match::AddressType {
        source,
        destination,
        not_source: false,
        not_destination: false,
        on_iif: false,
        on_oif: false,
    }
}

fn not<T>(first: T, last: T) -> Range<T> {
    Range { first, last, not: true }
}

fn range<T>(first: T, last: T) -> Range<T> {
    Range { first, last, not: false }
}

fn uncertain(extension: &str, why: Uncertainty) -> Match {
    Match::Uncertain { extension: extension.to_owned(), why }
}

fn aside(extension: &str) -> Target {
    Target::Aside { extension: extension.to_owned() }
}

fn to(address: &str, ports: Option<(u16, u16)>, flags: u32) -> NatRange {
    NatRange { addresses: Some((ip(address), ip(address))), ports, base_port: 0, flags }
}

fn pattern(text: &str, is_beginning: bool) -> LinkPattern {
    LinkPattern { text: text.to_owned(), is_beginning }
}

/// What IPv4 and IPv6 have in common.
fn both() -> Vec<Case> {
    let ports = |which, ranges: &[(u16, u16)], not| Match::Multiport {
        which,
        ranges: ranges.to_vec(),
        not,
    };
    let flags = |flags, not_flags, option| {
        let (source, destination) = (Range::ALL, Range::ALL);
        Match::Tcp { source, destination, flags, not_flags, option }
    };
    vec![
        asks("-A FORWARD -m addrtype --dst-type LOCAL", kinds(0, 1 << 2)),
        asks(
            "-A FORWARD -m addrtype ! --src-type LOCAL,UNICAST ! --dst-type MULTICAST --limit-iface-in",
            Match::AddressType {
                source: 1 << 2 | 1 << 1,
                destination: 1 << 5,
                not_source: true,
                not_destination: true,
                on_iif: true,
                on_oif: false,
            },
        ),
        asks("-A FORWARD -m comment --comment \"a b\"", Match::Comment("a b".to_owned())),
        asks(
            "-A FORWARD -m connmark --mark 5/0xff",
            Match::ConnectionMark { mark: 5, mask: 0xff, not: false },
        ),
        asks(
            "-A FORWARD -m connmark ! --mark 5",
            Match::ConnectionMark { mark: 5, mask: u32::MAX, not: true },
        ),
        asks(
            "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED",
            connection(|c| c.states = Some((6, false))),
        ),
        asks(
            "-A FORWARD -m conntrack ! --ctstate INVALID,NEW,DNAT,SNAT,UNTRACKED",
            connection(|c| c.states = Some((1 | 8 | 64 | 128 | 256, true))),
        ),
        asks(
            "-A FORWARD -m conntrack --ctstatus ASSURED,SEEN_REPLY",
            connection(|c| c.status = Some((2 | 4, false))),
        ),
        asks("-A FORWARD -m conntrack --ctdir ORIGINAL", connection(|c| c.direction = Some(true))),
        asks("-A FORWARD -m conntrack --ctdir REPLY", connection(|c| c.direction = Some(false))),
        asks(
            "-A FORWARD -m conntrack ! --ctproto 17",
            connection(|c| c.protocol = Some((17, true))),
        ),
        asks(
            "-A FORWARD -m conntrack --ctproto 6 --ctorigsrcport 5 ! --ctorigdstport 80:90 --ctreplsrcport 1:2 --ctrepldstport 7",
            connection(|c| {
                c.protocol = Some((6, false));
                c.ports = [
                    Some((5, 5, false)),
                    Some((80, 90, true)),
                    Some((1, 2, false)),
                    Some((7, 7, false)),
                ];
            }),
        ),
        asks(
            "-A FORWARD -m conntrack --ctexpire 10:20",
            connection(|c| c.expires = Some((10, 20, false))),
        ),
        asks("-A FORWARD -m length --length 100:200", Match::Length { range: range(100, 200) }),
        asks("-A FORWARD -m length ! --length 100", Match::Length { range: not(100, 100) }),
        asks(
            "-A FORWARD -m mac --mac-source 02:00:00:00:00:07",
            Match::Mac { mac: "02:00:00:00:00:07".parse().unwrap(), not: false },
        ),
        asks(
            "-A FORWARD -m mac ! --mac-source 02:00:00:00:00:07",
            Match::Mac { mac: "02:00:00:00:00:07".parse().unwrap(), not: true },
        ),
        native(asks(
            "-A FORWARD -m mark ! --mark 0x4000/0x4000",
            Match::Mark { mark: 0x4000, mask: 0x4000, not: true },
        )),
        asks(
            "-A FORWARD -p tcp -m multiport --sports 1,3:5",
            ports(Ports::Source, &[(1, 1), (3, 5)], false),
        ),
        asks(
            "-A FORWARD -p udp -m multiport ! --dports 80,90:99,443",
            ports(Ports::Destination, &[(80, 80), (90, 99), (443, 443)], true),
        ),
        asks("-A FORWARD -p tcp -m multiport --ports 8", ports(Ports::Either, &[(8, 8)], false)),
        asks(
            "-A FORWARD -m pkttype --pkt-type broadcast",
            Match::PacketType { kind: 1, not: false },
        ),
        asks("-A FORWARD -m pkttype ! --pkt-type host", Match::PacketType { kind: 0, not: true }),
        asks(
            "-A FORWARD -m physdev --physdev-in veth+ ! --physdev-out v0",
            Match::Physdev {
                iif: Some((pattern("veth", true), false)),
                oif: Some((pattern("v0", false), true)),
                is_in: None,
                is_out: None,
                is_bridged: None,
            },
        ),
        asks(
            "-A FORWARD -m physdev --physdev-is-bridged --physdev-is-in ! --physdev-is-out",
            Match::Physdev {
                iif: None,
                oif: None,
                is_in: Some(true),
                is_out: Some(false),
                is_bridged: Some(true),
            },
        ),
        asks("-A FORWARD -m state --state NEW", connection(|c| c.states = Some((8, false)))),
        native(asks(
            "-A FORWARD -p tcp -m tcp ! --sport 5:9 --dport 80",
            Match::Tcp {
                source: not(5, 9),
                destination: range(80, 80),
                flags: (0, 0),
                not_flags: false,
                option: None,
            },
        )),
        native(asks("-A FORWARD -p tcp -m tcp ! --syn", flags((0x17, 2), true, None))),
        asks("-A FORWARD -p tcp -m tcp --tcp-option 8", flags((0, 0), false, Some((8, false)))),
        asks("-A FORWARD -p tcp -m tcp ! --tcp-option 4", flags((0, 0), false, Some((4, true)))),
        native(asks(
            "-A FORWARD -p udp -m udp --sport 53 ! --dport 1000:2000",
            Match::Udp { source: range(53, 53), destination: not(1000, 2000) },
        )),
        native(asks("-A FORWARD -m limit --limit 5/min", uncertain("limit", Uncertainty::Rate))),
        asks(
            "-A FORWARD -m hashlimit --hashlimit-upto 5/sec --hashlimit-name x",
            uncertain("hashlimit", Uncertainty::Rate),
        ),
        asks(
            "-A FORWARD -m statistic --mode random --probability 0.5",
            uncertain("statistic", Uncertainty::Chance),
        ),
        asks(
            "-A FORWARD -m statistic --mode nth --every 3 --packet 1",
            uncertain("statistic", Uncertainty::History),
        ),
        asks("-A FORWARD -m recent --set --name y", uncertain("recent", Uncertainty::History)),
        asks(
            "-A FORWARD -m recent --update --seconds 60 --name y",
            uncertain("recent", Uncertainty::History),
        ),
        asks("-A FORWARD -m quota --quota 5", uncertain("quota", Uncertainty::History)),
        asks(
            "-A FORWARD -m connbytes --connbytes 10: --connbytes-dir both --connbytes-mode bytes",
            uncertain("connbytes", Uncertainty::History),
        ),
        asks(
            "-A FORWARD -p tcp -m connlimit --connlimit-above 3",
            uncertain("connlimit", Uncertainty::History),
        ),
        asks("-A FORWARD -m time --weekdays Mon", uncertain("time", Uncertainty::Time)),
        asks("-A OUTPUT -m owner --uid-owner 0", uncertain("owner", Uncertainty::Sender)),
        asks("-A OUTPUT -m cgroup --cgroup 1", uncertain("cgroup", Uncertainty::Sender)),
        does("-A FORWARD -j LOG --log-prefix hello", aside("LOG")),
        native(does("-A FORWARD -j NFLOG --nflog-group 3", aside("NFLOG"))),
    ]
}

fn mangle() -> Vec<Case> {
    let mark = |mode| Target::ConnectionMark(mode);
    vec![
        asks(
            "-A PREROUTING -m rpfilter --loose --validmark --accept-local --invert",
            Match::ReversePath { loose: true, valid_mark: true, accept_local: true, not: true },
        ),
        asks(
            "-A PREROUTING -m rpfilter",
            Match::ReversePath { loose: false, valid_mark: false, accept_local: false, not: false },
        ),
        does("-A PREROUTING -j MARK --set-xmark 0x1/0xf", Target::Mark { bits: 1, mask: 0xf }),
        does("-A PREROUTING -j MARK --or-mark 0x4000", Target::Mark { bits: 0x4000, mask: 0x4000 }),
        does(
            "-A PREROUTING -j CONNMARK --set-xmark 0x1/0xf",
            mark(ConnectionMark::Set { bits: 1, mask: 0xf }),
        ),
        does(
            "-A PREROUTING -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xf0",
            mark(ConnectionMark::Save { connection: 0xf0, packet: 0xff }),
        ),
        does(
            "-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf0",
            mark(ConnectionMark::Restore { connection: 0xf0, packet: 0xff }),
        ),
        does(
            "-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
            Target::TcpMss,
        ),
        does("-A POSTROUTING -j CLASSIFY --set-class 1:2", aside("CLASSIFY")),
        does("-A POSTROUTING -p udp -j CHECKSUM --checksum-fill", aside("CHECKSUM")),
    ]
}

fn raw() -> Vec<Case> {
    vec![
        does("-A PREROUTING -j CT --notrack", Target::Ct { notrack: true, zone: 0 }),
        does("-A PREROUTING -j CT --zone 5", Target::Ct { notrack: false, zone: 5 }),
        does("-A PREROUTING -j NOTRACK", Target::Ct { notrack: true, zone: 0 }),
        native(does("-A PREROUTING -j TRACE", aside("TRACE"))),
    ]
}

const ADDRESSES: u32 = 1;
const PORTS: u32 = 2;
const RANDOM: u32 = 4;
const PERSISTENT: u32 = 8;
const FULLY_RANDOM: u32 = 16;
const OFFSET: u32 = 32;

pub(super) fn ipv4() -> Tables {
    let mut filter = both();
    let set = |name: &str, sources: &[bool], not| Match::Set {
        name: name.to_owned(),
        sources: sources.to_vec(),
        not,
    };
    filter.extend([
        asks(
            "-A FORWARD -m conntrack ! --ctorigsrc 10.1.0.0/16 --ctorigdst 10.0.0.1 --ctreplsrc 10.2.0.0/24 --ctrepldst 10.3.0.1",
            connection(|c| {
                let all = ip("255.255.255.255");
                c.addresses = [
                    Some((ip("10.1.0.0"), ip("255.255.0.0"), true)),
                    Some((ip("10.0.0.1"), all, false)),
                    Some((ip("10.2.0.0"), ip("255.255.255.0"), false)),
                    Some((ip("10.3.0.1"), all, false)),
                ];
            }),
        ),
        asks(
            "-A FORWARD -p icmp -m icmp --icmp-type echo-request",
            Match::Icmp { kind: 8, codes: (0, 255), not: false },
        ),
        asks(
            "-A FORWARD -p icmp -m icmp ! --icmp-type 3/4",
            Match::Icmp { kind: 3, codes: (4, 4), not: true },
        ),
        asks(
            "-A FORWARD -p icmp -m icmp --icmp-type any",
            Match::Icmp { kind: 255, codes: (0, 255), not: false },
        ),
        asks(
            "-A FORWARD -m iprange --src-range 10.0.0.1-10.0.0.9 ! --dst-range 10.0.1.1-10.0.1.9",
            Match::IpRange {
                source: Some(range(ip("10.0.0.1"), ip("10.0.0.9"))),
                destination: Some(not(ip("10.0.1.1"), ip("10.0.1.9"))),
            },
        ),
        asks(
            "-A FORWARD -m set --match-set addresses src",
            set("addresses", &[true], false),
        ),
        asks(
            "-A FORWARD -m set ! --match-set pairs dst,src",
            set("pairs", &[false, true], true),
        ),
        asks(
            "-A FORWARD -m set --match-set addresses src --packets-gt 5",
            uncertain("set", Uncertainty::History),
        ),
        asks("-A FORWARD -m ttl --ttl-eq 64", Match::Ttl { mode: Compare::Equal, ttl: 64 }),
        asks("-A FORWARD -m ttl ! --ttl-eq 64", Match::Ttl { mode: Compare::NotEqual, ttl: 64 }),
        asks("-A FORWARD -m ttl --ttl-lt 5", Match::Ttl { mode: Compare::Less, ttl: 5 }),
        asks("-A FORWARD -m ttl --ttl-gt 5", Match::Ttl { mode: Compare::Greater, ttl: 5 }),
        does("-A FORWARD -j SET --add-set addresses src", Target::Set),
        does("-A FORWARD -j REJECT", Target::Reject { with: 3 }),
        does(
            "-A FORWARD -p tcp -j REJECT --reject-with tcp-reset",
            Target::Reject { with: 7 },
        ),
    ]);
    let mut mangle = mangle();
    mangle.extend([
        does("-A POSTROUTING -j TTL --ttl-set 9", Target::Ttl { mode: 0, ttl: 9 }),
        does("-A POSTROUTING -j TTL --ttl-inc 1", Target::Ttl { mode: 1, ttl: 1 }),
        does("-A POSTROUTING -j TTL --ttl-dec 2", Target::Ttl { mode: 2, ttl: 2 }),
    ]);
    let nat = vec![
        does(
            "-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.2:80",
            Target::Dnat(to("10.0.0.2", Some((80, 80)), ADDRESSES | PORTS)),
        ),
        does(
            "-A PREROUTING -j DNAT --to-destination 10.0.0.2 --persistent",
            Target::Dnat(to("10.0.0.2", None, ADDRESSES | PERSISTENT)),
        ),
        does(
            "-A PREROUTING -p udp -j DNAT --to-destination 10.0.0.2-10.0.0.9:5000-5010/1000",
            Target::Dnat(NatRange {
                addresses: Some((ip("10.0.0.2"), ip("10.0.0.9"))),
                ports: Some((5000, 5010)),
                base_port: 1000,
                flags: ADDRESSES | PORTS | OFFSET,
            }),
        ),
        does(
            "-A PREROUTING -p tcp -j REDIRECT --to-ports 99-101 --random",
            Target::Redirect { ports: Some((99, 101)), flags: PORTS | RANDOM },
        ),
        does("-A PREROUTING -j REDIRECT", Target::Redirect { ports: None, flags: 0 }),
        does(
            "-A PREROUTING -d 10.1.0.0/24 -j NETMAP --to 10.2.0.0/24",
            Target::Netmap { address: ip("10.2.0.0"), mask: ip("255.255.255.0") },
        ),
        does(
            "-A POSTROUTING -p tcp -j SNAT --to-source 192.0.2.1:1024-65535 --random-fully",
            Target::Snat(to("192.0.2.1", Some((1024, 65535)), ADDRESSES | PORTS | FULLY_RANDOM)),
        ),
        does("-A POSTROUTING -j MASQUERADE", Target::Masquerade { ports: None, flags: 0 }),
        does(
            "-A POSTROUTING -j MASQUERADE --random-fully",
            Target::Masquerade { ports: None, flags: FULLY_RANDOM },
        ),
        does(
            "-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024-2048",
            Target::Masquerade { ports: Some((1024, 2048)), flags: PORTS },
        ),
    ];
    vec![("filter", filter), ("mangle", mangle), ("raw", raw()), ("nat", nat)]
}

pub(super) fn ipv6() -> Tables {
    let mut filter = both();
    let all = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    filter.extend([
        asks(
            "-A FORWARD -m conntrack --ctorigsrc 2001:db8::/32 ! --ctorigdst 2001:db8::1",
            connection(|c| {
                c.addresses[0] = Some((ip("2001:db8::"), ip("ffff:ffff::"), false));
                c.addresses[1] = Some((ip("2001:db8::1"), ip(all), true));
            }),
        ),
        asks(
            "-A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type echo-request",
            Match::Icmp6 { kind: 128, codes: (0, 255), not: false },
        ),
        asks(
            "-A FORWARD -p ipv6-icmp -m icmp6 ! --icmpv6-type 1/4",
            Match::Icmp6 { kind: 1, codes: (4, 4), not: true },
        ),
        asks(
            "-A FORWARD -m iprange --src-range 2001:db8::1-2001:db8::9",
            Match::IpRange {
                source: Some(range(ip("2001:db8::1"), ip("2001:db8::9"))),
                destination: None,
            },
        ),
        asks(
            "-A FORWARD -m set --match-set six dst",
            Match::Set { name: "six".to_owned(), sources: vec![false], not: false },
        ),
        asks("-A FORWARD -m hl --hl-eq 64", Match::Ttl { mode: Compare::Equal, ttl: 64 }),
        asks("-A FORWARD -m hl --hl-lt 5", Match::Ttl { mode: Compare::Less, ttl: 5 }),
        does("-A FORWARD -j REJECT", Target::Reject { with: 4 }),
        does("-A FORWARD -p tcp -j REJECT --reject-with tcp-reset", Target::Reject { with: 6 }),
    ]);
    let mut mangle = mangle();
    mangle.push(does("-A POSTROUTING -j HL --hl-dec 2", Target::Ttl { mode: 2, ttl: 2 }));
    let nat = vec![
        does(
            "-A PREROUTING -p tcp -j DNAT --to-destination [2001:db8::2]:80",
            Target::Dnat(to("2001:db8::2", Some((80, 80)), ADDRESSES | PORTS)),
        ),
        does(
            "-A PREROUTING -p tcp -j REDIRECT --to-ports 99",
            Target::Redirect { ports: Some((99, 99)), flags: PORTS },
        ),
        does(
            "-A PREROUTING -d 2001:db8:1::/64 -j NETMAP --to 2001:db8:2::/64",
            Target::Netmap { address: ip("2001:db8:2::"), mask: ip("ffff:ffff:ffff:ffff::") },
        ),
        does(
            "-A POSTROUTING -j SNAT --to-source 2001:db8::1",
            Target::Snat(to("2001:db8::1", None, ADDRESSES)),
        ),
        does(
            "-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024-2048",
            Target::Masquerade { ports: Some((1024, 2048)), flags: PORTS },
        ),
    ];
    vec![("filter", filter), ("mangle", mangle), ("raw", raw()), ("nat", nat)]
}
