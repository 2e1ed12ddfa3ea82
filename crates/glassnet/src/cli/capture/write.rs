//! Packets into pcapng files, as Wireshark and tshark open them
//! (draft-ietf-opsawg-pcapng): an interface a link, named and described; each place's counts of
//! packets and losses at the end.
//!
//! With a size the file is one of a ring: `name-00001.pcapng`, and so on; the oldest go.

use super::seen::{Interface, Seen, Sink, Totals};
use crate::cli::error::Error;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::interface_statistics::{
    InterfaceStatisticsBlock, InterfaceStatisticsOption,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{PcapNgBlock as _, PcapNgWriteError, PcapNgWriter};
use pcap_file::{DataLink, Endianness};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes gathered before they are written. A longer packet is written out of the ring as it lies there.
const BUFFER: usize = 32 << 10;

/// Files of a ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rotation {
    /// Bytes after which the next begins.
    pub(super) size: u64,
    /// How many are kept.
    pub(super) files: usize,
}

pub(super) struct ToFile {
    path: PathBuf,
    rotation: Option<Rotation>,
    snap: u32,
    writer: PcapNgWriter<BufWriter<Box<dyn Write>>>,
    /// Interfaces that the present file knows.
    known: usize,
    written: u64,
    number: u32,
    files: VecDeque<PathBuf>,
    /// Whoever reads a stream wants packets when they come.
    streams: bool,
}

impl ToFile {
    /// Begins a file; `-` is stdout.
    pub(super) fn create(
        path: &Path,
        rotation: Option<Rotation>,
        snap: u32,
    ) -> Result<Self, Error> {
        let streams = path == Path::new("-") || is_stream(path);
        let (number, mut files) = (1, VecDeque::new());
        let first = match rotation {
            Some(_) => numbered(path, number),
            None => path.to_owned(),
        };
        let writer = begin(&first).map_err(|error| failed(&first, error))?;
        files.push_back(first);
        let (path, known, written) = (path.to_owned(), 0, 0);
        Ok(Self { path, rotation, snap, writer, known, written, number, files, streams })
    }

    fn current(&self) -> &Path {
        self.files.back().map_or(&self.path, |path| path)
    }

    fn wrote(&mut self, result: Result<usize, PcapNgWriteError>) -> Result<(), Error> {
        let bytes = result.map_err(|error| failed(self.current(), error))?;
        self.written += bytes as u64;
        Ok(())
    }

    fn introduce(&mut self, interfaces: &[Interface]) -> Result<(), Error> {
        for interface in &interfaces[self.known..] {
            let (name, comment) = (interface.name(), &interface.comment);
            let mut options = vec![
                InterfaceDescriptionOption::IfName(name.into()),
                InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO),
            ];
            if !comment.is_empty() {
                let comment = Cow::Borrowed(&comment[..]);
                options.push(InterfaceDescriptionOption::IfDescription(comment.clone()));
                options.push(InterfaceDescriptionOption::Common(CommonOption::Comment(comment)));
            }
            let linktype = DataLink::from(interface.link_type);
            let block = InterfaceDescriptionBlock { linktype, snaplen: self.snap, options };
            let result = self.writer.write_block(&block.into_block());
            self.wrote(result)?;
        }
        self.known = interfaces.len();
        Ok(())
    }

    /// Goes on in the next file of the ring, if this one has its size.
    fn rotate(&mut self) -> Result<(), Error> {
        let Some(Rotation { size, files }) = self.rotation else { return Ok(()) };
        if self.written < size {
            return Ok(());
        }
        self.flush()?;
        self.number += 1;
        let next = numbered(&self.path, self.number);
        self.writer = begin(&next).map_err(|error| failed(&next, error))?;
        self.files.push_back(next);
        (self.known, self.written) = (0, 0);
        while self.files.len() > files {
            if let Some(oldest) = self.files.pop_front() {
                fs::remove_file(&oldest).map_err(|error| Error::File(oldest.clone(), error))?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let flushed = self.writer.get_mut().flush();
        flushed.map_err(|error| failed(self.current(), PcapNgWriteError::from(error)))
    }
}

impl Sink for ToFile {
    fn packet(&mut self, seen: &Seen<'_>, interfaces: &[Interface]) -> Result<(), Error> {
        self.rotate()?;
        self.introduce(interfaces)?;
        // epb_flags: inbound 1, outbound 2.
        let options = match seen.outgoing {
            Some(outgoing) => vec![EnhancedPacketOption::Flags(1 + u32::from(outgoing))],
            None => Vec::new(),
        };
        let block = EnhancedPacketBlock {
            interface_id: seen.interface as u32,
            timestamp: Duration::from_nanos(seen.time),
            original_len: seen.length.max(seen.bytes.len() as u32),
            data: Cow::Borrowed(&seen.bytes),
            options,
        };
        let result = self.writer.write_pcapng_block(block);
        self.wrote(result)
    }

    fn until(&mut self, _: u64, interfaces: &[Interface]) -> Result<(), Error> {
        if self.streams {
            self.introduce(interfaces)?;
            self.flush()?;
        }
        Ok(())
    }

    fn end(&mut self, totals: &Totals, interfaces: &[Interface]) -> Result<(), Error> {
        self.introduce(interfaces)?;
        for (interfaces, passed, lost) in &totals.places {
            // They are counted by place: the first of its links tells them.
            let Some(interface) = interfaces.first() else { continue };
            let block = InterfaceStatisticsBlock {
                interface_id: *interface as u32,
                timestamp: Duration::ZERO,
                options: vec![
                    InterfaceStatisticsOption::IsbIfRecv(*passed),
                    InterfaceStatisticsOption::IsbIfDrop(*lost),
                ],
            };
            let result = self.writer.write_block(&block.into_block());
            self.wrote(result)?;
        }
        self.flush()
    }
}

fn begin(path: &Path) -> Result<PcapNgWriter<BufWriter<Box<dyn Write>>>, PcapNgWriteError> {
    let file: Box<dyn Write> = match path == Path::new("-") {
        true => Box::new(io::stdout()),
        false => Box::new(File::create(path)?),
    };
    let program = concat!("glassnet ", env!("CARGO_PKG_VERSION"));
    let section = SectionHeaderBlock {
        // Who reads a stream takes its own order only.
        endianness: Endianness::native(),
        options: vec![SectionHeaderOption::UserApplication(program.into())],
        ..Default::default()
    };
    PcapNgWriter::with_section_header(BufWriter::with_capacity(BUFFER, file), section)
}

/// A pipe, as Wireshark gives it.
fn is_stream(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

/// `a.pcapng` as `a-00001.pcapng`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{number:05}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number:05}"),
    };
    path.with_file_name(name)
}

fn failed(path: &Path, error: PcapNgWriteError) -> Error {
    let error = match error {
        PcapNgWriteError::Io(error) => error,
        other => io::Error::other(other.to_string()),
    };
    match path == Path::new("-") {
        true => Error::Output(error),
        false => Error::File(path.to_owned(), error),
    }
}
