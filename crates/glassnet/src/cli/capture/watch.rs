//! Looking at places as packets pass: a ring for each, emptied in turn, until somebody or something
//! ends it.
//!
//! ```text
//! place ── ring ─┐
//! place ── ring ─┼─ poll ─▶ drain ─▶ in the order of time ─▶ sinks
//! place ── ring ─┘                        (one place: at once)
//! ```
//!
//! A capture holds its namespace alive, so it is looked now and then whether somebody else still
//! does: a container that has gone ends its capture. With all places watched, new ones are taken in.

use super::RING;
use super::seen::{ETHERNET, Interface, RAW_IP, Seen, Sink, Totals, UNREAD};
use super::wrong::Wrong;
use crate::cli::error::Error;
use crate::places::{Name, Namespace, Places};
use kernel::NetNs;
use kernel::capture::{Capture, Direction, Frame, Options, links};
use model::filter::{self, Filter, Instruction};
use model::packet::Start;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant, SystemTime};

/// How long a packet may wait in a ring.
const PATIENCE: Duration = Duration::from_millis(50);
/// Bytes of a ring at least.
const LEAST_RING: usize = 512 << 10;
/// Captures that are opened or closed at the same time.
const AT_ONCE: usize = 16;
/// How often it is looked who is still there.
const ROUND: Duration = Duration::from_secs(1);

/// What is to be captured, and for how long.
pub(super) struct Plan {
    pub(super) program: Vec<Instruction>,
    pub(super) snap: u32,
    /// Bytes of all rings together.
    pub(super) ring: usize,
    pub(super) time: Option<Duration>,
    pub(super) count: Option<u64>,
    /// Take in whatever namespaces there will be.
    pub(super) everywhere: bool,
}

impl Plan {
    /// Until somebody ends it, the packets that a filter wants.
    pub(super) fn of(filter: Option<&Filter>, snap: u32) -> Result<Self, Error> {
        let program = filter::of_socket(filter, snap);
        Ok(Self {
            program: program.ok_or(Error::Capture(Wrong::FilterTooLong))?,
            snap,
            ring: RING as usize,
            time: None,
            count: None,
            everywhere: false,
        })
    }
}

/// What a watch tells while it goes on.
pub(super) enum News {
    Gone(String),
    Failed(String, kernel::Error),
    Unreadable { link: String, place: String },
}

/// A place to look at: the name it is called by, and the link if it is only one.
pub(super) struct Looked<'a> {
    pub(super) place: &'a Namespace,
    pub(super) label: &'a str,
    pub(super) link: Option<u32>,
}

/// A place that is captured.
struct Watched {
    inode: u64,
    label: String,
    names: Vec<Name>,
    namespace: NetNs,
    capture: Capture,
    /// The number of each link's interface.
    interfaces: HashMap<u32, usize>,
}

pub(super) struct Watch<'a> {
    plan: Plan,
    watched: Vec<Watched>,
    interfaces: Vec<Interface>,
    /// Namespaces that could not be captured are not tried again and again.
    refused: BTreeSet<u64>,
    signals: SignalFd,
    totals: Totals,
    tell: &'a mut dyn FnMut(News),
}

impl<'a> Watch<'a> {
    pub(super) fn new(plan: Plan, tell: &'a mut dyn FnMut(News)) -> Result<Self, Error> {
        // From here on, who ends the capture is heard in the loop, and all is written down first.
        let mut set = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            set.add(signal);
        }
        let heard = set.thread_block();
        let signals = heard.and_then(|()| {
            SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
        });
        let signals = signals.map_err(|error| Error::Output(error.into()))?;
        // Each place takes three descriptors, and there may be a thousand places.
        let limit = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
        Ok(Self {
            plan,
            watched: Vec::new(),
            interfaces: Vec::new(),
            refused: BTreeSet::new(),
            signals,
            totals: Totals::default(),
            tell,
        })
    }

    /// Begins to look at places, each with the name it was asked for by. Of a place that cannot be
    /// captured, the reason is given.
    pub(super) fn add(&mut self, wanted: &[Looked<'_>]) -> Vec<(String, kernel::Error)> {
        let share = (self.plan.ring / wanted.len().max(1)).max(LEAST_RING);
        let options = Options {
            link: None,
            snap: self.plan.snap,
            ring: share,
            filter: Some(&self.plan.program),
            promiscuous: false,
            patience: PATIENCE,
        };
        let open = |one: &Looked<'_>| {
            let namespace = one.place.namespace.as_fd();
            let capture = Capture::open(namespace, &Options { link: one.link, ..options })?;
            Ok((capture, NetNs::keep(namespace)?))
        };
        let opened = each(wanted.iter().collect(), open);
        let mut failed = Vec::new();
        for (one, opened) in wanted.iter().zip(opened) {
            match opened {
                Ok((capture, namespace)) => self.watched.push(Watched {
                    inode: one.place.inode,
                    label: one.label.to_owned(),
                    names: one.place.names.clone(),
                    namespace,
                    capture,
                    interfaces: HashMap::new(),
                }),
                Err(error) => failed.push((one.label.to_owned(), error)),
            }
        }
        failed
    }

    pub(super) fn count(&self) -> usize {
        self.watched.len()
    }

    /// Watches until the time is up, there are enough packets, a signal comes, or no place is left.
    pub(super) fn run(mut self, sinks: &mut [Box<dyn Sink + '_>]) -> Result<Totals, Error> {
        let begun = Instant::now();
        let mut ends = self.plan.time.map(|time| begun + time);
        let (mut looked, mut stopping) = (begun, false);
        let mut waiting: Vec<Seen<'static>> = Vec::new();
        loop {
            let now = Instant::now();
            if ends.is_some_and(|ends| ends <= now) {
                if stopping {
                    break;
                }
                // What the rings still hold comes within their patience.
                (stopping, ends) = (true, Some(now + PATIENCE * 2));
            }
            let until = ends.map_or(ROUND, |ends| ends.saturating_duration_since(now));
            if self.wait(until.min(PATIENCE * 2)) && !stopping {
                (stopping, ends) = (true, Some(Instant::now() + PATIENCE * 2));
            }
            let horizon = nanoseconds(SystemTime::now()) - (PATIENCE * 3).as_nanos() as u64;
            let enough = self.drain(&mut waiting, horizon, sinks)?;
            if enough || self.watched.is_empty() && !self.plan.everywhere {
                break;
            }
            if !stopping && looked.elapsed() >= ROUND {
                looked = Instant::now();
                self.look_again();
            }
        }
        self.emit(&mut waiting, u64::MAX, sinks)?;
        let watched = std::mem::take(&mut self.watched);
        self.close(watched);
        let (totals, interfaces) = (&self.totals, &self.interfaces);
        for sink in sinks {
            sink.end(totals, interfaces)?;
        }
        Ok(self.totals)
    }

    /// Waits for packets; whether it is to end.
    fn wait(&mut self, time: Duration) -> bool {
        let time =
            Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() };
        let mut wanted: Vec<PollFd<'_>> = vec![PollFd::new(&self.signals, PollFlags::IN)];
        let rings = self.watched.iter().map(|watched| &watched.capture);
        wanted.extend(rings.map(|capture| PollFd::new(capture, PollFlags::IN)));
        // Interrupted is as good as nothing.
        let _ = poll(&mut wanted, Some(&time));
        drop(wanted);
        matches!(self.signals.read_signal(), Ok(Some(_)))
    }

    /// Takes what is in the rings; whether it is enough.
    fn drain(
        &mut self,
        waiting: &mut Vec<Seen<'static>>,
        horizon: u64,
        sinks: &mut [Box<dyn Sink + '_>],
    ) -> Result<bool, Error> {
        let alone = self.watched.len() == 1 && !self.plan.everywhere && waiting.is_empty();
        let mut gone = Vec::new();
        for (number, watched) in self.watched.iter_mut().enumerate() {
            let mut failed = Ok(());
            let (interfaces, tell) = (&mut self.interfaces, &mut *self.tell);
            let (totals, most) = (&mut self.totals, self.plan.count.unwrap_or(u64::MAX));
            let Watched { capture, namespace, label, names, interfaces: known, .. } = watched;
            let drained = capture.drain(|frame| {
                if failed.is_err() || totals.packets >= most && alone {
                    return;
                }
                let interface = *known.entry(frame.link).or_insert_with(|| {
                    interfaces.push(introduce(namespace, label, names, &frame, &mut *tell));
                    interfaces.len() - 1
                });
                let seen = seen(&frame, interface);
                if alone {
                    totals.packets += 1;
                    failed = sinks.iter_mut().try_for_each(|sink| sink.packet(&seen, interfaces));
                } else {
                    waiting.push(seen.owned());
                }
            });
            failed?;
            match drained {
                Ok(drained) if !drained.gone => {}
                Ok(_) => gone.push(number),
                Err(error) => {
                    (self.tell)(News::Failed(watched.label.clone(), error));
                    gone.push(number);
                }
            }
        }
        let gone: Vec<_> = gone.into_iter().rev().map(|gone| self.watched.remove(gone)).collect();
        self.say_farewell(gone);
        self.emit(waiting, horizon, sinks)?;
        Ok(self.plan.count.is_some_and(|count| self.totals.packets >= count))
    }

    /// Hands on what is older than the horizon, in the order of time.
    fn emit(
        &mut self,
        waiting: &mut Vec<Seen<'static>>,
        horizon: u64,
        sinks: &mut [Box<dyn Sink + '_>],
    ) -> Result<(), Error> {
        waiting.sort_by_key(|seen| seen.time);
        let ripe = waiting.partition_point(|seen| seen.time < horizon);
        for seen in waiting.drain(..ripe) {
            if self.plan.count.is_some_and(|count| self.totals.packets >= count) {
                break;
            }
            self.totals.packets += 1;
            for sink in &mut *sinks {
                sink.packet(&seen, &self.interfaces)?;
            }
        }
        for sink in sinks {
            sink.until(horizon, &self.interfaces)?;
        }
        Ok(())
    }

    /// Ends the captures of places that are held by nobody else, and begins with new ones if all are
    /// wanted.
    fn look_again(&mut self) {
        let Ok(found) = kernel::namespaces::all() else { return };
        let there: BTreeSet<u64> = found.iter().map(|found| found.inode).collect();
        let gone: Vec<_> =
            self.watched.extract_if(.., |watched| !there.contains(&watched.inode)).collect();
        self.say_farewell(gone);
        // Names are read only if there is a new one.
        if self.plan.everywhere && !there.iter().all(|inode| self.knows(*inode)) {
            let _ = self.take_in(&Places::of(found));
        }
    }

    fn knows(&self, inode: u64) -> bool {
        self.refused.contains(&inode) || self.watched.iter().any(|one| one.inode == inode)
    }

    /// Begins with all places that are new; that one cannot be captured is told once. If none can, the
    /// first reason is given.
    pub(super) fn take_in(&mut self, places: &Places) -> Result<(), kernel::Error> {
        let new = places.0.iter().filter(|place| !self.knows(place.inode));
        let new: Vec<_> =
            new.map(|place| Looked { place, label: &place.names[0].name, link: None }).collect();
        let mut failed = self.add(&new);
        if self.watched.is_empty() && !failed.is_empty() {
            return Err(failed.swap_remove(0).1);
        }
        for (label, error) in failed {
            (self.tell)(News::Failed(label, error));
        }
        let inodes = new.iter().map(|one| one.place.inode);
        let refused: Vec<_> = inodes.filter(|inode| !self.knows(*inode)).collect();
        self.refused.extend(refused);
        Ok(())
    }

    fn say_farewell(&mut self, gone: Vec<Watched>) {
        for watched in &gone {
            (self.tell)(News::Gone(watched.label.clone()));
        }
        self.close(gone);
    }

    /// Their counts are the last that is wanted of them.
    fn close(&mut self, watched: Vec<Watched>) {
        let mut captures = Vec::new();
        for mut watched in watched {
            let counts = watched.capture.counts().unwrap_or_default();
            self.totals.lost += counts.lost;
            let mut interfaces: Vec<_> = watched.interfaces.into_values().collect();
            interfaces.sort_unstable();
            self.totals.places.push((interfaces, counts.passed, counts.lost));
            captures.push(watched.capture);
        }
        each(captures, drop);
    }
}

/// Does the same with each, several at once: the kernel takes some ten milliseconds to open or close a
/// capture, all of them waiting.
fn each<T: Send, R: Send>(mut all: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let (chunk, work) = (all.len().div_ceil(AT_ONCE), &work);
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        while !all.is_empty() {
            let rest = all.split_off(chunk.min(all.len()));
            let chunk = std::mem::replace(&mut all, rest);
            threads.push(scope.spawn(move || chunk.into_iter().map(work).collect::<Vec<_>>()));
        }
        let done = threads.into_iter().map(|thread| thread.join());
        done.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64)
}

/// A link that packets come from for the first time.
fn introduce(
    namespace: &NetNs,
    label: &str,
    names: &[Name],
    frame: &Frame<'_>,
    tell: &mut dyn FnMut(News),
) -> Interface {
    let link = links(namespace.as_fd()).unwrap_or_default();
    let link = link.into_iter().find(|link| link.index == frame.link);
    let link = link.map_or_else(|| format!("#{}", frame.link), |link| link.name);
    let link_type = match Start::of_hardware(frame.hardware) {
        Some(Start::Ethernet) => ETHERNET,
        Some(Start::Ip) => RAW_IP,
        None => UNREAD,
    };
    if link_type == UNREAD {
        tell(News::Unreadable { link: link.clone(), place: label.to_owned() });
    }
    let names: Vec<_> = names.iter().map(Name::to_string).collect();
    let inode = kernel::netns::inode(namespace.as_fd()).unwrap_or_default();
    let comment = format!("{}; network namespace {inode}", names.join(", "));
    Interface { place: label.to_owned(), link, link_type, comment }
}

/// A frame as it was on the wire: a tag that the kernel took off is in it again.
fn seen<'a>(frame: &Frame<'a>, interface: usize) -> Seen<'a> {
    let (mut length, mut bytes) = (frame.length, Cow::Borrowed(frame.bytes));
    if let (Some(tag), Some((addresses, rest))) = (frame.tag, frame.bytes.split_at_checked(12)) {
        let (protocol, control) = (tag.protocol.to_be_bytes(), tag.control.to_be_bytes());
        bytes = Cow::Owned([addresses, &protocol, &control, rest].concat());
        length += 4;
    }
    Seen {
        time: frame.time,
        interface,
        outgoing: Some(frame.direction == Direction::Outgoing),
        length,
        bytes,
        checksum_to_come: frame.checksum_to_come,
    }
}
