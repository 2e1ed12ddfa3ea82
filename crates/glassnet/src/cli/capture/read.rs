//! Packets out of pcap and pcapng files, whoever wrote them.

use super::seen::{Interface, Seen, start};
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
    let mut first = [0; 4];
    let mut there = 0;
    while there < first.len() {
        match file.read(&mut first[there..]) {
            Ok(0) => break,
            Ok(count) => there += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::File(path.to_owned(), error)),
        }
    }
    let whole = BufReader::new(io::Cursor::new(first[..there].to_vec()).chain(file));
    if first == PCAPNG { pcapng(path, whole, each) } else { pcap(path, whole, each) }
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
        start: start(link_type),
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
        start: start(link_type),
        link_type,
        comment: comment.unwrap_or_default(),
    }
}
