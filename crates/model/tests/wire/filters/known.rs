//! Every primitive with every qualifier, and what is refused.

/// Each primitive that is understood, with each qualifier that goes with it.
pub(crate) fn primitives() -> Vec<String> {
    let mut all = Vec::new();
    let mut each = |parts: &[&[&str]]| all.extend(combined(parts));
    let directions: &[&str] = &["", "src ", "dst ", "src or dst ", "dst && src "];
    let families: &[&str] = &["", "ip ", "arp ", "rarp "];
    each(&[families, directions, &["host 10.1.0.2", "net 10.1.0.0/16"]]);
    each(&[directions, &["host 224.0.0.1"]]);
    each(&[&["src ", "dst ", "src and dst "], &["10.0.1.3"]]);
    each(&[
        &["", "src ", "ip dst "],
        &["net "],
        &[
            "10",
            "10.1",
            "10.1.2",
            "10.1.2.3",
            "10.1.0.0/23",
            "10.0.0.0/8",
            "0.0.0.0/0",
            "10.1.2.0 mask 255.255.255.248",
            "10.0.0.0 mask 255.0.0.0",
            "10.0.1.1/32",
            "10.0.0.0/010",
            "10.0.1 mask 255.255.255.0",
            "10.0.0.2 mask 255.0.0.7",
        ],
    ]);
    each(&[
        &["", "ip6 "],
        directions,
        &["host fd00::3", "host fe80::1", "net fd00::/64", "net fd00:0:0:2::/63", "net ::/0"],
    ]);
    each(&[&["", "src "], &["net ff02::/16", "net fd00::/126", "net fd00::3/128", "net fd00::5"]]);
    each(&[
        &["", "tcp ", "udp ", "sctp "],
        directions,
        &["port 53", "portrange 50000-54000", "portrange 443-80"],
    ]);
    each(&[&["", "tcp dst "], &["port http"]]);
    each(&[
        &["port "],
        &["domain", "67", "0x50", "4789", "5353", "8080", "65535", "0", "https", "bootps", "mdns"],
    ]);
    each(&[&["portrange "], &["80", "0-65535", "domain-http", "8080-8080", "ftp-http"]]);
    all.extend(protocols());
    all.extend(frames());
    all.extend(comparisons());
    all
}

fn combined(parts: &[&[&str]]) -> Vec<String> {
    let Some((first, rest)) = parts.split_first() else { return vec![String::new()] };
    let rest = combined(rest);
    first.iter().flat_map(|one| rest.iter().map(move |other| format!("{one}{other}"))).collect()
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn protocols() -> Vec<String> {
    let mut all = strings(&[
        "ip",
        "ip6",
        "arp",
        "rarp",
        "tcp",
        "udp",
        "icmp",
        "icmp6",
        "igmp",
        "sctp",
        "ah",
        "esp",
        "pim",
        "ip multicast",
        "ip6 multicast",
    ]);
    let numbers = [
        "6", "17", "58", "1", "0", "44", "60", "253", "\\tcp", "\\udp", "\\icmp", "\\sctp", "0x11",
        "021",
    ];
    all.extend(combined(&[&["", "ip ", "ip6 "], &["proto "], &numbers]));
    all
}

fn frames() -> Vec<String> {
    let mut all = combined(&[
        &["ether ", "link "],
        &["", "src ", "dst ", "src and dst "],
        &["host 02:00:00:00:00:01", "host ff:ff:ff:ff:ff:ff", "host 33-33-00-00-00-01"],
    ]);
    all.extend(combined(&[
        &["ether proto "],
        &["0x800", "\\ip", "\\ip6", "\\arp", "\\rarp", "0x88b5", "33024", "0x86dd", "0x88a8"],
    ]));
    all.extend(strings(&[
        "broadcast",
        "multicast",
        "ether broadcast",
        "ether multicast",
        "link multicast",
        "ether src 02:00:00:00:00:02",
        "ether dst 02:0:0:0:0:2",
        "vlan",
        "vlan 7",
        "vlan 4094",
        "not vlan",
        "vlan and ip",
        "vlan and tcp port 80",
        "vlan 7 and host 10.1.0.2",
        "vlan 100 and vlan 7",
        "vlan and vlan and ip6",
        "vlan and vlan and udp port 53",
        "ip or vlan",
        "vlan or ip",
        "vlan 8 or arp",
        "ip and vlan",
        "(vlan 7) and tcp",
        "not vlan 7 and tcp",
        "vlan and ether src 02:00:00:00:00:01",
        "vlan and ip[8] > 64",
        "vlan and tcp[13] & 2 != 0",
        "vlan and ether[12:2] = 0x8100",
        "vlan and len > 100",
        "vlan 1 and vlan 8 and tcp[0:2] > 50000",
        "vlan and icmp6",
        "vlan and net fd00::/16",
        "vlan and ether proto 0x88b5",
        "vlan and multicast",
        "vlan and arp host 10.0.0.1",
        "vlan and portrange 1-1000",
        "vlan and vlan and vlan",
    ]));
    all
}

fn comparisons() -> Vec<String> {
    strings(&[
        "less 60",
        "greater 1000",
        "less 0x50",
        "len = 60",
        "len > 100",
        "len <= 64",
        "60 = len",
        "len & 1 = 0",
        "len % 7 = 3",
        "len >> 2 > 40",
        "(len - 14) * 8 / 2 > 1000",
        "len ^ 0xff < 40",
        "-len > 4294967200",
        "len + len = len * 2",
        "1 = 1",
        "1 > 2",
        "2 >= 2",
        "1 != 2",
        "5 - 6 > 0",
        "1 << 4 = 16",
        "7 | 8 & 12 = 15",
        "1 | 6 & 3 = 3",
        "1 + 2 * 3 = 7",
        "2 * 3 + 1 = 7",
        "12 / 4 * 2 = 6",
        "7 % 4 + 1 = 4",
        "1 ^ 3 & 2 = 3",
        "6 ^ 3 | 1 = 5",
        "3 & 1 << 1 = 2",
        "8 - 4 - 2 = 2",
        "64 >> 2 >> 1 = 8",
        "1 << 31 > 1",
        "8 >> 31 = 0",
        "0 - 1 = 0xffffffff",
        "-1 = 0xffffffff",
        "0xffffffff + 1 = 0",
        "0x10 = 16",
        "010 = 8",
        "ether[0] & 1 = 1",
        "ether[12:2] = 0x800",
        "ether[6:4] = 0x02000000",
        "link[14] & 0xf0 = 0x40",
        "ether[len - 1] = 0",
        "ether[5000] = 0",
        "not ether[5000] = 0",
        "ether[0:2] * 2 > 0x400",
        "ip[0] & 0xf > 5",
        "ip[8] < 64",
        "ip[2:2] > 100",
        "ip[6:2] & 0x1fff != 0",
        "ip[6] & 0x40 != 0",
        "ip[9] = 6 and ip[12:4] = 0x0a010002",
        "ip[16] >= 224",
        "ip[1] & 0xfc >> 2 = 46",
        "ip[ip[0] & 0xf] > 3",
        "ip[-1] = 0",
        "ip[2:2] = len - 14",
        "ip6[6] = 58",
        "ip6[7] < 64",
        "ip6[4:2] > 100",
        "ip6[40] = 128",
        "ip6[0:4] & 0xfffff != 0",
        "arp[6:2] = 1",
        "arp[7] = 2",
        "arp[14:4] = 0x0a010002",
        "rarp[7] = 3",
        "tcp[tcpflags] & tcp-syn != 0",
        "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
        "tcp[tcpflags] & (tcp-rst|tcp-fin) != 0",
        "tcp[tcpflags] & (tcp-push|tcp-urg) != 0",
        "tcp[tcpflags] & (tcp-ece|tcp-cwr) != 0",
        "tcp[13] = 2",
        "tcp[13] == 0x12",
        "tcp[0:2] = 443",
        "tcp[4:4] > 0x80000000",
        "tcp[12] >> 4 > 5",
        "tcp[(tcp[12] >> 4) * 4] = 0x16",
        "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
        "tcp[14:2] < 1000",
        "tcp[0] + tcp[1] > 300",
        "udp[4:2] > 100",
        "udp[6:2] = 0",
        "udp[8] & 0x80 != 0",
        "udp[2:2] = 53 or udp[0:2] = 53",
        "icmp[icmptype] = icmp-echo",
        "icmp[icmptype] != icmp-echoreply",
        "icmp[0] = icmp-unreach",
        "icmp[icmpcode] = 4",
        "icmp[icmptype] = icmp-timxceed",
        "icmp[icmptype] = icmp-redirect",
        "icmp[icmptype] = icmp-paramprob or icmp[icmptype] = icmp-tstamp",
        "icmp[4:2] > 0x7fff",
        "icmp6[icmp6type] = icmp6-echo",
        "icmp6[0] = icmp6-neighborsolicit",
        "icmp6[icmp6code] = 0",
        "icmp6[icmp6type] = icmp6-routeradvert",
        "icmp6[icmp6type] = icmp6-packettoobig",
        "igmp[0] & 1 = 1",
        "sctp[0:2] > 80",
        "pim[0] = 0x20",
        "7 % 4 + 1 = 2",
        "2 * 7 % 4 = 6",
        "1 + 9 % 4 * 2 = 2",
        "6 ^ 3 & 1 = 7",
        "-7 % 4 = 0xfffffffd",
        "20 % 12 % 5 = 0",
        "tcp[13] & 2 != 0 and ip[8] > 10",
        "ip[8] = ip[9]",
        "udp[0:2] > udp[2:2]",
        "ip[8] + ip[9] * 2 - 3 > 100",
        "ip[1] ^ ip[8] > 7",
        "ip[0] * 2 = 0x8a",
        "(ip[8] & 1) = (ip[5] & 1)",
        "ip[2:2] % 2 = 1",
        "ip[0] / 16 = 4",
        "ip6[7] % ip6[6] = 3",
        "ip[8] / ip[5] = 2",
    ])
}

/// `and` and `or` bind equally, from the left; a value alone is about the same as the one before it.
pub(crate) fn combinations() -> Vec<String> {
    strings(&[
        "tcp and port 80",
        "tcp or udp and port 53",
        "udp and port 53 or tcp",
        "arp and tcp or udp",
        "arp and (tcp or udp)",
        "not tcp",
        "! udp",
        "not (tcp or udp)",
        "not tcp and not udp",
        "not not tcp",
        "! ! udp",
        "tcp && port 80",
        "tcp || udp",
        "(tcp)",
        "((tcp or udp)) and ip6",
        "port 80 or 443",
        "port 80 or 443 or 53",
        "tcp port 80 or 8080",
        "port (80 or 443)",
        "tcp port (80 or 443 or 8080)",
        "src port (53 or 67)",
        "host (10.1.0.2 or 10.1.0.3)",
        "host 10.1.0.2 or 10.1.0.3",
        "host 10.1.0.2 and 10.1.0.3",
        "src host 10.1.0.2 or 10.1.0.3",
        "net 10.1.0.0/16 or 10.2.0.0/16",
        "net (10.1 or 10.2)",
        "not host 10.1.0.2 and 10.1.0.3",
        "not port 80 and 443",
        "not (port 80 or 443)",
        "port 80 and not 50000",
        "port not 80",
        "port (53)",
        "host 10.0.0.1 or port 80 or 443",
        "(port 80) or port 443",
        "port 80 or (tcp) or 443",
        "port (not 80 or 443)",
        "port ! 53",
        "ether host not 2:0:0:0:0:1",
        "(port 80 or 443) and tcp",
        "ether host 02:00:00:00:00:01 or 02:00:00:00:00:02",
        "proto 6 or 17",
        "proto (6 or 17)",
        "ip proto (\\tcp or \\udp)",
        "ip proto \\tcp or \\udp",
        "portrange 1-100 or 443-450",
        "port 80 and (443 or 53)",
        "host fd00::1 or fd00::2",
        "src net fd00::/64 or 10.1.0.0/16",
        "tcp[13] = 2 or tcp[13] = 18",
        "ip and not tcp or arp",
        "ip and (not tcp or arp)",
        "dst 10.0.0.1 or 10.0.0.2 and tcp",
        "ip host 10.1.0.2 and tcp src port 80",
        "tcp and (port 80 or host 10.1.0.2) and not vlan",
        "udp port 53 or udp port 5353",
        "(host 10.0.0.1 and (port 80 or 443)) or (host 10.0.0.2 and port 53)",
        "src 10.1.0.2 and dst port 53",
        "ip6 and udp and not port 53",
        "port 53 and not host 10.0.0.1",
    ])
}

/// What neither understands: it makes no sense, or it is about links of other kinds.
pub(crate) const REFUSED: [&str; 35] = [
    "()",
    "tcp and",
    "host",
    "port",
    "net 10/8",
    "1 << 33 = 0",
    "8 >> 40 = 0",
    "1 / 0 = 1",
    "ah[0] = 6",
    "esp[0:4] = 7",
    "(port 80) or 443",
    "tcp or 443",
    "port 80 or tcp or 443",
    "vlan or 7",
    "tcp[13] = 2 or 18",
    "port 70000",
    "portrange 1-70000",
    "vlan 4096",
    "tcp[0:3] = 1",
    "tcp udp",
    "tcp)",
    "(tcp",
    "net 10.1.2.3/8",
    "net fd00::1/64",
    "net 10.0.0.0/33",
    "net fd00::/129",
    "tcp host 10.0.0.1",
    "icmp port 7",
    "udp port http",
    "sctp portrange ftp-http",
    "ip6 host 10.0.0.1",
    "host 10.0.0.1.2",
    "dst proto 6",
    "08 = 8",
    "ether host 10.0.0.1",
];

/// What is understood here and not there, and what it means.
pub(crate) const OURS_ALONE: [(&str, &str); 4] = [
    ("10.0.1.3", "host 10.0.1.3"),
    ("ip 10.0.1.3", "ip host 10.0.1.3"),
    ("ip proto udp", "ip proto \\udp"),
    ("tcp or 10.0.1.3", "tcp or host 10.0.1.3"),
];
