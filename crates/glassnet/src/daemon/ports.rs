//! Ports that processes of the host hold: publishing one of those would take it from them.

use super::kernel_words::kernel_said;
use super::{Daemon, look};
use crate::protocol::{AttachRequest, Failure};
use model::cluster::Publish;
use model::explain::Reason;
use model::host::socket::Process;
use model::host::{Socket, Table};
use std::net::IpAddr;

impl Daemon {
    /// Refuses a port that a process of the host listens on, with the process's name.
    pub(super) fn check_host_ports(&self, request: &AttachRequest) -> Result<(), Failure> {
        if request.publish.is_empty() || self.book().held.contains_key(&request.id) {
            return Ok(());
        }
        // A list of all sockets is read only if one seems to be in the way, or if asking is not
        // allowed (a port below 1024 takes CAP_NET_BIND_SERVICE).
        let free = |publish: &Publish| {
            let Publish { transport, host_address, host_port, .. } = *publish;
            kernel::port::is_free(transport, host_address, host_port).unwrap_or(false)
        };
        if request.publish.iter().all(free) {
            return Ok(());
        }
        let sockets = look::sockets().map_err(|error| kernel_said(&error))?;
        let collisions = request.publish.iter().flat_map(|publish| {
            let collide = sockets.iter().filter(|socket| collides(socket, publish));
            collide.map(move |socket| (publish, socket))
        });
        // Only of these, since looking for the owner walks through all processes.
        let mut owned = collisions.map(|(publish, socket)| (publish, socket, owner(socket)));
        // Our own forwarder of a port that is just being taken down lets go in a moment.
        let others = |owner: &Option<Process>| {
            owner.as_ref().is_none_or(|process| process.pid != std::process::id())
        };
        let Some((publish, socket, owner)) = owned.find(|(_, _, owner)| others(owner)) else {
            return Ok(());
        };
        let (publish, transport, local) = (*publish, publish.transport, socket.local);
        Err(match owner {
            None => Reason::PortHeldByUnknown { publish, transport, local },
            Some(Process { pid, name: process }) => {
                Reason::PortHeld { publish, process, pid, transport, local }
            }
        }
        .into())
    }
}

fn owner(socket: &Socket) -> Option<Process> {
    let mut owned: Table<Socket> = [socket.clone()].into_iter().collect();
    kernel::observe::owners(&mut owned);
    owned.iter().find_map(|socket| socket.process.clone())
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
