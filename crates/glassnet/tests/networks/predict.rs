//! What `glassnet trace` says.

use crate::ask::{Kind, Question};
use crate::private_host::text;
use model::path::{End, Evidence, Path, Reason, Stage};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;

const GLASSNET: &str = env!("CARGO_BIN_EXE_glassnet");

/// What is to happen, as far as sockets see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Predicted {
    /// It is taken in this place, and there seen so; `from` and `to` are absent for an echo request, which
    /// no socket sees.
    Taken {
        place: String,
        process: Option<String>,
        seen: Option<(IpAddr, SocketAddr)>,
        answered: bool,
    },
    /// Whoever refuses it says so.
    Refused,
    /// The sender has no way to it.
    Unsent,
    Lost,
    Unknown {
        why: String,
    },
}

#[derive(Deserialize)]
struct Document {
    there: Path,
    back: Option<Path>,
}

/// The prediction, and each end in words.
pub(crate) fn predict(question: &Question) -> (Predicted, String) {
    let mut command = Command::new(GLASSNET);
    let to = question.to.to_string();
    command.args(["--json", "trace", &question.from.name, &to]);
    match question.kind {
        Kind::Tcp(port) => command.args(["--proto", "tcp", "--port", &port.to_string()]),
        Kind::Udp(port) => command.args(["--proto", "udp", "--port", &port.to_string()]),
        Kind::Echo => command.args(["--proto", "icmp"]),
    };
    let output = command.output().unwrap();
    let document: Document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{question}: {error}: {}", text(&output)));
    let ends = [Some(&document.there), document.back.as_ref()];
    let said = ends.into_iter().flatten().map(|path| format!("{:?}", path.end));
    let said = said.collect::<Vec<_>>().join(", back: ");
    (expect(question, &document), said)
}

fn expect(question: &Question, document: &Document) -> Predicted {
    let Document { there, back } = document;
    for path in [Some(there), back.as_ref()].into_iter().flatten() {
        if let End::Unknown { why, .. } = &path.end {
            return Predicted::Unknown { why: why.clone() };
        }
    }
    match &there.end {
        End::Delivered { at, process } => {
            let last = there.hops.iter().rev().find(|hop| hop.stage == Stage::Deliver);
            let seen = last.and_then(|hop| hop.packet.endpoints());
            let seen = seen.filter(|_| question.kind != Kind::Echo);
            let returned = |end: &End| matches!(end, End::Delivered { at, .. } if at.namespace.to_string() == question.from.name);
            Predicted::Taken {
                place: at.namespace.to_string(),
                process: process.clone(),
                seen: seen.map(|(from, to)| (from.ip(), to)),
                answered: back.as_ref().is_some_and(|back| returned(&back.end)),
            }
        }
        End::Dropped { because: Reason::LinkDown { .. }, .. } => Predicted::Lost,
        End::Dropped { stage: Stage::Leave, .. } => Predicted::Unsent,
        End::Dropped { because, .. } if refuses(because) => Predicted::Refused,
        End::Dropped { .. } => Predicted::Lost,
        // Nothing is beyond what these hosts have, so whoever is sent out there does not answer.
        End::Left { .. } => Predicted::Lost,
        End::Unknown { why, .. } => Predicted::Unknown { why: why.clone() },
    }
}

/// Whether the sender is told (`ip_error`, `icmp_send`), not only forgotten.
fn refuses(because: &Reason) -> bool {
    match because {
        Reason::NoSocket { .. } | Reason::NoRoute { .. } => true,
        Reason::Rule { evidence } => match &**evidence {
            Evidence::Rule { text, .. } => text.to_lowercase().contains("reject"),
            _ => false,
        },
        _ => false,
    }
}
