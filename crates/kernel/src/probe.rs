//! Asking the wire who has an address: the kernel's own ARP and neighbour discovery do it
//! (`NTF_USE` in `neigh_add`, `net/core/neighbour.c`), and its neighbour table tells the answer.
//!
//! What the table held of the address before is forgotten first: it might be of its last owner.

use crate::netlink::{Attributes, CREATE, Message, Socket, Writer, rtm};
use crate::{Error, Refusal, Result};
use model::net::{LinkName, Mac};
use nix::errno::Errno;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// `struct ndmsg`; `NTF_USE`; `NDA_DST`, `NDA_LLADDR`.
const HEADER: usize = 12;
const USE: u8 = 1;
const DESTINATION: u16 = 1;
const MAC: u16 = 2;
/// `NUD_FAILED`, and what means that somebody has answered: `NUD_REACHABLE`, `_STALE`, `_DELAY`,
/// `_PROBE`.
const FAILED: u16 = 0x20;
const ANSWERED: u16 = 0x02 | 0x04 | 0x08 | 0x10;
/// How often the table is looked at.
const PACE: Duration = Duration::from_millis(2);

/// Who answers for the addresses on the link, within the time given. Nobody may mean that somebody
/// is slow. The link must bear an address of each family asked for, and for IPv6 a link-local one that
/// is past its own detection of duplicates: the kernel asks by that (`ndisc_send_ns`).
pub fn who_has(
    socket: &mut Socket,
    link: &LinkName,
    addresses: &[IpAddr],
    patience: Duration,
) -> Result<BTreeMap<IpAddr, Mac>> {
    let subject = format!("link \"{link}\"");
    let index = rustix::net::netdevice::name_to_index(&*socket, link.as_str())
        .map_err(|errno| Refusal::bare(Errno::from_raw(errno.raw_os_error())).of(subject))?;
    for address in addresses {
        forget(socket, index, *address)?;
        socket.request(&message(rtm::NEW_NEIGHBOUR, CREATE, index, *address, USE))?;
    }
    let until = Instant::now() + patience;
    let mut asked = addresses.to_vec();
    let mut answers = BTreeMap::new();
    while !asked.is_empty() && Instant::now() < until {
        std::thread::sleep(PACE);
        let mut still = Vec::new();
        for address in asked {
            match look(socket, index, address)? {
                Seen::Nothing => still.push(address),
                Seen::Nobody => {}
                Seen::By(mac) => drop(answers.insert(address, mac)),
            }
        }
        asked = still;
    }
    addresses.iter().try_for_each(|address| forget(socket, index, *address))?;
    Ok(answers)
}

enum Seen {
    Nothing,
    Nobody,
    By(Mac),
}

fn look(socket: &mut Socket, index: u32, address: IpAddr) -> Result<Seen> {
    let body = match socket.get(&message(rtm::GET_NEIGHBOUR, 0, index, address, 0)) {
        Ok(body) => body,
        Err(error) if error.already_gone() => return Ok(Seen::Nobody),
        Err(error) => return Err(error),
    };
    let state = body.get(8..10).map_or(0, |state| u16::from_ne_bytes([state[0], state[1]]));
    let mac = Attributes::after(&body, HEADER).get(MAC);
    let mac = mac.and_then(|mac| mac.value.try_into().ok().map(Mac));
    Ok(match mac {
        Some(mac) if state & ANSWERED != 0 => Seen::By(mac),
        _ if state & FAILED != 0 => Seen::Nobody,
        _ => Seen::Nothing,
    })
}

fn forget(socket: &mut Socket, index: u32, address: IpAddr) -> Result<()> {
    match socket.request(&message(rtm::DELETE_NEIGHBOUR, 0, index, address, 0)) {
        Err(error) if !error.already_gone() => Err::<(), Error>(error),
        _ => Ok(()),
    }
}

fn message(kind: u16, flags: u16, index: u32, address: IpAddr, how: u8) -> Message {
    let mut header = [0; HEADER];
    header[0] = if address.is_ipv4() { 2 } else { 10 };
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[10] = how;
    let mut body = Writer::after(&header);
    match address {
        IpAddr::V4(address) => body.bytes(DESTINATION, &address.octets()),
        IpAddr::V6(address) => body.bytes(DESTINATION, &address.octets()),
    }
    Message::new(kind, flags, body.finish(), format!("neighbour {address}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;

    #[test]
    fn whoever_has_the_address_is_found_and_nothing_is_left() {
        let mut place = Place::new();
        place.run("ip link add br0 type bridge");
        place.run("sysctl -qw net.ipv6.conf.br0.accept_dad=0");
        place.run("ip link set br0 up");
        place.run("ip address add 10.0.0.1/24 dev br0");
        place.run("ip address add fd00::1/64 dev br0 nodad");
        let other = Place::new();
        let pid = format!("/proc/{}/fd/{}", std::process::id(), {
            use std::os::fd::{AsFd as _, AsRawFd as _};
            other.namespace.as_fd().as_raw_fd()
        });
        place.run(&format!("ip link add p0 master br0 type veth peer name eth0 netns {pid}"));
        place.run("ip link set p0 up");
        other.run("ip link set eth0 address 02:00:00:00:00:07 up");
        other.run("ip address add 10.0.0.7/24 dev eth0");
        other.run("ip address add fd00::7/64 dev eth0 nodad");
        let addresses: Vec<IpAddr> =
            ["10.0.0.7", "10.0.0.8", "fd00::7", "fd00::8"].map(|a| a.parse().unwrap()).to_vec();
        let socket = place.sockets.route().unwrap();
        let link = "br0".parse().unwrap();
        let found = who_has(socket, &link, &addresses, Duration::from_secs(1)).unwrap();
        let theirs = Mac([2, 0, 0, 0, 0, 7]);
        assert_eq!(found, BTreeMap::from([(addresses[0], theirs), (addresses[2], theirs)]));
        let left = crate::observe::neighbours(socket, &Default::default()).unwrap();
        assert!(!left.iter().any(|entry| addresses.contains(&entry.address)), "{left:?}");
    }
}
