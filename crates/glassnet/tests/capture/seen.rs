//! What a capture shows, by name, by filter, by number.

use crate::watch::{Pair, Watch, glassnet, sh, text};
use serde_json::Value;

#[test]
fn a_namespace_by_its_name_and_its_packets_by_a_filter() {
    let pair = Pair::new("seen");
    let both = pair.0.join(",");
    let watch = Watch::begin(&["--json", &both, "icmp[icmptype] == icmp-echo"]);
    pair.ping();
    let document = watch.end().document();
    let [packet] = &document["packets"].as_array().unwrap()[..] else { panic!("{document:#}") };
    let sightings = packet["sightings"].as_array().unwrap();
    let seen: Vec<_> = sightings
        .iter()
        .map(|sighting| (sighting["place"].as_str().unwrap(), sighting["outgoing"].as_bool()))
        .collect();
    assert_eq!(seen, [(&pair.0[0][..], Some(true)), (&pair.0[1][..], Some(false))]);
    let layers: Vec<_> = sightings[0]["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["protocol"].as_str().unwrap())
        .collect();
    assert_eq!(layers, ["Ethernet", "IPv4", "ICMP", "payload"]);
}

/// Sends frames out of a link of a namespace.
fn send(namespace: &str, frames: &[&[u8]]) {
    let hexadecimal = |frame: &&[u8]| frame.iter().map(|byte| format!("{byte:02x}")).collect();
    let frames: Vec<String> = frames.iter().map(hexadecimal).collect();
    let program = format!(
        "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('eth0', 0))\n\
         for frame in '{}'.split(): s.send(bytes.fromhex(frame))",
        frames.join(" ")
    );
    sh(&format!("ip netns exec {namespace} python3 -c \"{program}\""));
}

/// The kernel takes a tag off a frame that comes in. It is in the filter's packet and in what is shown.
#[test]
fn tagged_frames_have_their_tag() {
    let pair = Pair::new("tags");
    let plain = [
        &[0xff_u8; 6][..],
        &[2, 0, 0, 0, 0, 1],
        &[8, 0, 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0x66, 0xd9, 10, 9, 0, 1, 10, 9, 0, 9],
        &[8, 0, 0xf7, 0xfe, 0, 1, 0, 0],
    ]
    .concat();
    let tagged = [&plain[..12], &[0x81, 0, 0x60, 7], &plain[12..]].concat();
    // `icmp` alone is not what is behind a tag, `vlan and icmp` is: as in a file.
    for (filter, wanted) in [
        ("icmp", "IPv4"),
        ("vlan 7 and icmp", "802.1Q"),
        ("vlan and icmp[icmptype] == icmp-echo and dst host 10.9.0.9", "802.1Q"),
        ("ether[12:2] = 0x8100 and ether[14:2] & 0xfff = 7", "802.1Q"),
        ("vlan 8", ""),
        ("greater 46", "802.1Q"),
        ("less 45 and not arp and not ip6", "IPv4"),
    ] {
        let place = format!("eth0@{}", pair.0[1]);
        let watch = Watch::begin(&["--json", &place, filter]);
        send(pair.a(), &[&plain, &tagged]);
        let document = watch.end().document();
        let packets = document["packets"].as_array().unwrap();
        let second = |packet: &Value| {
            packet["sightings"][0]["layers"][1]["protocol"].as_str().unwrap().to_owned()
        };
        let ours = packets.iter().filter(|packet| {
            let length = packet["sightings"][0]["length"].as_u64().unwrap();
            length == plain.len() as u64 || length == tagged.len() as u64
        });
        let found: Vec<_> = ours.map(second).collect();
        assert_eq!(found.concat(), wanted, "{filter}: {document:#}");
    }
}

#[test]
fn a_packet_on_loopback_is_seen_once() {
    let pair = Pair::new("loop");
    let watch = Watch::begin(&["--json", pair.a(), "icmp"]);
    sh(&format!("ip netns exec {} ping -q -c 1 -W 5 127.0.0.1", pair.a()));
    assert_eq!(watch.end().document()["captured"], 2);
}

#[test]
fn it_ends_by_number_and_by_time() {
    let pair = Pair::new("ends");
    let watch = Watch::begin(&["--json", pair.a(), "icmp", "--count", "1"]);
    pair.ping();
    let document = watch.ended().document();
    assert_eq!((document["captured"].as_u64(), document["lost"].as_u64()), (Some(1), Some(0)));
    let begun = std::time::Instant::now();
    let captured = Watch::begin(&[pair.a(), "icmp", "--for", "300ms"]).ended();
    assert!(captured.success && begun.elapsed().as_millis() >= 300, "{}", captured.told);
    assert!(captured.told.contains("0 packets captured, 0 lost"), "{}", captured.told);
}

#[test]
fn layers_are_envelopes_and_a_refusal_is_a_short_story() {
    let pair = Pair::new("views");
    let watch = Watch::begin(&[pair.a(), "icmp", "--layers", "--count", "1"]);
    pair.ping();
    let out = watch.ended().out;
    for line in ["┌ Ethernet  [0..14]", "│ ┌ IPv4  [14..34]", "│ │ ┌ ICMP  [34..42]", "0a 09 00 02"]
    {
        assert!(out.contains(line), "{line}: {out}");
    }
    assert!(out.contains("(right)"), "{out}");
    let watch = Watch::begin(&[pair.a(), "tcp", "--conversations"]);
    let _ = std::process::Command::new("ip")
        .args(["netns", "exec", pair.a(), "busybox", "nc", "-w", "1", "10.9.0.2", "81"])
        .output();
    let out = watch.end().out;
    assert!(out.contains("RST ACK") && out.contains("nobody listens there"), "{out}");
}

#[test]
fn what_is_not_there_is_said_and_what_there_is() {
    let pair = Pair::new("names");
    let fails = |arguments: &[&str], code: &str, says: &[&str]| {
        let output = glassnet(&[&["capture"], arguments].concat());
        assert!(!output.status.success(), "{arguments:?}");
        for said in [&[&format!("[{code}]")[..]], says].concat() {
            assert!(text(&output).contains(said), "{arguments:?}: {said}: {}", text(&output));
        }
    };
    fails(&["nobody"], "no-place", &["nobody here is called \"nobody\"", pair.a()]);
    fails(&[&format!("eth9@{}", pair.a())], "no-place", &["no link \"eth9\"", "eth0"]);
    fails(&[pair.a(), "tcp port"], "not-a-filter", &["  tcp port\n          ^", "a port is"]);
    fails(&[pair.a(), "host nobody"], "not-a-filter", &["nobody's name here"]);
    fails(&["--read", "/nowhere"], "file", &["/nowhere"]);
    fails(&["--read", "/etc/hostname"], "not-a-capture", &["/etc/hostname"]);
    fails(&[pair.a(), "--for", "soon"], "usage", &["\"soon\" is not a time"]);
    let listed = glassnet(&["--json", "capture"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let place = listed.as_array().unwrap().iter().find(|place| {
        place["names"]
            .as_array()
            .unwrap()
            .iter()
            .any(|name| name["kind"] == "netns" && name["name"] == pair.a())
    });
    let place = place.unwrap_or_else(|| panic!("{listed:#}"));
    assert_eq!(place["links"], serde_json::json!(["lo", "eth0"]));
}
