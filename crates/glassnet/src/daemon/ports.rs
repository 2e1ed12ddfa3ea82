//! Ports that processes of the host hold: publishing one of those would take it from them.

use super::kernel_words::kernel_said;
use super::{Daemon, lock};
use crate::protocol::{AttachRequest, Failure};
use model::cluster::Publish;
use model::explain::Reason;
use model::host::{Socket, Table};
use std::net::IpAddr;

impl Daemon {
    /// Refuses a port that a process of the host listens on, with the process's name.
    pub(super) fn check_host_ports(&self, request: &AttachRequest) -> Result<(), Failure> {
        if request.publish.is_empty() || self.book().held.contains_key(&request.id) {
            return Ok(());
        }
        let mut transports: Vec<_> =
            request.publish.iter().map(|publish| publish.transport).collect();
        transports.sort_unstable();
        transports.dedup();
        let look = || kernel::observe::sockets_of(lock(&self.kernel).diagnostics()?, &transports);
        let sockets = look().map_err(|error| kernel_said(&error))?;
        let taken = request.publish.iter().find_map(|publish| {
            sockets.iter().find(|socket| collides(socket, publish)).map(|socket| (publish, socket))
        });
        let Some((publish, socket)) = taken else { return Ok(()) };
        // Only now, since looking for the owner walks through all processes.
        let mut owned: Table<Socket> = [socket.clone()].into_iter().collect();
        kernel::observe::owners(&mut owned);
        let (publish, transport, local) = (*publish, publish.transport, socket.local);
        let reason = match owned.iter().find_map(|socket| socket.process.as_ref()) {
            None => Reason::PortHeldByUnknown { publish, transport, local },
            Some(holder) => {
                let (process, pid) = (holder.name.clone(), holder.pid);
                Reason::PortHeld { publish, process, pid, transport, local }
            }
        };
        Err(reason.into())
    }
}

/// Whether packets to the published port would have gone to the socket.
fn collides(socket: &Socket, publish: &Publish) -> bool {
    let local = socket.local.ip();
    let same_address = match publish.host_address {
        None => true,
        Some(wanted) if wanted.is_unspecified() || local.is_unspecified() => {
            let both_families =
                local == IpAddr::from(std::net::Ipv6Addr::UNSPECIFIED) && !socket.v6_only;
            wanted.is_ipv4() == local.is_ipv4() || both_families
        }
        Some(wanted) => wanted == local,
    };
    socket.transport == publish.transport
        && socket.local.port() == publish.host_port
        && same_address
}
