//! Echoes of a given size to many at once, and what came of each (RFC 792, RFC 4443).
//!
//! ```text
//! Echo { from, to, bytes } … ──▶ a raw socket for each source, "don't fragment" ──▶ the wire
//!                                        │ filter: our id alone
//! Outcome for each ◀── replies, ICMP errors, refusals of this host
//! ```
//!
//! Raw sockets, since what ICMP sockets may be used is a setting of the namespace's
//! (`net.ipv4.ping_group_range`) that is not ours. `IP_PMTUDISC_PROBE` sends what the link takes,
//! whatever the kernel believes of the path.
//!
//! A reply is as large as its request, but what is done to it on its way back is another matter: its
//! sender may let it be fragmented. Each side proves its own direction.

mod message;
mod socket;

use crate::netlink::{self, Protocol};
use crate::netns::socket_in;
use crate::{Error, Result};
use message::Found;
use model::cluster::{Echo, Outcome, Source};
use model::explain::Unsent;
use model::net::Family;
use nix::errno::Errno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket::Raw;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// Echoes are told apart by the 16 bits of a sequence number.
const AT_ONCE: usize = 1 << 16;
/// So many are sent in a row, and then a pause: a card's queue holds about 1,000 packets.
const BATCH: usize = 32;
const PAUSE: Duration = Duration::from_millis(1);

/// Sends the echoes from a namespace, all together, and waits for each at most so long. The outcomes
/// are in the echoes' order. An error is one of the means; what becomes of an echo is an outcome.
pub fn echoes(
    namespace: BorrowedFd<'_>,
    echoes: &[Echo],
    patience: Duration,
) -> Result<Vec<Outcome>> {
    echoes_with_a_look(namespace, echoes, patience, patience, |_, _| {})
}

/// The same, with a look in between: what is known after a while, by the number of the first echo it
/// is about, if not everything is. Of a silent one and one that answers at once, the second need not
/// wait for the first.
pub fn echoes_with_a_look(
    namespace: BorrowedFd<'_>,
    echoes: &[Echo],
    patience: Duration,
    after: Duration,
    mut look: impl FnMut(usize, &[Option<Outcome>]),
) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(echoes.len());
    for some in echoes.chunks(AT_ONCE) {
        let first = outcomes.len();
        let round = Round::open(namespace, some)?;
        outcomes.extend(round.run(patience, after, |known| look(first, known))?);
    }
    Ok(outcomes)
}

/// Echoes under way together.
struct Round<'e> {
    namespace: BorrowedFd<'e>,
    echoes: &'e [Echo],
    sockets: BTreeMap<(&'e Source, Family), Raw>,
    /// By echo: when it was sent, and what came of it.
    sent: Vec<Option<Instant>>,
    outcomes: Vec<Option<Outcome>>,
    undecided: usize,
    /// What tells ours from others' echoes, and from ours of before.
    id: u16,
    cookie: u64,
    /// For the question what a link takes, opened when it is asked.
    route: Option<netlink::Socket>,
}

impl<'e> Round<'e> {
    fn open(namespace: BorrowedFd<'e>, echoes: &'e [Echo]) -> Result<Self> {
        let cookie = RandomState::new().build_hasher().finish();
        let mut round = Self {
            namespace,
            echoes,
            sockets: BTreeMap::new(),
            sent: vec![None; echoes.len()],
            outcomes: vec![None; echoes.len()],
            undecided: echoes.len(),
            id: (cookie >> 48) as u16,
            cookie,
            route: None,
        };
        let mut unusable: BTreeMap<(&Source, Family), Unsent> = BTreeMap::new();
        for (number, Echo { from, to, .. }) in echoes.iter().enumerate() {
            let key = (from, Family::of(*to));
            if !round.sockets.contains_key(&key) && !unusable.contains_key(&key) {
                match Raw::open(namespace, key.1, from, round.id)? {
                    Ok(socket) => _ = round.sockets.insert(key, socket),
                    Err(why) => _ = unusable.insert(key, why),
                }
            }
            if let Some(why) = unusable.get(&key) {
                round.decide(number, Outcome::NotSent { why: why.clone() });
            }
        }
        Ok(round)
    }

    fn decide(&mut self, number: usize, outcome: Outcome) {
        if let Some(open @ None) = self.outcomes.get_mut(number) {
            *open = Some(outcome);
            self.undecided -= 1;
        }
    }

    fn run(
        mut self,
        patience: Duration,
        after: Duration,
        look: impl FnOnce(&[Option<Outcome>]),
    ) -> Result<Vec<Outcome>> {
        let mut end = Instant::now() + patience;
        for number in 0..self.echoes.len() {
            if self.outcomes[number].is_none() {
                self.send(number, Instant::now() + patience)?;
                end = Instant::now() + patience;
            }
            if (number + 1).is_multiple_of(BATCH) {
                self.wait(Instant::now() + PAUSE)?;
            }
        }
        self.wait(end - patience.saturating_sub(after))?;
        if self.undecided > 0 {
            look(&self.outcomes);
            self.wait(end)?;
        }
        let outcomes = self.outcomes.into_iter();
        Ok(outcomes.map(|outcome| outcome.unwrap_or(Outcome::Silent)).collect())
    }

    fn send(&mut self, number: usize, until: Instant) -> Result<()> {
        let Echo { from, to, bytes } = &self.echoes[number];
        let family = Family::of(*to);
        let Some(socket) = self.sockets.get(&(from, family)) else { return Ok(()) };
        let sequence = u16::try_from(number).unwrap_or(u16::MAX);
        let packet = message::request(family, self.id, sequence, self.cookie, *bytes);
        let why = loop {
            self.sent[number] = Some(Instant::now());
            match socket.send(&packet, *to) {
                Ok(()) => return Ok(()),
                // The queues are full.
                Err(Errno::EAGAIN | Errno::ENOBUFS) if Instant::now() < until => {
                    std::thread::sleep(PAUSE);
                }
                Err(Errno::EMSGSIZE) => match self.link_takes(number)? {
                    Some(mtu) => {
                        self.decide(number, Outcome::LinkTakes { mtu });
                        return Ok(());
                    }
                    None => break Unsent::Other { errno: Errno::EMSGSIZE as i32 },
                },
                Err(errno) => break socket::unsent(errno),
            }
        };
        self.decide(number, Outcome::NotSent { why });
        Ok(())
    }

    /// Takes in what comes, until then or until all is decided.
    fn wait(&mut self, until: Instant) -> Result<()> {
        while self.undecided > 0 && !self.sockets.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).map_err(|_| Error::Unfit {
                subject: "a timeout".into(),
                why: "too long".into(),
            })?;
            let mut ready: Vec<_> =
                self.sockets.values().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
            match poll(&mut ready, Some(&timeout)) {
                Ok(0) => return Ok(()),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Error::io("wait for echoes")(error)),
            }
            drop(ready);
            self.take()?;
        }
        Ok(())
    }

    fn take(&mut self) -> Result<()> {
        let mut came = Vec::new();
        for ((_, family), socket) in &self.sockets {
            socket.receive(|bytes, by| {
                came.extend(message::read(*family, bytes, by).map(|found| (found, Instant::now())));
            })?;
        }
        for (found, at) in came {
            let number = usize::from(found.sequence());
            let Some(echo) = self.echoes.get(number) else { continue };
            let Some(sent) = self.sent[number] else { continue };
            match found {
                Found::Reply { id, cookie, by, .. }
                    if (id, cookie, by) == (self.id, self.cookie, echo.to) =>
                {
                    let took = at.saturating_duration_since(sent).as_micros();
                    let microseconds = u64::try_from(took).unwrap_or(u64::MAX);
                    self.decide(number, Outcome::Answered { microseconds });
                }
                Found::Error { id, to, outcome, .. } if (id, to) == (self.id, echo.to) => {
                    self.decide(number, outcome);
                }
                Found::Reply { .. } | Found::Error { .. } => {}
            }
        }
        Ok(())
    }

    /// What the link takes that the echo would go by.
    fn link_takes(&mut self, number: usize) -> Result<Option<u32>> {
        let Echo { from, to, .. } = &self.echoes[number];
        let route = match &mut self.route {
            Some(route) => route,
            empty => empty.insert(socket_in(self.namespace, Protocol::Route)?),
        };
        socket::link_mtu(route, from, *to)
    }
}

#[cfg(test)]
mod tests;
