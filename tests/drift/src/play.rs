//! Plays a case: builds it, and for each packet predicts, sends, watches and compares.

use crate::build::{self, Network};
use crate::case::{Case, Kind, Packet};
use crate::compare::{Difference, Observed, Verdict, compare};
use crate::counters::Counters;
use crate::error::{Error, Result};
use crate::expect::expected;
use crate::parse::Sign;
use crate::predict::{Predicted, Reader, predict};
use crate::sockets::{Listeners, Sender};
use crate::watch::{Seen, Watch};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

/// What became of one packet.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub packet: usize,
    pub predicted: Predicted,
    pub observed: Observed,
    pub verdict: Verdict,
}

impl Outcome {
    /// All of it for people; what agrees in a line.
    pub fn in_words(&self, packet: &Packet) -> String {
        let mut words = format!("{}: ", self.packet);
        let difference = match &self.verdict {
            Verdict::Agrees { arrives: true } => return words + "agrees, arrives",
            Verdict::Agrees { arrives: false } => {
                return format!("{words}agrees, {:?}", self.predicted.there.end);
            }
            Verdict::Unknown { why } => return format!("{words}unknown: {why}"),
            Verdict::Disagrees(difference) => difference,
        };
        let _ = writeln!(words, "{difference}\n  {packet:?}");
        let ways = [
            ("there", Some(&self.predicted.there), &self.observed.there),
            ("back", self.predicted.back.as_ref(), &self.observed.back),
        ];
        for (way, predicted, observed) in ways {
            let Some(path) = predicted else { continue };
            let _ = writeln!(words, "  {way}, predicted to end: {:?}", path.end);
            for step in expected(path).sightings {
                let _ = writeln!(words, "    predicted {}", step.sighting);
            }
            for sighting in observed {
                let _ = writeln!(words, "    observed  {sighting}");
            }
        }
        let observed = &self.observed;
        let _ = write!(
            words,
            "  refused {:?}, received {:?}, taken {:?}, answered {}",
            observed.refused, observed.received, observed.taken, observed.answered
        );
        words
    }
}

/// A packet that stops is known by a silence this long.
const QUIET: Duration = Duration::from_millis(25);
/// One that arrived may yet be seen somewhere where it is not to be.
const BREATH: Duration = Duration::from_millis(3);
/// What differs is given this long to come right: the machine may be busy.
const PATIENCE: Duration = Duration::from_millis(400);

/// A little less than after what time a SYN is sent again (`TCP_TIMEOUT_INIT`), in nanoseconds.
const AGAIN: u64 = 900_000_000;

/// UDP ports of the tunnels in a case.
fn tunnels(case: &Case) -> Vec<u16> {
    let lines = case.spaces.iter().flat_map(|space| &space.ip).filter(|l| l.contains("vxlan"));
    let port = |line: &String| {
        let mut words = line.split(' ').skip_while(|word| *word != "dstport");
        words.nth(1)?.parse().ok()
    };
    let mut ports: Vec<u16> = lines.filter_map(port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Plays all packets of the case. Each outcome goes to `each` with what was read for it.
pub fn play(
    case: &Case,
    mut each: impl FnMut(&Outcome, &mut dyn Iterator<Item = Read<'_>>),
) -> Result<()> {
    let network = build::build(case)?;
    let listeners = Listeners::open(&network, case)?;
    let mut watch = Watch::open(&network, tunnels(case))?;
    let mut reader = Reader::new(&network);
    let mut opened = BTreeSet::new();
    for (place, packet) in case.packets.iter().enumerate() {
        let predicted = predict(&mut reader, packet)?;
        let number = u32::try_from(place).unwrap_or(u32::MAX);
        let mut stage = Stage {
            network: &network,
            listeners: &listeners,
            watch: &mut watch,
            opened: &mut opened,
            packet,
            number,
        };
        let (observed, verdict) = stage.play(&predicted)?;
        let outcome = Outcome { packet: place, predicted, observed, verdict };
        each(&outcome, &mut reader.kept());
    }
    Ok(())
}

/// A part of a namespace that the walk asked for.
pub type Read<'r> = (
    &'r model::host::NamespaceId,
    &'r model::path::Part,
    &'r model::host::Namespace<model::host::Unknown>,
);

struct Stage<'s> {
    network: &'s Network,
    listeners: &'s Listeners,
    watch: &'s mut Watch,
    /// Sequence numbers of SYNs before this packet: one may have waited for a neighbour.
    opened: &'s mut BTreeSet<u32>,
    packet: &'s Packet,
    number: u32,
}

impl Stage<'_> {
    fn play(&mut self, predicted: &Predicted) -> Result<(Observed, Verdict)> {
        let counters = Counters::before(self.network, self.packet, predicted)?;
        // What is left of the packet before.
        self.watch.look()?;
        self.listeners.look();
        let from = self.network.space(&self.packet.space)?;
        let (mut sender, sent) = Sender::send(from.as_fd(), self.packet, self.number)?;
        let mut observed =
            Observed { refused: sent.err().map(|errno| errno.to_string()), ..Observed::default() };
        let mut seen = Vec::new();
        // Time that was waited, not that went by: on a busy machine much goes by in which nobody acts.
        let (mut idle, mut spent) = (Duration::ZERO, Duration::ZERO);
        loop {
            if self.gather(&mut sender, &mut seen, &mut observed)? {
                idle = Duration::ZERO;
            }
            let verdict = compare(predicted, &observed);
            let enough = match (&verdict, observed.answered) {
                (Verdict::Agrees { .. }, true) => BREATH,
                _ => QUIET,
            };
            if idle >= enough {
                let verdict = match verdict {
                    Verdict::Disagrees(Difference::Seen { .. }) => verdict,
                    _ => self.settle(predicted, &counters, &mut observed)?,
                };
                if spent >= PATIENCE || !matches!(verdict, Verdict::Disagrees(_)) {
                    self.opened.extend(seen.iter().filter_map(|seen| match seen.sign {
                        Sign::Opens(sequence) => Some(sequence),
                        _ => None,
                    }));
                    return Ok((observed, verdict));
                }
                idle = Duration::ZERO;
            }
            let wait = enough.saturating_sub(idle).max(Duration::from_millis(1));
            let begun = Instant::now();
            self.wait(&sender, wait)?;
            let waited = begun.elapsed().min(wait);
            idle += waited;
            spent += waited;
        }
    }

    /// The verdict with what the kernel's counters say, which takes long to read.
    fn settle(
        &self,
        predicted: &Predicted,
        counters: &Counters<'_>,
        observed: &mut Observed,
    ) -> Result<Verdict> {
        if observed.taken.is_empty() {
            let last = observed.there.last().and_then(|seen| seen.packet.ports());
            let port = last.map_or(self.packet.from_port, |(_, from, _)| from);
            observed.taken.extend(counters.taken(self.packet.kind, port)?);
        }
        Ok(compare(predicted, observed))
    }

    /// Takes in what has happened; whether anything has. Namespaces tell of what they saw at their own
    /// times, so all of it is put in order again.
    fn gather(
        &mut self,
        sender: &mut Sender,
        seen: &mut Vec<Seen>,
        observed: &mut Observed,
    ) -> Result<bool> {
        let before = (seen.len(), observed.received.len(), observed.answered);
        seen.extend(self.watch.look()?);
        seen.sort_by_key(|seen| seen.time);
        self.sort_out(seen, observed);
        for received in self.listeners.look() {
            let ours = match (self.packet.kind, received.number) {
                (Kind::Udp(_), Some(number)) => number == self.number,
                (Kind::Tcp(_), None) => true,
                _ => false,
            };
            if ours && !observed.received.contains(&received) {
                observed.received.push(received);
            }
        }
        observed.answered |= observed.refused.is_none() && sender.is_answered();
        Ok(before != (seen.len(), observed.received.len(), observed.answered))
    }

    /// Which of what was seen is the packet, and which its answer.
    fn sort_out(&self, seen: &[Seen], observed: &mut Observed) {
        // Packets are sent one by one: the first connection that is new is this one.
        let first = seen.iter().find_map(|seen| match seen.sign {
            Sign::Opens(sequence) if !self.opened.contains(&sequence) => {
                Some((sequence, seen.time))
            }
            _ => None,
        });
        let opening = first.map(|(sequence, _)| sequence);
        // On a busy machine the wait may be so long that a SYN or its answer is sent again.
        let again = first.map_or(u64::MAX, |(_, time)| time + AGAIN);
        let seen = || seen.iter().filter(|seen| seen.time < again);
        let way = |seen: &&Seen| match (self.packet.kind, seen.sign) {
            (Kind::Udp(_) | Kind::Echo, Sign::Cookie { number, answer }) => {
                (number == self.number).then_some(answer)
            }
            (Kind::Tcp(_), Sign::Opens(sequence)) => (Some(sequence) == opening).then_some(false),
            (Kind::Tcp(_), Sign::Accepts(sequence)) => (Some(sequence) == opening).then_some(true),
            _ => None,
        };
        let of = |answer: bool| {
            let wanted = seen().filter(move |seen| way(seen) == Some(answer));
            wanted.map(|seen| seen.sighting.clone()).collect::<Vec<_>>()
        };
        (observed.there, observed.back) = (of(false), of(true));
        // Where an answer is seen first, there it was made.
        observed.taken = match (self.packet.kind, &observed.back[..]) {
            (Kind::Tcp(_) | Kind::Echo, [first, ..]) => vec![first.namespace.clone()],
            _ => Vec::new(),
        };
    }

    fn wait(&self, sender: &Sender, most: Duration) -> Result<()> {
        let sockets = self.watch.descriptors().chain(self.listeners.descriptors());
        let mut waiting: Vec<_> =
            sockets.map(|socket| PollFd::from_borrowed_fd(socket, PollFlags::IN)).collect();
        if !matches!(self.packet.kind, Kind::Tcp(_)) {
            waiting.push(PollFd::from_borrowed_fd(sender.as_fd(), PollFlags::IN));
        }
        let most = Timespec::try_from(most.max(Duration::from_millis(1)));
        match poll(&mut waiting, most.as_ref().ok()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(errno) => Err(Error::system("wait for packets")(errno)),
        }
    }
}
