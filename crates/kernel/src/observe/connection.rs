//! Tracked connections (`ctnetlink_fill_info`).
//!
//! The kernel's count is looked at first: where connection tracking is not there, asking over netlink
//! would load it, and where nothing is tracked there is nothing to ask for.

use crate::conntrack::{self, count, every, is_echo, question};
use crate::netns::{Sockets, inside};
use crate::{Result, sysctl};
use model::host::{Connection, Table, Tuple};
use nix::errno::Errno;

/// Of the namespace that the thread is in.
const COUNT: &str = "net/netfilter/nf_conntrack_count";

/// The connection of zone 0 that has this tuple in one of its directions, if there is one. The kernel
/// finds it by its hash, however many there are.
pub fn connection(of: &mut Sockets, tuple: Tuple) -> Result<Option<Connection>> {
    if !is_there(of)? {
        return Ok(None);
    }
    let answers: &[bool] = if is_echo(tuple.protocol) { &[false, true] } else { &[false] };
    for answer in answers {
        match of.netfilter()?.get(&question(tuple, *answer)) {
            Ok(body) => return Ok(conntrack::connection(&body)),
            Err(error) if error.errno() == Some(Errno::ENOENT) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// All connections, of all zones. Takes a walk through the table of the whole machine.
pub fn connections(of: &mut Sockets) -> Result<Table<Connection>> {
    if !is_there(of)? || count(of.netfilter()?)? == 0 {
        return Ok(Table::default());
    }
    let bodies = of.netfilter()?.dump(&every())?;
    Ok(bodies.iter().filter_map(|body| conntrack::connection(body)).collect())
}

/// Whether anything is tracked in the namespace.
fn is_there(of: &Sockets) -> Result<bool> {
    let count = inside(of.namespace(), || sysctl::read_if_there(COUNT))??;
    Ok(count.is_some_and(|count| count != "0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netns::within;
    use crate::testing::Place;
    use model::host::nft::ct_status;
    use std::io::Read;
    use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
    use std::os::fd::AsFd;

    /// A namespace that tracks connections and translates UDP and TCP port 53 of any address to
    /// 127.0.0.9:5353, marking them.
    fn place() -> Place {
        let place = Place::new();
        place.run("ip link set lo up");
        place.feed(
            "nft -f -",
            "table inet t {
               chain out { type nat hook output priority -100; policy accept
                 ct mark set 7
                 meta nfproto ipv4 meta l4proto { tcp, udp } th dport 53 dnat ip to 127.0.0.9:5353
               }
             }",
        );
        place
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_connection_is_found_by_either_direction() {
        let mut place = place();
        let (from, stream) = within(place.namespace.as_fd(), || {
            let listener = TcpListener::bind("127.0.0.9:5353").unwrap();
            let stream = TcpStream::connect("127.0.0.2:53").unwrap();
            let accepted = listener.accept().unwrap();
            (stream.local_addr().unwrap(), (stream, accepted))
        })
        .unwrap();
        let asked = Tuple { protocol: 6, source: from, destination: at("127.0.0.2:53") };
        let answered = Tuple { protocol: 6, source: at("127.0.0.9:5353"), destination: from };
        let found = connection(&mut place.sockets, asked).unwrap().unwrap();
        assert_eq!((found.original, found.reply), (asked, answered));
        assert_eq!((found.mark, found.zone, found.tcp_state), (7, 0, Some(3)));
        assert_ne!(found.status & ct_status::DNAT, 0);
        assert_eq!(found.status & ct_status::SNAT, 0);
        assert!(found.timeout.is_some_and(|seconds| seconds > 60));
        let by_answer = connection(&mut place.sockets, answered).unwrap().unwrap();
        assert_eq!(by_answer.original, asked);
        // What it would look like if nothing were translated is another's.
        assert_eq!(connection(&mut place.sockets, asked.inverted()).unwrap(), None);
        let udp = Tuple { protocol: 17, ..asked };
        assert_eq!(connection(&mut place.sockets, udp).unwrap(), None);
        drop(stream);
    }

    #[test]
    fn an_echo_is_found_by_its_identifier_and_by_both_directions() {
        for (address, protocol, ping) in
            [("127.0.0.5", 1, "ping -c1 -e 77"), ("::1", 58, "ping -c1 -e 77")]
        {
            let mut place = place();
            place.run(&format!("{ping} {address}"));
            let end = SocketAddr::new(address.parse().unwrap(), 77);
            let source = if protocol == 1 { at("127.0.0.1:77") } else { end };
            let tuple = Tuple { protocol, source, destination: end };
            for tuple in [tuple, tuple.inverted()] {
                let found = connection(&mut place.sockets, tuple).unwrap();
                let found = found.unwrap_or_else(|| panic!("{tuple:?} is not there"));
                assert_eq!((found.original.source, found.original.destination), (source, end));
                assert_eq!(found.reply, found.original.inverted());
            }
            let mut other = tuple;
            other.source.set_port(78);
            assert_eq!(connection(&mut place.sockets, other).unwrap(), None);
        }
    }

    #[test]
    fn all_of_them_are_those_that_conntrack_lists() {
        let mut place = place();
        place.feed("nft -f -", "add table ip z; add chain ip z c { type filter hook output priority -301; }; add rule ip z c udp dport 99 ct zone set 5");
        let sockets = within(place.namespace.as_fd(), || {
            ["127.0.0.2:53", "127.0.0.3:99", "127.0.0.4:100", "[::1]:7"].map(|to| {
                let from = if to.starts_with('[') { "[::1]:0" } else { "127.0.0.1:0" };
                let socket = UdpSocket::bind(from).unwrap();
                socket.send_to(b"x", to).unwrap();
                (socket.local_addr().unwrap(), at(to))
            })
        })
        .unwrap();
        let all = connections(&mut place.sockets).unwrap();
        for (source, destination) in sockets {
            let zone = if destination.port() == 99 { 5 } else { 0 };
            let original = Tuple { protocol: 17, source, destination };
            let found = all.get(&(zone, original)).unwrap();
            let answers = if destination.port() == 53 { at("127.0.0.9:5353") } else { destination };
            assert_eq!(found.reply.source, answers);
            // Asked for alone, only zone 0 is looked into.
            let alone = connection(&mut place.sockets, original).unwrap();
            assert_eq!(alone.map(|found| found.original), (zone == 0).then_some(original));
        }
        let listed =
            [place.run("conntrack -L -f ipv4"), place.run("conntrack -L -f ipv6")].concat();
        let udp = listed.lines().filter(|line| line.starts_with("udp")).count();
        assert_eq!(all.iter().filter(|known| known.original.protocol == 17).count(), udp);
    }

    #[test]
    fn where_nothing_is_tracked_there_is_none() {
        let mut place = Place::new();
        place.run("ip link set lo up");
        let mut nothing = [0; 1];
        let closed = within(place.namespace.as_fd(), || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let to = listener.local_addr().unwrap();
            let mut stream = TcpStream::connect(to).unwrap();
            drop(listener.accept().unwrap());
            stream.read(&mut nothing).unwrap()
        })
        .unwrap();
        assert_eq!(closed, 0);
        assert_eq!(connections(&mut place.sockets).unwrap(), Table::default());
        let tuple =
            Tuple { protocol: 6, source: at("127.0.0.1:1"), destination: at("127.0.0.1:2") };
        assert_eq!(connection(&mut place.sockets, tuple).unwrap(), None);
    }
}
