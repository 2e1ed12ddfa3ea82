//! Files of packets: ours as Wireshark's programs read them, theirs as we do.

use crate::watch::{GLASSNET, Pair, Watch, glassnet, sh, text};
use serde_json::Value;

fn tshark(file: &str, more: &str) -> String {
    sh(&format!("tshark -n -r {file} {more} 2>/dev/null"))
}

#[test]
fn a_file_has_names_and_comments_and_is_read_again() {
    let pair = Pair::new("file");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.pcapng");
    let file = file.to_str().unwrap();
    let watch = Watch::begin(&[&pair.0.join(","), "icmp", "--write", file]);
    pair.ping();
    let captured = watch.end();
    assert!(captured.success && captured.out.is_empty(), "{}{}", captured.out, captured.told);
    let names = tshark(file, "-T fields -e frame.interface_name -e icmp.type");
    let lines: Vec<_> = names.lines().collect();
    let [a, b] = &pair.0;
    assert_eq!(
        lines,
        [
            format!("{a}:eth0\t8"),
            format!("{b}:eth0\t8"),
            format!("{b}:eth0\t0"),
            format!("{a}:eth0\t0")
        ]
    );
    let info = sh(&format!("capinfos {file}"));
    assert!(info.contains(&format!("Comment = netns:{a}")), "{info}");
    let read = glassnet(&["--json", "capture", "--read", file, "icmp[icmptype] = icmp-echo"]);
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(read["captured"], 2);
    let sightings = read["packets"][0]["sightings"].as_array().unwrap();
    assert_eq!((&sightings[0]["place"], &sightings[1]["place"]), (&a[..].into(), &b[..].into()));
    // What tcpdump writes.
    let classic = directory.path().join("b.pcap");
    let classic = classic.to_str().unwrap();
    sh(&format!("tshark -r {file} -F pcap -w {classic} 2>/dev/null"));
    let read = glassnet(&["capture", "--read", classic, "--conversations"]);
    assert!(text(&read).contains("ICMP echo request"), "{}", text(&read));
    // A file that was cut off: all before it, and a word about it.
    sh(&format!("head -c -7 {classic} > {classic}.cut"));
    let cut = glassnet(&["--json", "capture", "--read", &format!("{classic}.cut")]);
    let document: Value = serde_json::from_slice(&cut.stdout).unwrap();
    assert_eq!(document["captured"], 3, "{}", text(&cut));
    assert!(text(&cut).contains("ends in the midst"), "{}", text(&cut));
}

#[test]
fn a_stream_goes_into_tshark_as_it_comes() {
    let pair = Pair::new("stream");
    let a = pair.a();
    let line = format!(
        "{GLASSNET} capture {a} icmp --write - --for 10s 2>/dev/null \
         | tshark -n -l -c 2 -i - -T fields -e icmp.type 2>/dev/null"
    );
    let reading = std::thread::spawn(move || sh(&line));
    for _ in 0..40 {
        if reading.is_finished() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        pair.ping();
    }
    assert_eq!(reading.join().unwrap(), "8\n0");
}

#[test]
fn a_ring_of_files_keeps_the_newest() {
    let pair = Pair::new("ring");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("r.pcapng");
    let path = path.to_str().unwrap();
    let watch =
        Watch::begin(&[pair.a(), "icmp", "-w", path, "--file-size", "64KiB", "--files", "2"]);
    sh(&format!("ip netns exec {} ping -q -c 300 -i 0.002 -s 1000 -W 5 10.9.0.2", pair.a()));
    let captured = watch.end();
    assert!(captured.told.contains("600 packets captured"), "{}", captured.told);
    let mut files: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    // 600 packets of about 1,100 bytes are ten files and a bit.
    assert_eq!(files.len(), 2, "{files:?}");
    let last = format!("{}/{}", directory.path().display(), files[1]);
    let sequence = tshark(&last, "-T fields -e icmp.seq");
    assert_eq!(sequence.lines().last(), Some("300"), "{files:?}");
    let first = format!("{}/{}", directory.path().display(), files[0]);
    assert!(tshark(&first, "-T fields -e icmp.seq").lines().count() > 50);
}

/// As Wireshark does: it lists what the program tells it, and has it capture.
#[test]
fn wireshark_lists_the_places_and_captures_there() {
    let pair = Pair::new("extcap");
    let home = tempfile::tempdir().unwrap();
    let at_home = home.path().to_str().unwrap();
    let linked = std::process::Command::new(GLASSNET)
        .args(["capture", "--wireshark"])
        .env("HOME", at_home)
        .output()
        .unwrap();
    assert!(linked.status.success(), "{}", text(&linked));
    let environment = format!("export HOME={at_home}");
    let listed = sh(&format!("{environment}; tshark -D 2>/dev/null"));
    let interface = format!("glassnet-netns_{}", pair.a());
    assert!(listed.contains(&interface), "{listed}");
    let line = format!(
        "{environment}; timeout 15 tshark -n -l -c 2 -i {interface} -T fields -e icmp.type \
         -f icmp 2>/dev/null"
    );
    let reading = std::thread::spawn(move || sh(&line));
    for _ in 0..40 {
        if reading.is_finished() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
        pair.ping();
    }
    assert_eq!(reading.join().unwrap(), "8\n0");
}
