//! One transaction: the batch is sent in one go and happens as a whole or not at all
//! (`nfnetlink_rcv_batch`).

use super::encode::{self, SetPath, header};
use super::numbers::{DATA_VERDICT, attribute as nfta, message, set_flag};
use crate::netlink::{ACK, Attributes, Message, Socket, Writer};
use crate::{Error, Refusal, Result};
use model::diff::NftChange;
use nix::errno::Errno;
use std::collections::BTreeMap;

/// Carries out the changes together. With a generation, only if nobody changed the ruleset since
/// it had that number (the error is then `ERESTART`, and nothing was done).
///
/// The error names the change that failed.
pub fn commit(
    socket: &mut Socket,
    changes: &[NftChange],
    generation: Option<u32>,
) -> Result<(), Failure> {
    let whole = |error| Failure { change: None, error };
    let verdict_maps = look_up(socket, changes).map_err(whole)?;
    let encoded = encode::changes(changes, &verdict_maps).map_err(whole)?;
    if encoded.messages.is_empty() {
        return Ok(());
    }
    match send(socket, &encoded.messages, generation).map_err(whole)? {
        None => Ok(()),
        Some((number, refusal)) => {
            let message = number.and_then(|number| encoded.messages.get(number));
            let subject = message.map_or("nftables transaction", |message| &message.subject);
            let change = number.and_then(|number| encoded.changes.get(number).copied());
            Err(Failure { change, error: refusal.of(subject) })
        }
    }
}

/// A transaction that did not happen.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    /// The number of the first change that the kernel refused, when it named one.
    pub change: Option<usize>,
    #[source]
    pub error: Error,
}

/// The first message refused and why; `None` for the number means the batch as a whole.
type Refused = (Option<usize>, Refusal);

/// Only the last message asks for an acknowledgement: errors come in any case, and the one answer
/// ends the wait.
fn send(
    socket: &mut Socket,
    messages: &[Message],
    generation: Option<u32>,
) -> Result<Option<Refused>> {
    let first = socket.take_sequences(messages.len() + 2);
    let mut bytes = Vec::with_capacity(messages.len() * 256);
    let mut begin = Writer::after(&header(0, message::SUBSYSTEM));
    if let Some(generation) = generation {
        begin.be32(nfta::BATCH_GENID, generation);
    }
    Message::new(message::BATCH_BEGIN, 0, begin.finish(), "").emit(0, first, &mut bytes);
    let mut starts = vec![0];
    let mut sequence = first;
    for (number, message) in messages.iter().enumerate() {
        sequence += 1;
        starts.push(bytes.len());
        let last = number + 1 == messages.len();
        message.emit(if last { ACK } else { 0 }, sequence, &mut bytes);
    }
    let end = header(0, message::SUBSYSTEM).to_vec();
    Message::new(message::BATCH_END, 0, end, "").emit(0, sequence + 1, &mut bytes);
    socket.send(&bytes)?;

    // Whatever the kernel has to say was queued within the send.
    let mut refused: Option<Refused> = None;
    let mut done = false;
    let mut more = true;
    while more {
        more = socket.receive_now(|answer| {
            let which = answer.sequence.wrapping_sub(first) as usize;
            let Some(start) = starts.get(which) else { return };
            match Socket::outcome(answer, bytes.get(*start..)) {
                Some(Ok(())) => done |= which == messages.len(),
                // What names a message says more than what is said of the whole.
                Some(Err(refusal)) if !matches!(refused, Some((Some(_), _))) => {
                    refused = Some((which.checked_sub(1), refusal));
                }
                _ => {}
            }
        })?;
    }
    if !done && refused.is_none() {
        refused = Some((None, Refusal::bare(Errno::EIO)));
    }
    Ok(refused)
}

/// Asks the kernel for the shape of sets that are only named.
fn look_up(socket: &mut Socket, changes: &[NftChange]) -> Result<BTreeMap<SetPath, bool>> {
    let mut shapes = BTreeMap::new();
    for path in encode::looked_up(changes) {
        let (family, table, name) = &path;
        let mut body = encode::body(*family);
        body.text(nfta::SET_TABLE, table);
        body.text(nfta::SET_NAME, name);
        let subject = format!("set {} {table} {name}", family.as_str());
        let answer = socket.get(&Message::new(message::GET_SET, 0, body.finish(), subject))?;
        let attributes = Attributes::after(&answer, 4);
        let number = |kind| attributes.get(kind).and_then(|value| value.be32());
        let is_map = number(nfta::SET_FLAGS).unwrap_or(0) & set_flag::MAP != 0;
        shapes.insert(path, is_map && number(nfta::SET_DATA_TYPE) == Some(DATA_VERDICT));
    }
    Ok(shapes)
}
