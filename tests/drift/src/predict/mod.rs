//! What the model says of a packet, from what the kernel says of the namespaces right now.
//!
//! All namespaces of a case are one machine to the walk: cables between "hosts" are veth pairs whose
//! ends it finds by itself.

mod read;

pub(crate) use read::Reader;

use crate::case::{Kind, Packet};
use crate::error::Result;
use model::host::NamespaceId;
use model::path::{self, Asked, Origin, Path, Question};

/// The name that the machine has in paths.
const MACHINE: &str = "case";

/// The predicted way there, and, if it ends at a receiver, that of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicted {
    pub there: Path,
    pub back: Option<Path>,
}

/// Reads what the walk asks for, and walks.
pub(crate) fn predict(reader: &mut Reader<'_>, packet: &Packet) -> Result<Predicted> {
    reader.forget_what_changes();
    let (there, back) = path::trace(MACHINE, reader, question(packet));
    reader.take_failure()?;
    Ok(Predicted { there, back })
}

pub(crate) fn question(packet: &Packet) -> Question {
    Question {
        namespace: NamespaceId::Named(format!("netns:{}", packet.space).into()),
        origin: Origin::Socket,
        destination: packet.to,
        asked: match packet.kind {
            Kind::Tcp(port) => Asked::Tcp { port },
            Kind::Udp(port) => Asked::Udp { port },
            Kind::Echo => Asked::Echo,
        },
        source: packet.from,
        source_port: Some(packet.from_port),
        payload: packet.payload,
        hops: packet.hops,
        dont_fragment: true,
    }
}
