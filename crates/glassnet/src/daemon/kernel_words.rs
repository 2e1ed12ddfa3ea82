//! Steps and the kernel's refusals in words.

use crate::protocol::Failure;
use model::diff::Change;
use model::explain::{Deed, Reason};

/// A kernel error as a failure for people.
pub(super) fn kernel_said(error: &kernel::Error) -> Failure {
    Reason::KernelSaid { said: error.to_string() }.into()
}

/// Who has the UDP port that a tunnel end of ours wants.
pub(super) fn tunnel_taken(port: u16, by: &kernel::Occupant) -> Reason {
    match by {
        kernel::Occupant::Tunnel { link } => {
            Reason::TunnelPortOfTunnel { port, link: link.clone() }
        }
        kernel::Occupant::Process { name, pid } => {
            Reason::TunnelPortOfProcess { port, process: name.clone(), pid: *pid }
        }
        kernel::Occupant::Unknown => Reason::TunnelPortTaken { port },
    }
}

/// What a step does, in English, for logs.
pub(super) fn in_words(change: &Change) -> String {
    Deed::from(change).to_string()
}
