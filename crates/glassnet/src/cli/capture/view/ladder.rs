//! Conversations as ladders: who said what, when, and what went wrong; the client on the left.
//!
//! They are drawn when the capture ends, since only then it is known which packets belong together.

use super::{Sighting, View, clock, plain, span};
use crate::cli::capture::seen::{Interface, Totals};
use crate::cli::error::Error;
use crate::cli::output::Output;
use crate::cli::table::width;
use model::conversation::{Conversation, Conversations, End, Event, From, Note};
use model::explain::{LadderText, Language};
use model::packet::protocol;
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(in crate::cli::capture) struct Ladders<'a> {
    out: &'a Output,
    conversations: Conversations,
    /// Where the packets of each were seen, the first place first.
    places: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Ladders<'a> {
    pub(in crate::cli::capture) fn new(out: &'a Output) -> Self {
        Self { out, conversations: Conversations::default(), places: BTreeMap::new() }
    }
}

impl View for Ladders<'_> {
    fn take(&mut self, packets: Vec<Vec<Sighting>>, _: &[Interface]) -> Result<(), Error> {
        for packet in packets {
            // One sighting speaks for all: before or behind a translation of addresses, as the packets
            // before it were.
            let known = packet.iter().find(|one| self.conversations.knows(&one.dissection));
            let Some(spoken) = known.or_else(|| packet.first()) else { continue };
            let time = packet.first().map_or(0, |first| first.seen.time);
            let Some(number) = self.conversations.add(time, &spoken.dissection) else { continue };
            let places = self.places.entry(number).or_default();
            for sighting in &packet {
                if !places.contains(&sighting.seen.interface) {
                    places.push(sighting.seen.interface);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, _: &Totals, interfaces: &[Interface]) -> Result<(), Error> {
        let language = self.out.language;
        let mut text = String::new();
        for (number, conversation) in self.conversations.all().iter().enumerate() {
            if number > 0 {
                text.push('\n');
            }
            let places = self.places.get(&number).map_or(&[][..], |places| places);
            let names: Vec<_> =
                places.iter().map(|place| plain(&interfaces[*place].name())).collect();
            draw(conversation, &names, language, &mut text);
        }
        if text.is_empty() {
            text = format!("{}\n", LadderText::NoConversations.say(language));
        }
        self.out.raw(&text)
    }
}

/// Columns of time and of arrows.
const TIME: usize = 13;
const ARROW: usize = 46;

pub(super) fn draw(
    conversation: &Conversation,
    places: &[String],
    language: Language,
    text: &mut String,
) {
    let name = match conversation.protocol {
        protocol::TCP => "TCP",
        protocol::UDP => "UDP",
        protocol::ICMP => "ICMP",
        _ => "ICMPv6",
    };
    let echo = matches!(conversation.protocol, protocol::ICMP | protocol::ICMPV6);
    // An identifier is no port.
    let end = |end: End| if echo { end.address.to_string() } else { end.to_string() };
    let began = conversation.events.first().map_or(0, |event| event.time);
    let seen: Vec<&str> =
        places.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let _ = writeln!(text, "{} {name} {}", clock(began), seen.join(", "));
    let (client, server) = (end(conversation.client), end(conversation.server));
    let between = ARROW.saturating_sub(client.len() + server.len());
    let _ = writeln!(text, "{:TIME$}  {client}{}{server}", "", " ".repeat(between.max(2)));
    let mut before = began;
    for event in &conversation.events {
        let time = match event.time == began {
            true => span(0),
            false => format!("+{}", span(event.time.saturating_sub(before))),
        };
        before = event.time;
        let notes = notes(event, language);
        let line = format!("{time:>TIME$}  {}  {notes}", arrow(event, language));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let totals = LadderText::Totals {
        sent: conversation.packets[0],
        sent_bytes: conversation.bytes[0],
        received: conversation.packets[1],
        received_bytes: conversation.bytes[1],
    };
    let _ = writeln!(text, "{:TIME$}  {}", "", totals.say(language));
}

fn arrow(event: &Event, language: Language) -> String {
    let data = match (event.bytes, event.packets) {
        (0, _) => None,
        (bytes, 1) => Some(LadderText::Data { bytes }),
        (bytes, packets) => Some(LadderText::Segments { bytes, packets }),
    };
    let data = data.map(|data| data.say(language));
    // What UDP says of its size is in its line already.
    let label = match (&event.said[..], data) {
        ("", data) => data.unwrap_or_default(),
        (said, Some(data)) if !said.starts_with("UDP") && !said.starts_with("ICMP") => {
            format!("{said}, {data}")
        }
        (said, _) => said.to_owned(),
    };
    let label = plain(&label);
    let label = match event.from {
        From::Other(address) => format!("{address}: {label}"),
        _ => label,
    };
    let fill = ARROW.saturating_sub(width(&label) + 7);
    match event.from {
        From::Client => format!("─── {label} {}▶", "─".repeat(fill + 1)),
        From::Server => format!("◀{} {label} ───", "─".repeat(fill + 1)),
        From::Other(_) => format!("╳   {label} {}", " ".repeat(fill + 2)),
    }
}

fn notes(event: &Event, language: Language) -> String {
    let note = |note: &Note| match *note {
        Note::Retransmission => LadderText::Retransmission,
        Note::Gap(bytes) => LadderText::Gap { bytes },
        Note::Established(took) => LadderText::Established { took: span(took) },
        Note::ZeroWindow => LadderText::ZeroWindow,
        Note::KeepAlive => LadderText::KeepAlive,
        Note::Refused => LadderText::Refused,
        Note::Reset => LadderText::Reset,
    };
    let notes: Vec<_> = event.notes.iter().map(|one| note(one).say(language)).collect();
    notes.join(", ")
}
