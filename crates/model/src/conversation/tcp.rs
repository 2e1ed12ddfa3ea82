//! A TCP connection: where each side is in its sequence, and what that tells of a segment (RFC 9293
//! §3.4, §3.8).

use super::{Conversation, Event, From, Note};
use crate::packet::tcp::{Tcp, flag};
use crate::packet::{Found, Layer, summary};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Of the client and of the server.
    sides: [Side; 2],
    /// When the last SYN was sent, until the connection stands.
    begun: Option<u64>,
    stands: bool,
    reset: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Side {
    /// The number of its SYN.
    first: Option<u32>,
    /// What it sends next.
    next: Option<u32>,
}

pub(super) fn header(layers: &[Found]) -> Option<&Tcp> {
    layers.iter().find_map(|found| match &found.layer {
        Layer::Tcp(header) => Some(header),
        _ => None,
    })
}

pub(super) fn is_syn(header: &Tcp) -> bool {
    header.has(flag::SYN)
}

pub(super) fn acknowledges(header: &Tcp) -> bool {
    header.has(flag::ACK)
}

/// Whether a number is before another, where they wrap.
fn before(one: u32, other: u32) -> bool {
    one.wrapping_sub(other).cast_signed() < 0
}

impl State {
    /// Whether this is a SYN of another connection between the same ports: one sent again has the same
    /// number.
    pub(super) fn is_over(&self, header: &Tcp, from_client: bool) -> bool {
        let begins = is_syn(header) && !acknowledges(header);
        let other = self.sides[0].first.is_some_and(|first| first != header.sequence);
        begins && (other || !from_client)
    }
}

impl Conversation {
    pub(super) fn add_segment(
        &mut self,
        time: u64,
        from: From,
        header: &Tcp,
        bytes: u64,
        speech: Option<String>,
    ) {
        let side = usize::from(from != From::Client);
        let mut notes = Vec::new();
        self.follow(side, header, bytes, &mut notes);
        let bare = bytes == 0 && header.flags & (flag::SYN | flag::FIN | flag::RST) == 0;
        let stands = self.tcp.stands;
        self.progress(time, side, header, &mut notes);
        if header.window == 0 && !header.has(flag::RST) && !is_syn(header) {
            notes.push(Note::ZeroWindow);
        }
        // An acknowledgement and nothing else.
        if bare && notes.is_empty() && (stands || self.events.is_empty()) {
            return;
        }
        let said = match speech {
            Some(speech) => speech,
            None if bytes == 0 || header.flags & (flag::SYN | flag::FIN | flag::RST) != 0 => {
                summary::flags(header)
            }
            None => String::new(),
        };
        if said.is_empty()
            && notes.is_empty()
            && let Some(last) = self.events.last_mut()
            && last.from == from
            && last.said.is_empty()
            && last.notes.is_empty()
        {
            last.bytes += bytes;
            last.packets += 1;
            return;
        }
        self.events.push(Event { time, from, said, bytes, packets: 1, notes });
    }

    /// Where the segment stands in what its side sends.
    fn follow(&mut self, side: usize, header: &Tcp, bytes: u64, notes: &mut Vec<Note>) {
        let side = &mut self.tcp.sides[side];
        let takes = bytes as u32 + u32::from(is_syn(header)) + u32::from(header.has(flag::FIN));
        let end = header.sequence.wrapping_add(takes);
        let Some(next) = side.next else {
            side.next = Some(end);
            return;
        };
        if bytes <= 1
            && takes <= 1
            && header.sequence == next.wrapping_sub(1)
            && !is_syn(header)
            && !header.has(flag::FIN)
        {
            // Its last byte once more, or none: only an answer is wanted.
            if bytes == 1 || !header.has(flag::RST) {
                notes.push(Note::KeepAlive);
            }
            return;
        }
        if takes > 0 && !before(next, end) {
            notes.push(Note::Retransmission);
        } else if takes > 0 && before(next, header.sequence) {
            notes.push(Note::Gap(header.sequence.wrapping_sub(next)));
        }
        if before(next, end) {
            side.next = Some(end);
        }
    }

    /// Where the connection stands.
    fn progress(&mut self, time: u64, side: usize, header: &Tcp, notes: &mut Vec<Note>) {
        let state = &mut self.tcp;
        if is_syn(header) {
            state.sides[side].first = Some(header.sequence);
            if side == 0 && state.begun.is_none() {
                state.begun = Some(time);
            }
        }
        if header.has(flag::RST) {
            let refused = side == 1 && !state.stands && state.sides[1].first.is_none();
            notes.push(if refused { Note::Refused } else { Note::Reset });
            state.reset = true;
        }
        let both = state.sides.iter().all(|side| side.first.is_some());
        if both && side == 0 && acknowledges(header) && !state.stands && !state.reset {
            state.stands = true;
            notes.push(Note::Established(time.saturating_sub(state.begun.unwrap_or(time))));
        }
        // Of one that was not seen from its start, acknowledgements are as dull.
        if state.sides.iter().all(|side| side.first.is_none()) && !is_syn(header) {
            state.stands = true;
        }
    }
}
