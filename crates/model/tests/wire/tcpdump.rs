//! A filter keeps what tcpdump keeps.

use crate::filters;
use crate::folder::Folder;
use crate::packets;
use crate::pcap;
use crate::random::{Random, seed};
use model::filter::{Filter, Problem, Start, Wanted, bpf};
use model::packet::{Layer, emit};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Packets in a file, as much of each as was kept, and its length on the wire.
struct Packets {
    folder: Folder,
    file: PathBuf,
    start: Start,
    all: Vec<(Vec<u8>, usize)>,
}

/// What is read beyond a packet's end makes an end of the program, so it matters what is read. The
/// optimizer of tcpdump leaves out what decides nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Optimized {
    Yes,
    No,
}

impl Packets {
    fn new(start: Start, all: Vec<(Vec<u8>, usize)>) -> Self {
        let folder = Folder::new("tcpdump");
        let file = folder.path().join("packets.pcap");
        let link_type = match start {
            Start::Ethernet => pcap::ETHERNET,
            Start::Ip => pcap::RAW,
        };
        pcap::write(&file, link_type, all.iter().map(|(bytes, length)| (&bytes[..], *length)));
        Self { folder, file, start, all }
    }

    /// Of every kind, some that no layer of ours reads, and some that were cut off.
    fn cut(start: Start, random: &mut Random) -> Self {
        let cut = |_| {
            let mut bytes = varied(start, random);
            let length = bytes.len();
            if random.one_in(6) {
                bytes.truncate(random.between(1, length));
            }
            (bytes, length)
        };
        Self::new(start, (0..1500).map(cut).collect())
    }

    /// With more behind them than any filter here reads.
    fn long(start: Start, random: &mut Random) -> Self {
        let long = |_| {
            let mut bytes = varied(start, random);
            bytes.extend(random.array::<300>());
            let length = bytes.len();
            (bytes, length)
        };
        Self::new(start, (0..1000).map(long).collect())
    }

    /// Which of them we keep.
    fn ours(&self, filter: &Filter) -> Vec<usize> {
        let program = filter.program(self.start, 1);
        let kept =
            |(bytes, length): &(Vec<u8>, usize)| bpf::run(&program, bytes, *length as u32) > 0;
        (0..self.all.len()).filter(|number| kept(&self.all[*number])).collect()
    }

    /// Which of them tcpdump keeps, or why it refuses the filter.
    fn theirs(&self, text: &str, optimized: Optimized) -> Result<Vec<usize>, String> {
        let kept = self.folder.path().join("kept.pcap");
        let mut command = Command::new("tcpdump");
        if optimized == Optimized::No {
            command.arg("-O");
        }
        let ran = command
            // It would rather be another user, who may not write here.
            .args(["-Z", "root", "-n", "-r"])
            .arg(&self.file)
            .arg("-w")
            .arg(&kept)
            .args(["--", text])
            .stdin(Stdio::null())
            .output()
            .expect(
                "this test needs tcpdump: install the package tcpdump (scripts/setup test does)",
            );
        if ran.status.success() {
            return Ok(pcap::read(&kept).into_iter().map(|(number, _)| number).collect());
        }
        let said = String::from_utf8_lossy(&ran.stderr);
        let why = said.lines().find_map(|line| line.strip_prefix("tcpdump: "));
        match why.unwrap_or("no reason") {
            // It saw that it never holds.
            why if why.contains("rejects all packets") => Ok(Vec::new()),
            why => Err(why.to_owned()),
        }
    }

    /// What is not the same, in words.
    fn differs(&self, text: &str, optimized: Optimized) -> Option<String> {
        let ours = match Filter::read(text, &nobody) {
            Ok(filter) => self.ours(&filter),
            Err(wrong) => return Some(format!("{text}: we refuse it: {wrong:?}")),
        };
        let theirs = match self.theirs(text, optimized) {
            Ok(theirs) => theirs,
            Err(why) => return Some(format!("{text}: they refuse it: {why}")),
        };
        if ours == theirs {
            return None;
        }
        let mut only = ours.iter().filter(|number| !theirs.contains(number));
        let mut missing = theirs.iter().filter(|number| !ours.contains(number));
        let number = only.next().or_else(|| missing.next())?;
        let (ours, theirs) = (ours.len(), theirs.len());
        Some(format!("{text}: ours {ours}, theirs {theirs}; {:02x?}", self.all[*number].0))
    }
}

fn nobody(_: &str) -> Vec<IpAddr> {
    Vec::new()
}

fn none(found: Vec<String>) {
    let first: Vec<_> = found.iter().take(10).map(|text| &text[..]).collect();
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), first.join("\n"));
}

/// A packet, changed so that there is something for each filter to find.
fn varied(start: Start, random: &mut Random) -> Vec<u8> {
    let mut packet = match start {
        Start::Ethernet => packets::packet(random),
        Start::Ip => packets::bare(random),
    };
    packet.layers.iter_mut().for_each(|layer| vary(layer, random));
    emit(&packet.layers)
}

fn vary(layer: &mut Layer, random: &mut Random) {
    let number = random.pick(&[0, 1, 2, 6, 17, 44, 50, 51, 58, 60, 103, 132, 253]);
    let address = Ipv4Addr::new(10, 1, 0, 2 + random.below(2) as u8);
    match layer {
        Layer::Ethernet(header) if random.one_in(16) => {
            header.ether_type = random.pick(&[0x8035, 0x9100, 46, 0x8847]);
        }
        Layer::Vlan(header) if random.one_in(16) => {
            header.ether_type = random.pick(&[0x8100, 0x9100, 0x8035]);
        }
        Layer::Arp(header) if random.one_in(4) => header.sender = address,
        Layer::Arp(header) if random.one_in(4) => header.target = address,
        Layer::Ipv4(header) if random.one_in(8) => header.protocol = number,
        Layer::Ipv4(header) if random.one_in(8) => {
            (header.source, header.destination) = (address, address);
        }
        Layer::Ipv6(header) if random.one_in(8) => header.next_header = number,
        Layer::Ipv6(header) if random.one_in(8) => header.destination = header.source,
        Layer::Udp(header) if random.one_in(16) => header.destination = header.source,
        Layer::Tcp(header) if random.one_in(16) => header.destination = header.source,
        _ => {}
    }
}

#[test]
fn every_primitive_finds_what_it_finds_there() {
    let mut random = Random::new(seed());
    let packets = Packets::cut(Start::Ethernet, &mut random);
    let primitives = filters::primitives();
    let differs = |text: &String| packets.differs(text, Optimized::Yes);
    none(primitives.iter().filter_map(differs).collect());
    let finds = |text: &&String| {
        let filter = Filter::read(text, &nobody).expect("it was just read");
        !packets.ours(&filter).is_empty()
    };
    let finding = primitives.iter().filter(finds).count();
    println!("{} primitives, of which {finding} find something", primitives.len());
    assert!(finding * 10 > primitives.len() * 8, "{finding} of {}", primitives.len());
}

#[test]
fn combinations_find_what_they_find_there() {
    let mut random = Random::new(seed());
    let (cut, long) =
        (Packets::cut(Start::Ethernet, &mut random), Packets::long(Start::Ethernet, &mut random));
    let primitives = filters::primitives();
    let without = |signs: &[&str]| -> Vec<String> {
        let has = |text: &&String| signs.iter().any(|sign| text.contains(sign));
        primitives.iter().filter(|text| !has(text)).cloned().collect()
    };
    // What reads something that decides nothing, unless it is left out; or before the header.
    let fewer = without(&["/0", "::/", "[-1]"]);
    // What ends the program by itself: beyond the end, or divided by 0.
    let within = without(&["[5000]", "/ ip", "% ip"]);
    let mut optimized = filters::combinations();
    let mut not_optimized = optimized.clone();
    not_optimized.retain(|text| !text.contains("::/"));
    for _ in 0..300 {
        not_optimized.push(filters::combination(&fewer, &mut random));
        optimized.push(filters::combination(&within, &mut random));
    }
    println!("{} combinations", not_optimized.len() + optimized.len());
    let differ = not_optimized.iter().filter_map(|text| cut.differs(text, Optimized::No));
    none(differ.collect());
    none(optimized.iter().filter_map(|text| long.differs(text, Optimized::Yes)).collect());
}

/// Where packets begin with IP, tcpdump refuses what is about frames; here it finds nothing.
#[test]
fn filters_of_bare_ip_find_what_they_find_there() {
    let mut random = Random::new(seed());
    let packets = Packets::cut(Start::Ip, &mut random);
    let (mut found, mut both) = (Vec::new(), 0);
    for text in filters::primitives() {
        match packets.theirs(&text, Optimized::Yes) {
            Ok(_) => {
                both += 1;
                found.extend(packets.differs(&text, Optimized::Yes));
            }
            Err(_) if ["ether", "link", "vlan", "cast"].iter().any(|word| text.contains(word)) => {}
            Err(why) => found.push(format!("{text}: {why}")),
        }
    }
    none(found);
    println!("{both} primitives");
    assert!(both > 200, "{both}");
}

/// What is understood in both is the same, and what is understood here alone is little and known.
#[test]
fn what_makes_no_sense_is_refused_here_and_there() {
    let mut random = Random::new(seed());
    let packets = Packets::long(Start::Ethernet, &mut random);
    let mut found = Vec::new();
    for text in filters::REFUSED {
        let ours = Filter::read(text, &nobody).is_err();
        let theirs = packets.theirs(text, Optimized::Yes).is_err();
        if !(ours && theirs) {
            found.push(format!("{text}: we refuse it: {ours}, they refuse it: {theirs}"));
        }
    }
    for (text, meaning) in filters::OURS_ALONE {
        found.extend(packets.differs(meaning, Optimized::Yes));
        let read = |text| Filter::read(text, &nobody).map(|filter| packets.ours(&filter));
        if read(text) != read(meaning) || packets.theirs(text, Optimized::Yes).is_ok() {
            found.push(format!("{text} does not mean {meaning}, or not here alone"));
        }
    }
    let (mut both, mut ours_alone, mut theirs_alone) = (0, Vec::new(), Vec::new());
    let mut known = filters::primitives();
    known.extend(filters::combinations());
    for number in 0..2000 {
        let text = match number % 2 {
            0 => filters::words(&mut random),
            _ => filters::miswritten(&known, &mut random),
        };
        let ours = Filter::read(&text, &nobody);
        match (ours, packets.theirs(&text, Optimized::Yes)) {
            (Err(_), Err(_)) => {}
            (Ok(_), Ok(_)) if filters::has_unguarded(&text) => {}
            (Ok(_), Ok(_)) => {
                both += 1;
                found.extend(packets.differs(&text, Optimized::Yes));
            }
            (Ok(filter), Err(_)) => {
                // An address alone is a host here, and a protocol's name needs no backslash.
                let ours = packets.ours(&filter);
                let is = |spelt: &String| packets.theirs(spelt, Optimized::Yes) == Ok(ours.clone());
                match filters::spelt_out(&text).into_iter().find(is) {
                    Some(spelt) => ours_alone.push(format!("{text}: {spelt}")),
                    None => found.push(format!("{text}: there is nothing like it there")),
                }
            }
            (Err(wrong), Ok(_)) => {
                let known = match &wrong.problem {
                    // A number alone is an address or a network there, and so is the beginning of one;
                    // a small one is the type of a frame of another kind.
                    Problem::Unknown(word) => word.parse::<IpAddr>().is_err(),
                    // Nothing finds all; no protocol is more than 255, nor is a constant a range.
                    Problem::Expected(wanted) => {
                        let numbers =
                            [Wanted::Protocol, Wanted::Ports, Wanted::Network, Wanted::EtherType];
                        numbers.contains(wanted) || text.is_empty()
                    }
                    _ => false,
                };
                theirs_alone.push(format!("{text}: {:?}", wrong.problem));
                if !known {
                    found.extend(theirs_alone.last().cloned());
                }
            }
        }
    }
    println!("{both} understood by both\nhere alone: {ours_alone:#?}\nthere: {theirs_alone:#?}");
    none(found);
    assert!(both > 100, "{both}");
}
