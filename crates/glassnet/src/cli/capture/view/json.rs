//! Packets as one JSON document, which is written as they come: a packet a line, so that a program can
//! read along.

use super::{Sighting, View};
use crate::cli::capture::seen::{Interface, Totals};
use crate::cli::error::Error;
use crate::cli::output::Output;
use model::packet::{Found, summary};
use serde_json::{Value, json};

pub(in crate::cli::capture) struct Json<'a> {
    out: &'a Output,
    begun: bool,
}

impl<'a> Json<'a> {
    pub(in crate::cli::capture) fn new(out: &'a Output) -> Self {
        Self { out, begun: false }
    }
}

impl View for Json<'_> {
    fn take(&mut self, packets: Vec<Vec<Sighting>>, interfaces: &[Interface]) -> Result<(), Error> {
        let mut text = String::new();
        for packet in &packets {
            text.push_str(if self.begun { ",\n" } else { "{\"packets\": [\n" });
            self.begun = true;
            text.push_str(&document(packet, interfaces).to_string());
        }
        if text.is_empty() { Ok(()) } else { self.out.raw(&text) }
    }

    fn end(&mut self, totals: &Totals, _: &[Interface]) -> Result<(), Error> {
        let before = if self.begun { "\n" } else { "{\"packets\": [" };
        let (captured, lost) = (totals.packets, totals.lost);
        self.out.raw(&format!("{before}],\n\"captured\": {captured}, \"lost\": {lost}}}\n"))
    }
}

fn document(packet: &[Sighting], interfaces: &[Interface]) -> Value {
    let Some(first) = packet.first() else { return Value::Null };
    let sightings: Vec<Value> = packet
        .iter()
        .map(|sighting| {
            let interface = &interfaces[sighting.seen.interface];
            let (tunnels, _) = summary::way(&sighting.dissection);
            json!({
                "time": sighting.seen.time,
                "place": interface.place,
                "link": interface.link,
                "outgoing": sighting.seen.outgoing,
                "length": sighting.seen.length,
                "kept": sighting.seen.bytes.len(),
                "tunnels": tunnels,
                "layers": sighting.dissection.layers.iter().map(layer).collect::<Vec<_>>(),
                "ends_early": sighting.dissection.end.as_ref().map(|(at, why)| {
                    json!({ "byte": at, "why": why.to_string() })
                }),
            })
        })
        .collect();
    json!({ "summary": summary::line(&first.dissection), "sightings": sightings })
}

fn layer(found: &Found) -> Value {
    let fields: Vec<Value> = found
        .layer
        .fields()
        .iter()
        .map(|field| {
            let bytes = [field.bytes.start, field.bytes.end];
            json!({ "name": field.name, "bytes": bytes, "value": field.value })
        })
        .collect();
    let bytes = [found.bytes.start, found.bytes.end];
    json!({ "protocol": found.layer.name(), "bytes": bytes, "fields": fields })
}
