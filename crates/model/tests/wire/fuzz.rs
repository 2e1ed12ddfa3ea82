//! Whatever the bytes and the words: nothing panics, nothing loops, and what is said stays true.
//!
//! Packets are well formed and then broken, so that much of them is still read. What ever failed lies
//! in `crashers/` and is read again in every run.

use crate::filters;
use crate::packets;
use crate::random::{Random, seed};
use model::conversation::Conversations;
use model::filter::{self, Filter, bpf};
use model::packet::{Identity, Layer, Start, checksum, dissect, emit, summary};
use std::panic::catch_unwind;
use std::time::Instant;

/// How many packets are tried; `make fuzz` asks for more.
const PACKETS: &str = "GLASSNET_FUZZ_PACKETS";
const FEW: usize = 1_000_000;
const THREADS: usize = 2;
/// Seconds for one input, on a slow and busy machine.
const LONGEST: f64 = 10.0;

/// Well formed ones to begin with.
const PATTERNS: usize = 4096;

/// All that is said of a packet, of which nothing may panic.
fn look_at(bytes: &[u8], start: Start, conversations: &mut Conversations) {
    let found = dissect(bytes, start);
    let again = emit(found.layers.iter().map(|found| &found.layer));
    assert_eq!(again, bytes, "it comes out as it went in");
    let mut at = 0;
    for found in &found.layers {
        assert_eq!(found.bytes.start, at, "the layers lie one behind the other");
        at = found.bytes.end;
        for field in found.layer.fields() {
            let within =
                field.bytes.start <= field.bytes.end && field.bytes.end <= found.bytes.len();
            assert!(within, "{field:?} in {:?}", found.layer);
        }
    }
    assert_eq!(at, bytes.len(), "the layers are all of it");
    assert!(found.end.as_ref().is_none_or(|(at, _)| *at <= bytes.len()), "{:?}", found.end);
    assert!(!summary::line(&found).is_empty());
    summary::way(&found);
    Identity::of(&found);
    let known = conversations.add(at as u64, &found);
    assert!(known.is_none_or(|number| number < conversations.all().len()));
    conversations.knows(&found);
    let layers: Vec<Layer> = found.layers.into_iter().map(|found| found.layer).collect();
    for (place, layer) in layers.iter().enumerate() {
        let (is, wanted) = (checksum::is(layer), checksum::wanted(&layers, place));
        assert!(is.is_some() || wanted.is_none(), "{layer:?}");
    }
}

/// Changes that leave most of it as it was.
fn broken(mut bytes: Vec<u8>, patterns: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    const TELLING: [u8; 12] = [0, 1, 4, 5, 6, 0x0f, 0x3f, 0x7f, 0x80, 0xc0, 0xfe, 0xff];
    for _ in 0..random.between(1, 4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.pick(&TELLING),
            2 => bytes[at] = random.u8(),
            // A length, or a count.
            3 if at + 1 < bytes.len() => {
                let number = [random.u16() & 0xff, random.u16(), 0, bytes.len() as u16];
                bytes[at..at + 2].copy_from_slice(&random.pick(&number).to_be_bytes());
            }
            4 => bytes.truncate(at),
            5 => drop(bytes.remove(at)),
            6 => {
                let other = &patterns[random.below(patterns.len())];
                let from = random.below(other.len());
                let length = random.below(64).min(other.len() - from);
                bytes.splice(at..at, other[from..from + length].iter().copied());
            }
            _ => {
                let other = &patterns[random.below(patterns.len())];
                bytes.truncate(at);
                bytes.extend(&other[at.min(other.len())..]);
            }
        }
    }
    bytes
}

fn start(random: &mut Random) -> Start {
    // Of a frame as if it were a packet too.
    if random.one_in(16) { Start::Ip } else { Start::Ethernet }
}

fn some_packets(seed: u64, count: usize) {
    let mut random = Random::new(seed);
    let patterns: Vec<_> = (0..PATTERNS).map(|_| packets::packet(&mut random).bytes).collect();
    let mut conversations = Conversations::default();
    for number in 0..count {
        let pattern = random.pick(&patterns);
        let bytes = broken(pattern, &patterns, &mut random);
        let start = start(&mut random);
        // So many that they belong to each other; a new one now and then.
        if number % 4096 == 0 {
            conversations = Conversations::default();
        }
        let began = Instant::now();
        let looked = catch_unwind(std::panic::AssertUnwindSafe(|| {
            look_at(&bytes, start, &mut conversations);
        }));
        let took = began.elapsed().as_secs_f64();
        if looked.is_err() || took > LONGEST {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            panic!("input {number}, {start:?}, {took} s; put it into crashers/: {digits}");
        }
    }
}

#[test]
fn fuzz_packets() {
    let count = std::env::var(PACKETS).map_or(FEW, |text| text.parse().expect("a number"));
    let (seed, began) = (seed(), Instant::now());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let seed = seed.wrapping_mul(THREADS as u64).wrapping_add(thread as u64);
            scope.spawn(move || some_packets(seed, count / THREADS));
        }
    });
    println!("{count} packets in {:.1} s", began.elapsed().as_secs_f64());
}

/// What is well formed is read as it was made, and is not complained of.
#[test]
fn packets_are_read_as_they_were_made() {
    let mut random = Random::new(seed());
    for _ in 0..20_000 {
        let packet = packets::packet(&mut random);
        let found = dissect(&packet.bytes, packet.start);
        assert_eq!(found.end, None, "{}", packet.kind);
        let layers: Vec<_> = found.layers.into_iter().map(|found| found.layer).collect();
        // What an error quotes was made as bytes.
        let quoting = packet.layers.iter().position(|layer| match layer {
            Layer::Icmp(header) => header.is_error(),
            Layer::Icmpv6(header) => header.is_error(),
            _ => false,
        });
        match quoting.map(|place| place + 1) {
            None => assert_eq!(layers, packet.layers, "{}", packet.kind),
            Some(end) => assert_eq!(layers[..end], packet.layers[..end], "{}", packet.kind),
        }
        assert_eq!(emit(&layers), packet.bytes, "{}", packet.kind);
    }
}

#[test]
fn fuzz_filters() {
    let mut random = Random::new(seed());
    let mut known = filters::primitives();
    known.extend(filters::combinations());
    let packets: Vec<_> = (0..8).map(|_| packets::packet(&mut random).bytes).collect();
    let mut understood = 0;
    for number in 0..100_000 {
        let text = match number % 3 {
            0 => filters::words(&mut random),
            1 => filters::miswritten(&known, &mut random),
            _ => miswritten_letters(&known, &mut random),
        };
        let looked = catch_unwind(|| match Filter::read(&text, &|_| Vec::new()) {
            Ok(filter) => {
                for start in [Start::Ethernet, Start::Ip] {
                    let program = filter.program(start, 5);
                    for bytes in &packets {
                        let kept = bpf::run(&program, bytes, bytes.len() as u32);
                        assert!(matches!(kept, 0 | 5), "{kept}");
                    }
                }
                filter::of_socket(Some(&filter), 5);
                1
            }
            Err(wrong) => {
                assert!(text.get(wrong.place).is_some(), "it says where");
                0
            }
        });
        understood += looked.unwrap_or_else(|_| panic!("input {number}: {text:?}"));
    }
    println!("{understood} of 100000 filters understood");
    assert!(understood > 5_000, "{understood}");
}

fn miswritten_letters(known: &[String], random: &mut Random) -> String {
    const LETTERS: [char; 21] = [
        // A space of three bytes.
        '\u{2003}', ' ', '(', ')', '[', ']', ':', '.', '/', '-', '\\', '!', '&', '|', '=', '<', '0',
        '9', 'x', 'é', '\0',
    ];
    let mut text: Vec<char> = random.pick(known).chars().collect();
    for _ in 0..random.between(1, 3) {
        let at = random.below(text.len() + 1);
        match random.below(3) {
            0 if at < text.len() => drop(text.remove(at)),
            1 if at < text.len() => text[at] = random.pick(&LETTERS),
            _ => text.insert(at, random.pick(&LETTERS)),
        }
    }
    text.into_iter().collect()
}

#[test]
fn what_once_failed_does_not() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/crashers");
    let mut replayed = 0;
    for entry in std::fs::read_dir(folder).expect("the folder crashers") {
        let path = entry.expect("an entry").path();
        let content = std::fs::read(&path).expect("a file that can be read");
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("frame") => look_at(&content, Start::Ethernet, &mut Conversations::default()),
            Some("ip") => look_at(&content, Start::Ip, &mut Conversations::default()),
            Some("filter") => {
                let text = String::from_utf8_lossy(&content);
                if let Ok(filter) = Filter::read(&text, &|_| Vec::new()) {
                    filter.program(Start::Ethernet, 1);
                    filter::of_socket(Some(&filter), 1);
                }
            }
            _ => continue,
        }
        replayed += 1;
    }
    assert!(replayed > 0, "{folder} has none");
}
