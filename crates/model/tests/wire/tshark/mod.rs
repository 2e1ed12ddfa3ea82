//! Fields, their bytes and checksums are those that Wireshark has.

mod checksums;
mod compare;
mod program;

use crate::folder::Folder;
use crate::packets::{self, KINDS, Packet};
use crate::pcap;
use crate::random::{Random, seed};
use compare::{cleaned, contradictions, differing, names, none, told};
use model::packet::{Dissection, Start, dissect};
use program::{Shown, shown};
use std::collections::BTreeSet;

/// What Wireshark says of packets.
fn asked<'p>(
    link_type: u32,
    packets: impl ExactSizeIterator<Item = (&'p [u8], usize)>,
) -> Vec<Vec<Shown>> {
    let folder = Folder::new("tshark");
    let (file, count) = (folder.path().join("packets.pcap"), packets.len());
    pcap::write(&file, link_type, packets);
    let shown = shown(folder.path(), &file);
    assert_eq!(shown.len(), count, "tshark shows every packet");
    shown.into_iter().map(cleaned).collect()
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn compare(link_type: u32, packets: &[Packet]) {
    let shown = asked(link_type, packets.iter().map(Packet::whole));
    let dissections: Vec<Dissection> =
        packets.iter().map(|packet| dissect(&packet.bytes, packet.start)).collect();
    let told: Vec<_> = dissections.iter().map(told).collect();
    let names = names(&told);
    let mut found = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        let differences = differing(&dissections[number], &told[number], &shown[number], &names);
        let say = |text| format!("{} {}: {text}", packet.kind, digits(&packet.bytes));
        found.extend(differences.into_iter().map(say));
    }
    none(found);
    let fields = told.iter().map(Vec::len).sum::<usize>();
    println!("{} packets, {fields} fields of {} names", packets.len(), names.len());
    assert!(fields > 20 * packets.len() && names.len() > 80, "the comparison is no empty one");
}

#[test]
fn fields_are_wiresharks() {
    let mut random = Random::new(seed());
    let packets: Vec<_> = (0..4000).map(|_| packets::packet(&mut random)).collect();
    let kinds: BTreeSet<_> = packets.iter().map(|packet| packet.kind).collect();
    assert_eq!(kinds.len(), KINDS.len(), "every kind comes");
    compare(pcap::ETHERNET, &packets);
}

#[test]
fn fields_of_bare_ip_are_wiresharks() {
    let mut random = Random::new(seed());
    let packets: Vec<_> = (0..1000).map(|_| packets::bare(&mut random)).collect();
    compare(pcap::RAW, &packets);
}

/// What was cut off on its way into the file, and what was cut off before.
#[test]
fn what_is_cut_off_contradicts_nothing() {
    let mut random = Random::new(seed());
    let mut cut = Vec::new();
    for _ in 0..3000 {
        let Packet { bytes, .. } = packets::packet(&mut random);
        let kept = random.below(bytes.len());
        let length = if random.one_in(2) { bytes.len() } else { kept };
        cut.push((bytes[..kept].to_vec(), length));
    }
    let shown = asked(pcap::ETHERNET, cut.iter().map(|(bytes, length)| (&bytes[..], *length)));
    let (mut fields, mut compared, mut found) = (0, 0, Vec::new());
    for ((bytes, _), shown) in cut.iter().zip(&shown) {
        let told = told(&dissect(bytes, Start::Ethernet));
        let (count, contradictions) = contradictions(&told, shown);
        (fields, compared) = (fields + told.len(), compared + count);
        found.extend(contradictions.into_iter().map(|text| format!("{}: {text}", digits(bytes))));
    }
    none(found);
    println!("{} packets, {compared} of {fields} fields are in both", cut.len());
    assert!(compared * 10 > fields * 9, "{compared} of {fields}");
}
