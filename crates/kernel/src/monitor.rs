//! Hearing that something changed, not what: the listener reads and compares.
//!
//! Links, addresses and routes come by rtnetlink's groups, rulesets by nftables' own. When the
//! kernel had to drop events it says so, once; then anything may have changed.

use crate::netlink::{Attributes, Protocol, Socket, rtm};
use crate::netns::socket_in;
use crate::{Error, Result};
use model::net::LinkName;
use nix::errno::Errno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// `RTNLGRP_LINK`, `_IPV4_IFADDR`, `_IPV4_ROUTE`, `_IPV6_IFADDR`, `_IPV6_ROUTE`.
const ROUTE_GROUPS: [u32; 5] = [1, 5, 7, 9, 11];
/// `NFNLGRP_NFTABLES`, and nftables' number in the upper byte of a message's kind.
const NFT_GROUP: u32 = 7;
const NFTABLES: u16 = 10;
/// `struct ifinfomsg`, `IFLA_IFNAME`.
const LINK_HEADER: usize = 16;
const LINK_NAME: u16 = 3;

/// Something changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A link came, went or changed.
    Link(LinkName),
    Address,
    Route,
    Nft,
    /// Events were lost: anything may have changed.
    Overrun,
}

/// Listens to one namespace.
#[derive(Debug)]
pub struct Monitor {
    route: Socket,
    nft: Socket,
}

impl Monitor {
    pub fn open_in(namespace: BorrowedFd<'_>) -> Result<Self> {
        let mut route = socket_in(namespace, Protocol::Route)?;
        ROUTE_GROUPS.into_iter().try_for_each(|group| route.join(group))?;
        let mut nft = socket_in(namespace, Protocol::Netfilter)?;
        nft.join(NFT_GROUP)?;
        Ok(Self { route, nft })
    }

    /// Descriptors that are readable when [`Monitor::take`] has something.
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.route.as_fd(), self.nft.as_fd()]
    }

    /// Waits for events, at most so long; none if nothing came.
    pub fn wait(&mut self, patience: Duration) -> Result<Vec<Event>> {
        let until = Timespec::try_from(patience)
            .map_err(|_| Error::Unfit { subject: "a timeout".into(), why: "too long".into() })?;
        let [route, nft] = self.descriptors();
        let mut descriptors =
            [PollFd::new(&route, PollFlags::IN), PollFd::new(&nft, PollFlags::IN)];
        match poll(&mut descriptors, Some(&until)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(Vec::new()),
            Ok(_) => self.take(),
            Err(error) => Err(Error::io("wait for netlink events")(error)),
        }
    }

    /// The events that are there, each once, without waiting.
    pub fn take(&mut self) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for socket in [&mut self.route, &mut self.nft] {
            loop {
                let got = socket.receive_now(|message| events.extend(event(message)));
                match got {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) if error.errno() == Some(Errno::ENOBUFS) => {
                        events.push(Event::Overrun);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        events.sort();
        events.dedup();
        Ok(events)
    }
}

fn event(message: crate::netlink::Received<'_>) -> Option<Event> {
    match message.kind {
        rtm::NEW_LINK | rtm::DELETE_LINK => {
            let name = Attributes::after(message.body, LINK_HEADER).get(LINK_NAME)?;
            name.text().parse().ok().map(Event::Link)
        }
        rtm::NEW_ADDRESS | rtm::DELETE_ADDRESS => Some(Event::Address),
        rtm::NEW_ROUTE | rtm::DELETE_ROUTE => Some(Event::Route),
        kind if kind >> 8 == NFTABLES => Some(Event::Nft),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;

    #[test]
    fn changes_are_heard_once_each() {
        let place = Place::new();
        let mut monitor = Monitor::open_in(place.namespace.as_fd()).unwrap();
        assert_eq!(monitor.wait(Duration::ZERO).unwrap(), []);
        place.run("ip link add br0 type bridge");
        place.run("ip link set br0 up");
        let heard = monitor.wait(Duration::from_secs(5)).unwrap();
        assert!(heard.contains(&Event::Link("br0".parse().unwrap())), "{heard:?}");
        place.run("ip address add 10.0.0.1/24 dev br0");
        let heard = monitor.wait(Duration::from_secs(5)).unwrap();
        assert!(heard.contains(&Event::Address) && heard.contains(&Event::Route), "{heard:?}");
        place.run("nft add table inet t");
        assert_eq!(monitor.wait(Duration::from_secs(5)).unwrap(), [Event::Nft]);
    }
}
