//! What really passes in a lab, field by field as tshark shows it: ARP and neighbour discovery, pings
//! in fragments and their errors, HTTP, TLS, DNS, DHCP, between containers and inside VXLAN, with
//! checksums that a device would have filled in and segments that it would have cut.

#[path = "../../../model/tests/wire/tshark/compare.rs"]
mod compare;
#[path = "../../../model/tests/wire/tshark/program.rs"]
mod program;

use crate::lab::Lab;
use crate::sightings::two_hosts;
use crate::watch::{Watch, until};
use model::packet::{Dissection, Start, dissect};
use pcap_file::DataLink;
use pcap_file::pcapng::{Block, PcapNgReader};
use std::path::Path;

/// The packets of a file, each taken apart, with its bytes.
fn dissected(path: &Path) -> Vec<(Vec<u8>, Dissection)> {
    let file = std::fs::File::open(path).unwrap();
    let mut reader = PcapNgReader::new(file).unwrap();
    let (mut starts, mut packets) = (Vec::new(), Vec::new());
    while let Some(block) = reader.next_block() {
        match block.unwrap().0 {
            Block::InterfaceDescription(interface) => starts.push(match interface.linktype {
                DataLink::ETHERNET => Start::Ethernet,
                DataLink::RAW => Start::Ip,
                other => panic!("link type {other:?}"),
            }),
            Block::EnhancedPacket(packet) => {
                let start = starts[packet.interface_id as usize];
                let dissection = dissect(&packet.data, start);
                packets.push((packet.data.to_vec(), dissection));
            }
            _ => {}
        }
    }
    packets
}

/// Things that containers do, those that fail as well.
const DEEDS: [&str; 11] = [
    "busybox ping -c 1 -W 2 $web",
    "busybox ping -c 1 -W 2 -s 3000 $web",
    "busybox ping -6 -c 1 -W 2 $web6",
    "busybox ping -6 -c 1 -W 2 -s 3000 $web6",
    // Answered by the gateway, by no one, and by a closed port.
    "busybox ping -c 1 -W 2 -t 1 $web",
    "busybox ping -c 1 -W 1 10.1.0.77",
    "busybox timeout 2 busybox nc -w 1 $web 81",
    "busybox timeout 2 busybox nslookup web.example $web",
    "busybox timeout 2 busybox nslookup web.example $web6",
    "busybox wget -q -O /dev/null http://$web/",
    "busybox timeout 3 busybox udhcpc -n -q -t 1 -T 1 -i eth0 -s /bin/true",
];

/// What shows that Wireshark reads on where there is only data to us: the time in a ping's, and reports of
/// multicast listeners.
const READS_MORE: [&str; 2] = ["icmp.data_time", "icmpv6.mldr.nb_mcast_records"];

#[test]
fn what_passes_in_a_lab_reads_as_in_wireshark() {
    let lab = Lab::of("wireshark", |name| two_hosts(name, r#"10.1.0.0/16, "fd00:1::/64""#));
    let says = |place: &str, line: &str| lab.says(place, &["sh", "-c", line]);
    let address = |number: usize| {
        says("beta", &format!("glassnet --json ls | jq -r '.[0].addresses[{number}]'"))
    };
    let (web, web6) = (address(0), address(1));
    until("the page is there", || lab.fetch("alpha/client", &format!("http://{web}/")).is_some());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lab.pcapng");
    let watch = Watch::begin(&["--everywhere", "not tcp port 2379", "-w", path.to_str().unwrap()]);
    std::thread::scope(|scope| {
        // It takes a hello and says nothing.
        let listen = "busybox timeout 15 busybox nc -l -p 443 >/dev/null 2>&1 </dev/null";
        scope.spawn(|| lab.run("beta/web", &["sh", "-c", listen]));
        until("somebody listens", || says("beta/web", "busybox netstat -ltn").contains(":443"));
        for deed in DEEDS {
            let line = format!("web={web} web6={web6}; {deed}");
            lab.run("alpha/client", &["sh", "-c", &line]);
        }
        let to = format!("web.example:443:{web}");
        lab.run("alpha", &["curl", "-sk", "-m", "2", "--resolve", &to, "https://web.example/"]);
    });
    let captured = watch.end();
    assert!(captured.success, "{}", captured.told);

    let packets = dissected(&path);
    let mut shown: Vec<_> =
        program::shown(directory.path(), &path).into_iter().map(compare::cleaned).collect();
    assert_eq!(packets.len(), shown.len());
    let told = packets.iter().zip(&mut shown).map(|((_, packet), shown)| {
        let mut told = compare::told(packet);
        if shown.iter().any(|shown| READS_MORE.contains(&&shown.name[..])) {
            told.retain(|told| told.name != "data.data");
            shown.retain(|shown| shown.name != "data.data");
        }
        told
    });
    let told: Vec<_> = told.collect();
    let names = compare::names(&told);
    let mut found = Vec::new();
    for ((number, (bytes, dissection)), shown) in packets.iter().enumerate().zip(&shown) {
        let digits = || bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let differing = compare::differing(dissection, &told[number], shown, &names);
        found.extend(differing.iter().map(|text| format!("{text}: {}", digits())));
    }
    compare::none(found);
    let fields = told.iter().map(Vec::len).sum::<usize>();
    println!("{} packets, {fields} fields of {} names", packets.len(), names.len());
    for name in ["arp.opcode", "vxlan.vni", "icmp.type", "icmpv6.type", "http.request.line"] {
        assert!(names.contains(name), "{name} among {names:?}");
    }
    for name in ["dns.qry.name", "dhcp.option.type", "tls.handshake.extensions_server_name"] {
        assert!(names.contains(name), "{name} among {names:?}");
    }
}
