//! Packets out of pcap and pcapng files, whoever wrote them.

use super::seen::{Interface, Seen};
use super::wrong::Wrong;
use crate::cli::error::Error;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::PcapNgReader;
use pcap_file::pcapng::blocks::Block;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// The first four bytes of a pcapng file (§4.1), the same in either order.
const PCAPNG: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// A packet's bytes at most, for the reader's buffer.
const LARGEST: usize = 16 << 20;

/// What takes the packets.
type Each<'a> = &'a mut dyn FnMut(Seen<'_>, &[Interface]) -> Result<bool, Error>;

/// Hands over every packet of a file (`-` is stdin), until there are no more or `each` says so. `Some`
/// is why the file ends early.
pub(super) fn read(path: &Path, each: Each<'_>) -> Result<Option<String>, Error> {
    let mut file: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path).map_err(|error| Error::File(path.to_owned(), error))?),
    };
    let mut first = Vec::new();
    let got = file.by_ref().take(PCAPNG.len() as u64).read_to_end(&mut first);
    got.map_err(|error| Error::File(path.to_owned(), error))?;
    let is_pcapng = first == PCAPNG;
    let whole = BufReader::new(io::Cursor::new(first).chain(file));
    if is_pcapng { pcapng(path, whole, each) } else { pcap(path, whole, each) }
}

fn not_a_capture(path: &Path, why: &impl ToString) -> Error {
    Error::Capture(Wrong::NotACapture { path: path.to_owned(), why: why.to_string() })
}

fn pcap(path: &Path, file: impl Read, each: Each<'_>) -> Result<Option<String>, Error> {
    let mut reader =
        PcapReader::with_capacity(file, LARGEST).map_err(|error| not_a_capture(path, &error))?;
    let link_type = u32::from(reader.header().datalink);
    let interfaces = [Interface {
        place: String::new(),
        link: String::new(),
        link_type,
        comment: String::new(),
    }];
    while let Some(packet) = reader.next_packet() {
        let packet = match packet {
            Ok(packet) => packet,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let seen = Seen {
            time: packet.timestamp().as_nanos() as u64,
            interface: 0,
            outgoing: None,
            length: packet.orig_len(),
            bytes: Cow::Borrowed(packet.data()),
            checksum_to_come: false,
        };
        if !each(seen, &interfaces)? {
            break;
        }
    }
    Ok(None)
}

fn pcapng(path: &Path, file: impl Read, each: Each<'_>) -> Result<Option<String>, Error> {
    let mut reader =
        PcapNgReader::with_capacity(file, LARGEST).map_err(|error| not_a_capture(path, &error))?;
    let mut interfaces: Vec<Interface> = Vec::new();
    // A file may have several sections, each with its own numbers.
    let mut section = 0;
    while let Some(block) = reader.next_block() {
        let block = match block {
            Ok((block, _)) => block,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let seen = match &block {
            Block::SectionHeader(_) => {
                section = interfaces.len();
                continue;
            }
            Block::InterfaceDescription(described) => {
                interfaces.push(interface(described));
                continue;
            }
            Block::EnhancedPacket(packet) => Seen {
                time: packet.timestamp.as_nanos() as u64,
                interface: section + packet.interface_id as usize,
                outgoing: packet.options.iter().find_map(|option| match option {
                    EnhancedPacketOption::Flags(flags) if flags & 3 != 0 => Some(flags & 3 == 2),
                    _ => None,
                }),
                length: packet.original_len,
                bytes: Cow::Borrowed(&packet.data),
                checksum_to_come: false,
            },
            Block::SimplePacket(packet) => Seen {
                time: 0,
                interface: section,
                outgoing: None,
                length: packet.original_len,
                bytes: Cow::Borrowed(&packet.data),
                checksum_to_come: false,
            },
            _ => continue,
        };
        if seen.interface < interfaces.len() && !each(seen, &interfaces)? {
            break;
        }
    }
    Ok(None)
}

fn interface(block: &InterfaceDescriptionBlock<'_>) -> Interface {
    let name = block.options.iter().find_map(|option| match option {
        InterfaceDescriptionOption::IfName(name) => Some(name.to_string()),
        _ => None,
    });
    let comment = block.options.iter().find_map(|option| match option {
        InterfaceDescriptionOption::IfDescription(text) => Some(text.to_string()),
        _ => None,
    });
    let name = name.unwrap_or_default();
    let (place, link) = name.rsplit_once(':').unwrap_or(("", &name));
    let link_type = u32::from(block.linktype);
    Interface {
        place: place.to_owned(),
        link: link.to_owned(),
        link_type,
        comment: comment.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::seen::{Sink as _, Totals};
    use super::super::write::ToFile;
    use super::*;
    use model::explain::Language;
    use proptest::prelude::*;

    fn interface(link: &str) -> Interface {
        Interface {
            place: "web".to_owned(),
            link: link.to_owned(),
            link_type: 1,
            comment: "container:web".to_owned(),
        }
    }

    fn seen(interface: usize, bytes: &[u8]) -> Seen<'static> {
        Seen {
            time: 1_700_000_000_123_456_789,
            interface,
            outgoing: Some(interface == 1),
            length: bytes.len() as u32 + 9,
            bytes: Cow::Owned(bytes.to_vec()),
            checksum_to_come: false,
        }
    }

    fn well<T>(result: Result<T, Error>) -> T {
        result.unwrap_or_else(|error| panic!("{}", error.message(Language::En)))
    }

    /// A file that was written here.
    fn written() -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.pcapng");
        let mut file = well(ToFile::create(&path, None, 100));
        let interfaces = [interface("eth0"), interface("eth1")];
        well(file.packet(&seen(0, b"first"), &interfaces[..1]));
        well(file.packet(&seen(1, b"second!"), &interfaces));
        let places = vec![(vec![0, 1], 3, 1)];
        well(file.end(&Totals { packets: 2, lost: 1, places }, &interfaces));
        drop(file);
        std::fs::read(path).unwrap()
    }

    /// One of tcpdump's kind, with a packet of four bytes.
    fn classic() -> Vec<u8> {
        let words = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 1, 7, 8, 4, 60, 0x0403_0201];
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    type Told = (Vec<(Seen<'static>, String)>, Option<String>);

    fn told(bytes: &[u8]) -> Result<Told, Error> {
        let mut packets = Vec::new();
        let path = Path::new("a file");
        let mut each = |seen: Seen<'_>, interfaces: &[Interface]| {
            packets.push((seen.clone().owned(), interfaces[seen.interface].name()));
            Ok(true)
        };
        let end = match bytes.starts_with(&PCAPNG) {
            true => pcapng(path, bytes, &mut each)?,
            false => pcap(path, bytes, &mut each)?,
        };
        Ok((packets, end))
    }

    #[test]
    fn what_was_written_is_read() {
        let (packets, end) = well(told(&written()));
        let wanted = [
            (seen(0, b"first"), "web:eth0".to_owned()),
            (seen(1, b"second!"), "web:eth1".to_owned()),
        ];
        assert_eq!((&packets[..], end), (&wanted[..], None));
        let (packets, _) = well(told(&classic()));
        let [(packet, name)] = &packets[..] else { panic!("{packets:?}") };
        assert_eq!((packet.time, packet.length, &name[..]), (7_000_008_000, 60, ""));
        assert_eq!(&packet.bytes[..], [1, 2, 3, 4]);
    }

    proptest! {
        /// A file may be anything, and is read to its end or to where it makes no sense.
        #[test]
        fn fuzz_files(
            which in any::<bool>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
            length in any::<prop::sample::Index>(),
            more in any::<Vec<u8>>(),
        ) {
            let mut bytes = if which { written() } else { classic() };
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            bytes.truncate(length.index(bytes.len() + 1));
            bytes.extend(more);
            if let Ok((packets, _)) = told(&bytes) {
                prop_assert!(packets.len() <= bytes.len());
            }
        }
    }
}
