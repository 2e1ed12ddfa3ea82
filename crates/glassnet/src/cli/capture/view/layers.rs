//! A packet as nested envelopes: each layer in the one that carries it, each field with the bytes it
//! lies in.

use super::{clock, headline, plain};
use crate::cli::capture::seen::{Interface, Seen, Sink, Totals};
use crate::cli::error::Error;
use crate::cli::output::Output;
use model::explain::{LadderText, Language};
use model::packet::{Dissection, Field, Layer, Value, checksum};
use std::fmt::Write as _;

pub(in crate::cli::capture) struct Layers<'a> {
    out: &'a Output,
}

impl<'a> Layers<'a> {
    pub(in crate::cli::capture) fn new(out: &'a Output) -> Self {
        Self { out }
    }
}

impl Sink for Layers<'_> {
    fn packet(&mut self, seen: &Seen<'_>, interfaces: &[Interface]) -> Result<(), Error> {
        let interface = &interfaces[seen.interface];
        self.out.raw(&draw(seen, interface, self.out.language))
    }

    fn end(&mut self, _: &Totals, _: &[Interface]) -> Result<(), Error> {
        Ok(())
    }
}

/// Columns of a field's name and of its value, and bytes in a line of bytes.
const NAME: usize = 30;
const VALUE: usize = 26;
const ROW: usize = 16;
/// Bytes of a payload that are shown.
const SHOWN: usize = 256;

pub(super) fn draw(seen: &Seen<'_>, interface: &Interface, language: Language) -> String {
    let dissection = seen.dissect(interface);
    let mut text = format!("{} {}", clock(seen.time), plain(&interface.name()));
    let (kept, length) = (seen.bytes.len(), seen.length);
    let _ = writeln!(text, " {}", headline(seen, &dissection));
    if kept < length as usize {
        let _ = writeln!(text, "  {}", LadderText::CutTo { kept, length }.say(language));
    }
    if dissection.layers.is_empty() {
        rows(&mut text, "  ", &seen.bytes);
    }
    let depth = envelopes(&mut text, seen, &dissection, language);
    for closing in (0..depth).rev() {
        let _ = writeln!(text, "{}└", "│ ".repeat(closing));
    }
    text.push('\n');
    text
}

/// Opens an envelope for each layer; gives how many are open at the end.
fn envelopes(
    text: &mut String,
    seen: &Seen<'_>,
    dissection: &Dissection,
    language: Language,
) -> usize {
    let mut depth = 0;
    let layers: Vec<Layer> = dissection.layers.iter().map(|found| found.layer.clone()).collect();
    for (place, found) in dissection.layers.iter().enumerate() {
        let bytes = seen.bytes.get(found.bytes.clone()).unwrap_or_default();
        let bars = "│ ".repeat(depth);
        let (from, to) = (found.bytes.start, found.bytes.end);
        let _ = writeln!(text, "{bars}┌ {}  [{from}..{to}]", found.layer.name());
        if let Layer::Payload(_) | Layer::Padding(_) = found.layer {
            rows(text, &format!("{bars}│   "), bytes);
        } else {
            for field in found.layer.fields() {
                let said = value(&field);
                let its: Vec<String> = bytes
                    .get(field.bytes.clone())
                    .unwrap_or_default()
                    .iter()
                    .take(ROW)
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                let note = match field.name.ends_with(".checksum") {
                    true => sum(seen, &layers, place, language),
                    false => String::new(),
                };
                let line =
                    format!("{bars}│   {:NAME$} {said:VALUE$} {}{note}", field.name, its.join(" "));
                let _ = writeln!(text, "{}", line.trim_end());
            }
        }
        depth += 1;
    }
    depth
}

/// Whether a checksum is as it should be.
fn sum(seen: &Seen<'_>, layers: &[Layer], place: usize, language: Language) -> String {
    let (Some(is), Some(wanted)) = (checksum::is(&layers[place]), checksum::wanted(layers, place))
    else {
        return String::new();
    };
    let none = matches!(layers[place], Layer::Udp(_)) && is == 0;
    let text = if is == wanted {
        LadderText::ChecksumRight
    } else if none {
        return String::new();
    } else if seen.checksum_to_come || checksum::unfinished(layers, place) == Some(is) {
        LadderText::ChecksumToCome
    } else {
        LadderText::ChecksumWrong { wanted: format!("{wanted:#06x}") }
    };
    format!("  ({})", text.say(language))
}

/// Numbers that people know in hexadecimal are shown so too.
fn value(field: &Field) -> String {
    let hexadecimal = [".checksum", ".type", ".id", ".flags", "_raw", ".flow"];
    match &field.value {
        Value::Number(number) if hexadecimal.iter().any(|end| field.name.ends_with(end)) => {
            format!("{number} ({number:#x})")
        }
        value => value.to_string().escape_debug().to_string(),
    }
}

/// Bytes as hexadecimal digits and as what can be printed of them.
fn rows(text: &mut String, before: &str, bytes: &[u8]) {
    for (number, row) in bytes[..bytes.len().min(SHOWN)].chunks(ROW).enumerate() {
        let digits: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let plain: String = row
            .iter()
            .map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        let _ = writeln!(text, "{before}{:4x}  {:47}  {plain}", number * ROW, digits.join(" "));
    }
    if bytes.len() > SHOWN {
        let _ = writeln!(text, "{before}      … {} more", bytes.len() - SHOWN);
    }
}
