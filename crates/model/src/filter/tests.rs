//! What filters mean, by packets given byte for byte. That tcpdump finds the same is tested with
//! tcpdump itself.

use super::bpf::run;
use super::*;
use crate::packet::{Layer, emit, ethernet, ipv4, ipv6, seal, tcp, udp};
use proptest::prelude::*;

fn nobody(_: &str) -> Vec<IpAddr> {
    Vec::new()
}

fn filter(text: &str) -> Filter {
    Filter::read(text, &nobody).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

fn finds(text: &str, bytes: &[u8]) -> bool {
    let program = filter(text).program(Start::Ethernet, 7);
    match run(&program, bytes, bytes.len() as u32) {
        0 => false,
        7 => true,
        other => panic!("{text} gives {other}"),
    }
}

fn packet(six: bool, over: Layer, payload: &[u8]) -> Vec<u8> {
    let protocol = if matches!(over, Layer::Tcp(_)) { 6 } else { 17 };
    let network = match six {
        false => Layer::Ipv4(ipv4::Ipv4 {
            traffic_class: 0,
            total_length: 0,
            identification: 7,
            flags: 2,
            fragment_offset: 0,
            ttl: 64,
            protocol,
            checksum: 0,
            source: "10.1.0.2".parse().unwrap(),
            destination: "10.1.7.3".parse().unwrap(),
            // The ports are not where they are without options.
            options: vec![1; 4],
        }),
        true => Layer::Ipv6(ipv6::Ipv6 {
            traffic_class: 0,
            flow_label: 0,
            payload_length: 0,
            next_header: protocol,
            hop_limit: 64,
            source: "fd00::2".parse().unwrap(),
            destination: "fd00:0:0:7::3".parse().unwrap(),
        }),
    };
    let ethernet = ethernet::Ethernet {
        destination: "02:00:00:00:00:03".parse().unwrap(),
        source: "02:00:00:00:00:02".parse().unwrap(),
        ether_type: if six { 0x86dd } else { 0x0800 },
    };
    let mut layers =
        vec![Layer::Ethernet(ethernet), network, over, Layer::Payload(payload.to_vec())];
    seal(&mut layers);
    emit(&layers)
}

fn syn(six: bool) -> Vec<u8> {
    let header = tcp::Tcp {
        source: 40000,
        destination: 80,
        sequence: 1,
        acknowledgement: 0,
        flags: tcp::flag::SYN,
        window: 1000,
        checksum: 0,
        urgent: 0,
        options: Vec::new(),
    };
    packet(six, Layer::Tcp(header), &[])
}

fn query(six: bool) -> Vec<u8> {
    let header = udp::Udp { source: 5000, destination: 53, length: 0, checksum: 0 };
    packet(six, Layer::Udp(header), b"what")
}

/// The same frame with a tag.
fn tagged(frame: &[u8], identifier: u16) -> Vec<u8> {
    let mut bytes = frame[..12].to_vec();
    bytes.extend([0x81, 0x00]);
    bytes.extend(identifier.to_be_bytes());
    bytes.extend(&frame[12..]);
    bytes
}

#[test]
fn a_filter_finds_what_it_says() {
    let (syn, query) = (syn(false), query(false));
    for text in [
        "tcp",
        "ip and tcp",
        "host 10.1.0.2",
        "10.1.0.2",
        "src 10.1.0.2 and dst host 10.1.7.3",
        "net 10.1.0.0/16",
        "src net 10.1.0 and dst net 10.1.7",
        "dst net 10.1.0.0 mask 255.255.248.0",
        "port 80",
        "tcp dst port http",
        "src portrange 39999-40001",
        "tcp port 22 or 80",
        "port (22 or 80) and host 10.1.0.2",
        "ether src 02:00:00:00:00:02",
        "ether proto 0x800",
        "ip proto \\tcp",
        "ip proto 6",
        "proto 6",
        "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
        "tcp[13] = 2",
        "(tcp[13] & 2) != 0",
        "ip[0] & 0xf > 5",
        "ip[2:2] = len - 14",
        "not udp",
        "! (udp or arp)",
        "greater 58 && less 58",
        "not multicast and not broadcast",
        "2 * 3 = 6",
        "tcp[(ip[0] & 0xf) * 0 + 2:2] == 80",
    ] {
        assert!(finds(text, &syn), "{text}");
    }
    for text in [
        "udp",
        "ip6",
        "arp",
        "vlan",
        "dst host 10.1.0.2",
        "src and dst 10.1.0.2",
        "src port 80",
        "udp port 80",
        "not tcp",
        "tcp and udp or arp",
        "tcp[tcpflags] & tcp-ack != 0",
        "len < 58",
        "ip multicast",
        "icmp",
        "host fd00::2",
        "-1 > 4294967295",
    ] {
        assert!(!finds(text, &syn), "{text}");
    }
    assert!(finds("udp port 53", &query) && !finds("tcp port 53", &query));
    // From the left: (arp and tcp) or udp.
    assert!(finds("arp and tcp or udp", &query) && !finds("arp and (tcp or udp)", &query));
}

#[test]
fn and_in_ipv6_and_behind_tags() {
    let syn = syn(true);
    for text in
        ["ip6", "tcp", "tcp port 80", "src fd00::2", "dst net fd00:0:0:7::/64", "ip6 proto 6"]
    {
        assert!(finds(text, &syn), "{text}");
        let behind = tagged(&syn, 7);
        assert!(!finds(text, &behind), "{text}");
        assert!(finds(&format!("vlan and {text}"), &behind), "{text}");
        assert!(finds(&format!("vlan 7 and {text}"), &behind), "{text}");
        assert!(!finds(&format!("vlan 8 and {text}"), &behind), "{text}");
        let twice = tagged(&behind, 9);
        assert!(finds(&format!("vlan 9 and vlan 7 and {text}"), &twice), "{text}");
    }
    let bare = &syn[14..];
    let program = filter("tcp port 80 and not ip").program(Start::Ip, 9);
    assert_eq!(run(&program, bare, bare.len() as u32), 9);
}

#[test]
fn what_is_not_understood_is_said_with_its_place() {
    use Problem::*;
    let problem = |text: &str| match Filter::read(text, &nobody) {
        Ok(filter) => panic!("{text}: {filter:?}"),
        Err(wrong) => (text[wrong.place].to_owned(), wrong.problem),
    };
    let text = |text: &str| text.to_owned();
    for (given, place, wanted) in [
        ("", "", Expected(Wanted::Primitive)),
        ("tcp and", "", Expected(Wanted::Primitive)),
        ("host", "", Expected(Wanted::Address)),
        ("host web", "web", Unknown(text("web"))),
        ("tcp or flurb", "flurb", Unknown(text("flurb"))),
        ("port abc", "abc", Expected(Wanted::Port)),
        ("port 70000", "70000", Expected(Wanted::Port)),
        ("portrange 80-x", "80-x", Expected(Wanted::Ports)),
        ("(tcp", "", Expected(Wanted::Bracket)),
        ("tcp)", ")", Expected(Wanted::End)),
        ("tcp udp", "udp", Expected(Wanted::End)),
        ("gateway gw", "gateway", NotHere(text("gateway"))),
        ("ip broadcast", "broadcast", NotHere(text("ip broadcast"))),
        ("ip protochain 6", "protochain", NotHere(text("protochain"))),
        ("tcp[13", "", Expected(Wanted::SquareBracket)),
        ("tcp[13]", "", Expected(Wanted::Comparison)),
        ("tcp[13:3] = 1", "]", Expected(Wanted::Size)),
        ("tcp[x] = 1", "x", Expected(Wanted::Number)),
        ("len / 0 = 1", "/", DivisionByZero),
        ("tcp; udp", ";", Sign(';')),
        ("vlan 4096", "4096", Expected(Wanted::VlanId)),
        ("ether host 10.0.0.1", "10.0.0.1", Expected(Wanted::Mac)),
        (
            "net 10.1.2.3/8",
            "10.1.2.3/8",
            HostBits { prefix: text("10.1.2.3/8"), meant: text("10.0.0.0/8") },
        ),
        ("tcp host 10.0.0.1", "10.0.0.1", Mismatch { protocol: text("tcp"), with: text("host") }),
        ("icmp port 7", "7", Mismatch { protocol: text("icmp"), with: text("port") }),
    ] {
        assert_eq!(problem(given), (place.to_owned(), wanted), "{given}");
    }
    let deep = format!("{}tcp{}", "(".repeat(99), ")".repeat(99));
    assert_eq!(problem(&deep).1, TooDeep);
    let mut value = "len".to_owned();
    (0..20).for_each(|_| value = format!("({value} + len)"));
    assert_eq!(problem(&format!("{value} + len > len")).1, TooDeep);
    let long = vec!["net fd00:1:2:3::/64"; 400].join(" or ");
    assert_eq!(of_socket(Some(&filter(&long)), 1), None);
    assert!(of_socket(Some(&filter("tcp port 80")), 1).is_some());
}

#[test]
fn a_name_is_all_its_addresses() {
    let hosts = |name: &str| match name {
        "web" => vec!["10.1.7.3".parse().unwrap(), "fd00:0:0:7::3".parse().unwrap()],
        _ => Vec::new(),
    };
    let finds = |text: &str, bytes: &[u8]| {
        let program = Filter::read(text, &hosts).unwrap().program(Start::Ethernet, 1);
        run(&program, bytes, bytes.len() as u32) == 1
    };
    for six in [false, true] {
        assert!(finds("dst web and port 80", &syn(six)));
        assert!(!finds("src web", &syn(six)));
        assert_eq!(finds("ip6 host web", &syn(six)), six);
    }
}

#[test]
fn far_jumps_arrive() {
    let ports: Vec<_> = (1000..1300).map(|port| format!("port {port}")).collect();
    let text = format!("({}) or tcp port 80", ports.join(" or "));
    let program = filter(&text).program(Start::Ethernet, 3);
    assert!(program.len() > 600, "{}", program.len());
    assert!(finds(&text, &syn(false)) && finds(&text, &syn(true)) && !finds(&text, &query(true)));
}

/// Words that filters are made of, in any order.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "tcp",
        "udp",
        "ip",
        "ip6",
        "arp",
        "vlan",
        "host",
        "net",
        "port",
        "src",
        "dst",
        "and",
        "or",
        "not",
        "(",
        ")",
        "10.0.0.1",
        "fd00::/8",
        "80",
        "[",
        "]",
        ":",
        "2",
        "&",
        "=",
        "len",
        "ether",
        "proto",
        "mask",
        "0xff",
        "-",
        "+",
        "/",
        "less",
        "portrange",
        "1-2",
        "web",
        "\\",
        "é",
        "!",
    ]);
    prop::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
}

proptest! {
    /// Nothing panics, and a program of what is understood always ends well.
    #[test]
    fn fuzz_filters(text in prop_oneof![words(), any::<String>()], bytes: Vec<u8>) {
        match Filter::read(&text, &nobody) {
            Ok(filter) => {
                for start in [Start::Ethernet, Start::Ip] {
                    let program = filter.program(start, 5);
                    let kept = run(&program, &bytes, bytes.len() as u32);
                    prop_assert!(matches!(kept, 0 | 5));
                }
                of_socket(Some(&filter), 5);
            }
            Err(wrong) => prop_assert!(text.get(wrong.place).is_some()),
        }
    }
}
