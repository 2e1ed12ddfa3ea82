//! A client of a published UDP port goes on sending from the same socket (moby#8795,
//! plugins#123): the kernel remembers where its flow went, and that must be forgotten whenever the
//! port changes hands.

use crate::host::{Host, in_a_private_host};
use crate::stage::{Place, attach, detach, outside};
use std::net::UdpSocket;
use std::time::Duration;

/// Sends until `server` has heard it; datagrams may be lost while neighbours are looked for.
fn hears(server: &UdpSocket, client: &UdpSocket, to: &str) -> bool {
    server.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    (0..15).any(|_| {
        // That nobody listens comes back as an error of a later send.
        let _ = client.send_to(b"ping", to);
        let Ok((_, from)) = server.recv_from(&mut [0; 16]) else { return false };
        server.send_to(b"pong", from).unwrap();
        (client.recv_from(&mut [0; 16])).is_ok_and(|(_, from)| from.to_string() == to)
    })
}

const PUBLISH: [&str; 2] = ["--publish", "5353:53/udp"];

#[test]
fn a_flow_follows_the_published_port() {
    in_a_private_host(|| {
        let host = Host::new();
        let outside = outside();
        host.recover();
        host.create_network().unwrap();
        let tracked =
            || crate::stage::shell("conntrack -L -p udp 2>/dev/null | grep -c dport=5353 || true");
        for (to, any, from) in [
            ("192.0.2.1:5353", "0.0.0.0:53", "0.0.0.0:40000"),
            ("[2001:db8::1]:5353", "[::]:53", "[::]:40000"),
        ] {
            let client: UdpSocket = outside.udp(from);
            // Before anybody has published it: the host itself refuses, and its table remembers.
            for _ in 0..3 {
                let _ = client.send_to(b"early", to);
            }
            let mut before: Option<Place> = None;
            for name in ["first", "second", "third"] {
                if let Some(before) = before.take() {
                    detach(&host, &before.name);
                    // Sent while nobody has the port: it goes to the host, and is remembered.
                    let _ = client.send_to(b"between", to);
                    drop(before);
                }
                let container = attach(&host, name, &PUBLISH).unwrap();
                let server = container.udp(any);
                assert!(hears(&server, &client, to), "{name} at {to}: {}", tracked());
                before = Some(container);
            }
            detach(&host, "third");
        }
    });
}

/// The container dies without a word, its engine attaches the next; nothing ever was detached.
#[test]
fn a_flow_follows_when_the_container_is_replaced_at_once() {
    in_a_private_host(|| {
        let host = Host::new();
        let outside = outside();
        host.recover();
        host.create_network().unwrap();
        let client = outside.udp("0.0.0.0:40000");
        let first = attach(&host, "first", &PUBLISH).unwrap();
        assert!(hears(&first.udp("0.0.0.0:53"), &client, "192.0.2.1:5353"));
        // The host's own client, whose flow was there before the port too.
        let own = UdpSocket::bind("127.0.0.1:0").unwrap();
        own.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        assert!(hears(&first.udp("0.0.0.0:53"), &own, "127.0.0.1:5353"));
        drop(first);
        // Until the daemon has seen that its namespace is gone, the port is taken.
        let second = std::iter::repeat_with(|| {
            std::thread::sleep(Duration::from_millis(20));
            attach(&host, "second", &PUBLISH)
        })
        .take(200)
        .find_map(Result::ok)
        .expect("the port is free again");
        assert!(hears(&second.udp("0.0.0.0:53"), &client, "192.0.2.1:5353"));
        assert!(hears(&second.udp("0.0.0.0:53"), &own, "127.0.0.1:5353"));
    });
}
