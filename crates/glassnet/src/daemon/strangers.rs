//! Ports of our bridges that are not ours, and the addresses of whoever is behind them.
//!
//! Our own ports are held to the addresses we leased; somebody else's may have any. So where there is
//! one, an address is asked for on the wire before it is given to a container (RFC 5227 and RFC 4862
//! have the container ask; that takes seconds, and finds it out when it is too late).

use super::attach::Work;
use super::record::{Held, Record, Stage};
use super::{Daemon, lock};
use crate::protocol::{AttachRequest, Failure};
use model::cluster::AttachmentId;
use model::explain::Reason;
use model::net::{LinkName, Mac};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// How long a stranger may take to answer. Within one host an answer takes microseconds.
const PATIENCE: Duration = Duration::from_millis(100);

/// Addresses of strangers that one attach steps over.
const MOST: usize = 16;

impl Daemon {
    /// Leases addresses that nobody on the bridge has: `lease` is asked again for others until then.
    pub(super) fn lease_from_strangers<'a>(
        &'a self,
        request: &AttachRequest,
        (mut held, mut work): (Held, Work<'a>),
        lease: impl Fn() -> Result<(Held, Work<'a>), Failure>,
    ) -> Result<(Held, Work<'a>), Failure> {
        for _ in 0..MOST {
            let Some((address, mac, ports)) = self.stranger(&held) else { return Ok((held, work)) };
            if !self.give_up(&held.attachment.id)? {
                // It was detached meanwhile, and is taken down as any other.
                return Ok((held, work));
            }
            drop(work);
            let network = request.network.clone();
            let reason = Reason::StrangerAnswers { address, network, mac, ports };
            if request.addresses.contains(&address) {
                return Err(reason.into());
            }
            tracing::warn!(id = %request.id, "{reason}; leasing another");
            (held, work) = lease()?;
        }
        self.give_up(&held.attachment.id)?;
        let network = request.network.clone();
        Err(Reason::StrangersEverywhere { most: MOST, network }.into())
    }

    /// Frees a lease of which the kernel holds nothing yet; `false` if a detach has come for it.
    fn give_up(&self, id: &AttachmentId) -> Result<bool, Failure> {
        let leaving = self.book().held.get(id).is_none_or(|held| held.stage == Stage::Detaching);
        if !leaving {
            let records = [Record::Detaching { id: id.clone() }, Record::Freed { id: id.clone() }];
            self.write(&records)?;
        }
        Ok(!leaving)
    }

    /// An address of the lease that somebody else has, with that one's MAC address and the ports it
    /// may be behind.
    fn stranger(&self, held: &Held) -> Option<(IpAddr, Mac, String)> {
        let attachment = &held.attachment;
        let bridge = self.book().networks.get(&attachment.network)?.bridge.clone();
        let ports = lock(&self.facts).strangers.get(&bridge).cloned()?;
        let ask = || {
            let mut sockets = kernel::Sockets::open_here()?;
            kernel::probe::who_has(sockets.route()?, &bridge, &attachment.addresses, PATIENCE)
        };
        let answers = ask().unwrap_or_else(|error| {
            tracing::warn!(%error, %bridge, "cannot ask who has an address; taking it for free");
            BTreeMap::new()
        });
        let ports: Vec<&str> = ports.iter().map(LinkName::as_str).collect();
        let (address, mac) = answers.into_iter().next()?;
        Some((address, mac, ports.join(", ")))
    }
}
