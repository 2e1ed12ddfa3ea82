//! `glassnet capture`: packets as they pass, anywhere on this machine, or out of a file.
//!
//! ```text
//! WHERE ── places ──▶ watch ─┐                    ┌─▶ a line a packet, layers, conversations, JSON
//!                            ├─ Seen, Interface ──┤
//! FILE ────────────── read ──┘                    └─▶ write (pcapng)
//! ```
//!
//! The kernel runs the filter before it copies anything; what is shown is decided in `model`.

mod amount;
pub(super) mod extcap;
mod list;
mod read;
mod seen;
mod view;
mod watch;
mod write;
mod wrong;

use super::error::Error;
use super::output::Output;
use super::{DONE, Outcome};
use crate::api::Api;
use crate::places::{self, Places, Wanted};
pub(super) use amount::Invalid;
use amount::{size, time};
use clap::Args;
use model::explain::{CaptureText, Text};
use model::filter::{Filter, bpf};
use seen::{Interface, Sink, Totals};
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use view::Joined;
use watch::{Looked, News, Plan, Watch};
use write::{Rotation, ToFile};
pub(super) use wrong::Wrong;

/// Bytes of a packet that are kept if nothing else is said: all of any but the largest of BIG TCP.
const SNAP: u32 = 262_144;
/// Bytes of all rings together, if nothing else is said.
const RING: u64 = 16 << 20;

/// Show packets as they pass: in containers, pods, namespaces, on links, or everywhere
#[derive(Args)]
#[command(
    after_help = "WHERE is one of these, or several with commas between them; without any, all are \
listed:
  web, pod:default/web   a container or pod: of glassnet, containerd, Docker, Podman, a lab
  netns:blue, /run/...   a namespace by its name or path, or a process in it by its number
  host, eth0             this host, or one of its links
  eth0@web               one link of a place

FILTER is written as for tcpdump: host, net, port, portrange with src and dst; ip, ip6, arp, tcp,
udp, icmp, icmp6, sctp and other protocols by number (ip proto 47); ether host, ether proto; vlan;
less, greater, broadcast, multicast; comparisons (tcp[tcpflags] & tcp-syn != 0); and, or, not and
brackets. A container's name stands for its addresses.

Examples:
  glassnet capture web
  glassnet capture web tcp port 80 --conversations
  glassnet capture --everywhere icmp --for 10s
  glassnet capture eth0@web,host port 53 --write dns.pcapng
  glassnet capture web --write - | wireshark -k -i -
  glassnet capture --read dns.pcapng --layers udp port 53"
)]
pub(super) struct Capture {
    /// Where to look, then which packets
    #[arg(value_name = "WHERE [FILTER]")]
    words: Vec<String>,

    /// In all network namespaces of this machine
    #[arg(long)]
    everywhere: bool,

    /// Packets out of a pcap or pcapng file ("-": stdin)
    #[arg(long, short, value_name = "FILE", conflicts_with = "everywhere")]
    read: Option<PathBuf>,

    /// Write a pcapng file ("-": stdout) instead of showing packets, or beside it
    #[arg(long, short, value_name = "FILE")]
    write: Option<PathBuf>,

    /// Each layer's fields with their bytes
    #[arg(long, conflicts_with = "conversations")]
    layers: bool,

    /// Who said what to whom, drawn when the capture ends
    #[arg(long)]
    conversations: bool,

    /// End after this time, such as 10s or 500ms
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    time: Option<Duration>,

    /// End after so many sightings
    #[arg(long, short, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Keep so many bytes of each packet
    #[arg(long, value_name = "BYTES", default_value_t = SNAP, value_parser = clap::value_parser!(u32).range(14..=16_777_216))]
    snap: u32,

    /// Memory for packets that wait to be looked at
    #[arg(long, value_name = "SIZE", value_parser = size, conflicts_with = "read")]
    ring: Option<u64>,

    /// Begin another file at this size, such as 100MB
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "write")]
    file_size: Option<u64>,

    /// Keep so many files; the oldest go
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..), requires = "file_size")]
    files: u16,

    /// List this machine's places in Wireshark: links this program into its extcap directory
    #[arg(long, exclusive = true)]
    wireshark: bool,
}

impl Capture {
    pub(super) fn run(self, out: &Output) -> Outcome {
        if self.wireshark {
            return extcap::link(out);
        }
        if self.read.is_some() {
            return self.of_file(out);
        }
        if self.words.is_empty() && !self.everywhere {
            return list::list(out);
        }
        self.live(out)
    }

    fn of_file(&self, out: &Output) -> Outcome {
        let filter = understood(&self.words, None)?;
        let mut programs = Vec::new();
        let mut sinks = self.sinks(out)?;
        let mut known: Vec<Interface> = Vec::new();
        let mut totals = Totals::default();
        let path = self.read.as_deref().unwrap_or_else(|| "-".as_ref());
        let end = read::read(path, &mut |mut seen, interfaces| {
            for interface in &interfaces[known.len()..] {
                let program = filter
                    .as_ref()
                    .map(|filter| interface.start().map(|start| filter.program(start, u32::MAX)));
                programs.push(program);
                known.push(interface.clone());
            }
            // Of a link that is not read, no packet is what a filter asks for.
            let wanted = match &programs[seen.interface] {
                None => true,
                Some(None) => false,
                Some(Some(program)) => bpf::run(program, &seen.bytes, seen.length) > 0,
            };
            if !wanted {
                return Ok(true);
            }
            if seen.bytes.len() > self.snap as usize {
                seen.bytes = seen.bytes[..self.snap as usize].to_vec().into();
            }
            totals.packets += 1;
            for sink in &mut sinks {
                sink.packet(&seen, interfaces)?;
                sink.until(seen.time, interfaces)?;
            }
            Ok(self.count.is_none_or(|count| totals.packets < count))
        })?;
        for sink in &mut sinks {
            sink.end(&totals, &known)?;
        }
        if let Some(why) = end {
            let path = path.display().to_string();
            note(out, &CaptureText::FileCutOff { path, why });
        }
        DONE
    }

    fn live(&self, out: &Output) -> Outcome {
        let places = Places::look().map_err(Error::Kernel)?;
        let (wanted, words) = match (self.everywhere, self.words.split_first()) {
            (false, Some((names, rest))) => (wanted(&places, names)?, rest),
            _ => (Vec::new(), &self.words[..]),
        };
        let filter = understood(words, Some(&places))?;
        let plan = Plan {
            ring: usize::try_from(self.ring.unwrap_or(RING)).unwrap_or(usize::MAX),
            time: self.time,
            count: self.count,
            everywhere: self.everywhere,
            ..Plan::of(filter.as_ref(), self.snap)?
        };
        let mut sinks = self.sinks(out)?;
        let mut tell = |news: News| note(out, &said(news));
        let mut watch = Watch::new(plan, &mut tell)?;
        if self.everywhere {
            watch.take_in(&places).map_err(Error::Kernel)?;
            note(out, &CaptureText::BegunEverywhere { count: watch.count() });
        } else {
            begin(&mut watch, &places, &wanted)?;
            let places = wanted.iter().map(spoken).collect();
            note(out, &CaptureText::Begun { places });
        }
        let totals = watch.run(&mut sinks)?;
        note(out, &CaptureText::Ended { packets: totals.packets, lost: totals.lost });
        DONE
    }

    /// Where the packets go.
    fn sinks<'o>(&self, out: &'o Output) -> Result<Vec<Box<dyn Sink + 'o>>, Error> {
        let mut sinks: Vec<Box<dyn Sink + 'o>> = Vec::new();
        let to_stdout = self.write.as_deref() == Some("-".as_ref());
        if to_stdout && (self.layers || self.conversations || out.json) {
            return Err(Error::Capture(Wrong::Usage(Text::StdoutTwice.say(out.language))));
        }
        if let Some(path) = &self.write {
            let files = usize::from(self.files);
            let rotation = self.file_size.map(|size| Rotation { size, files });
            sinks.push(Box::new(ToFile::create(path, rotation, self.snap)?));
        }
        if out.json {
            sinks.push(Box::new(Joined::new(view::Json::new(out))));
        } else if self.layers {
            sinks.push(Box::new(view::Layers::new(out)));
        } else if self.conversations {
            sinks.push(Box::new(Joined::new(view::Ladders::new(out))));
        } else if sinks.is_empty() {
            sinks.push(Box::new(Joined::new(view::Lines::new(out))));
        }
        Ok(sinks)
    }
}

/// What is told beside the packets, which may go to stdout.
fn note(out: &Output, text: &CaptureText) {
    eprintln!("{}", text.say(out.language));
}

fn said(news: News) -> CaptureText {
    match news {
        News::Gone(place) => CaptureText::PlaceGone { place },
        News::Failed(place, error) => CaptureText::PlaceFailed { place, why: error.to_string() },
        News::Unreadable { link, place } => CaptureText::LinkUnreadable { link, place },
    }
}

/// As it was asked for.
fn spoken(wanted: &Wanted) -> String {
    match &wanted.link {
        Some(link) => format!("{link}@{}", wanted.name),
        None => wanted.name.clone(),
    }
}

/// The places that a list of names means.
fn wanted(places: &Places, words: &str) -> Result<Vec<Wanted>, Error> {
    let links = kernel::NetNs::current()
        .and_then(|here| kernel::capture::links(here.as_fd()))
        .map_err(Error::Kernel)?;
    let is_link = |name: &str| links.iter().any(|link| link.name == name);
    let words = words.split(',').filter(|word| !word.is_empty());
    let mut wanted: Vec<Wanted> = Vec::new();
    for word in words {
        let one = places.find(word, is_link).map_err(|no| Error::Capture(Wrong::Place(no)))?;
        if !wanted.contains(&one) {
            wanted.push(one);
        }
    }
    Ok(wanted)
}

/// Begins with the places that were asked for; one that cannot be captured ends it.
fn begin(watch: &mut Watch<'_>, places: &Places, wanted: &[Wanted]) -> Result<(), Error> {
    let mut all = Vec::new();
    for one in wanted {
        let Some(place) = places.0.iter().find(|place| place.inode == one.inode) else { continue };
        let mut link = None;
        if let Some(name) = &one.link {
            let links = kernel::capture::links(place.namespace.as_fd()).map_err(Error::Kernel)?;
            let found = links.iter().find(|link| link.name == *name);
            link = Some(found.map(|link| link.index).ok_or_else(|| {
                let known = links.iter().map(|link| link.name.clone()).collect();
                let (link, place) = (name.clone(), one.name.clone());
                Error::Capture(Wrong::NoLink { link, place, known })
            })?);
        }
        all.push(Looked { place, label: &one.name, link });
    }
    match watch.add(&all).pop() {
        Some((_, error)) => Err(Error::Kernel(error)),
        None => Ok(()),
    }
}

/// The filter that words make, if there are any. A name in it is one of our containers', or of a place
/// that is one.
fn understood(words: &[String], places: Option<&Places>) -> Result<Option<Filter>, Error> {
    let text = words.join(" ");
    if text.trim().is_empty() {
        return Ok(None);
    }
    let hosts = |name: &str| addresses(name, places);
    let read = Filter::read(&text, &hosts);
    read.map(Some).map_err(|wrong| Error::Capture(Wrong::Filter { text: text.clone(), wrong }))
}

fn addresses(name: &str, places: Option<&Places>) -> Vec<IpAddr> {
    let place = places.and_then(|places| places.find(name, |_| false).ok());
    let rows = Api::here().attachments().unwrap_or_default();
    let is = |row: &crate::protocol::AttachmentRow| {
        let inode = places::inode(Path::new(&row.netns));
        row.attachment.id.container.to_string() == name
            || place.as_ref().is_some_and(|place| Some(place.inode) == inode)
    };
    rows.iter().filter(|row| is(row)).flat_map(|row| row.attachment.addresses.clone()).collect()
}
