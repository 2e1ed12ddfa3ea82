//! The links of a namespace, as far as who captures wants to know of them.

use crate::netlink::{Attributes, Protocol, Socket};
use crate::netns::inside;
use crate::{Result, observe};
use nix::libc::{IFF_UP, ifinfomsg};
use std::mem::offset_of;
use std::os::fd::BorrowedFd;

/// `IFLA_IFNAME`.
const NAME: u16 = 3;

/// A link that can be captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    pub name: String,
    /// What kind of header its packets begin with (`ARPHRD_*`): 1 Ethernet, 772 loopback, 65534 none.
    pub hardware: u16,
    pub up: bool,
}

/// All links of a namespace, by index.
pub fn links(namespace: BorrowedFd<'_>) -> Result<Vec<Link>> {
    let mut socket = inside(namespace, || Socket::open(Protocol::Route))??;
    let messages = observe::link_messages(&mut socket)?;
    let mut links: Vec<_> = messages.iter().filter_map(|message| link(message)).collect();
    links.sort_unstable_by_key(|link| link.index);
    Ok(links)
}

fn link(message: &[u8]) -> Option<Link> {
    let (header, _) = message.split_first_chunk::<{ size_of::<ifinfomsg>() }>()?;
    let word = |at: usize| Some(u32::from_ne_bytes(*header.get(at..)?.first_chunk()?));
    let kind = header.get(offset_of!(ifinfomsg, ifi_type)..)?.first_chunk()?;
    Some(Link {
        index: word(offset_of!(ifinfomsg, ifi_index))?,
        name: Attributes::after(message, header.len()).get(NAME)?.text(),
        hardware: u16::from_ne_bytes(*kind),
        up: word(offset_of!(ifinfomsg, ifi_flags))? & IFF_UP as u32 != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;
    use std::os::fd::AsFd as _;

    #[test]
    fn links_are_told_with_the_kind_of_their_packets() {
        let place = Place::new();
        place.run("ip link add left type veth peer name right");
        place.run("ip link set left up");
        place.run("ip tuntap add tun mode tun");
        let links = links(place.namespace.as_fd()).unwrap();
        let seen = |name| {
            let link = links.iter().find(|link| link.name == name).unwrap();
            let told = place.run(&format!("ip -o link show dev {name}"));
            (told.starts_with(&format!("{}: ", link.index)), link.hardware, link.up)
        };
        assert_eq!(links.len(), 4);
        assert_eq!(seen("lo"), (true, 772, false));
        assert_eq!(seen("left"), (true, 1, true));
        assert_eq!(seen("right"), (true, 1, false));
        assert_eq!(seen("tun"), (true, 65534, false));
    }
}
