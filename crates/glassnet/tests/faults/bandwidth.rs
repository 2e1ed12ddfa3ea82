//! Limits of what a container receives and sends, measured with a real stream.

use crate::host::{Host, in_a_private_host};
use crate::stage::{Place, attach};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const LIMIT: f64 = 20e6;
const LONG: Duration = Duration::from_secs(2);

/// Bits a second that reach `to`, from `from`, through one TCP stream.
fn stream(from: &Place, to: &Place, address: &str) -> f64 {
    let listener = to.within(|| TcpListener::bind(address).unwrap());
    let sender = {
        let socket = from.within(|| TcpStream::connect(address).unwrap());
        // The machine's default may be one that is slow between namespaces whatever the limit.
        let cubic = rustix::net::sockopt::set_tcp_congestion(&socket, "cubic");
        socket.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        std::thread::spawn(move || {
            cubic.unwrap();
            let until = Instant::now() + LONG;
            while Instant::now() < until && (&socket).write_all(&[7; 16 << 10]).is_ok() {}
        })
    };
    let (mut receiver, _) = listener.accept().unwrap();
    let started = Instant::now();
    let (mut bytes, mut buffer) = (0_usize, vec![0; 64 << 10]);
    loop {
        match receiver.read(&mut buffer).unwrap() {
            0 => break,
            read => bytes += read,
        }
    }
    sender.join().unwrap();
    bytes as f64 * 8.0 / started.elapsed().as_secs_f64()
}

#[test]
fn each_way_is_held_to_its_limit() {
    in_a_private_host(|| {
        let host = Host::new();
        host.recover();
        host.create_network().unwrap();
        let limited = attach(
            &host,
            "limited",
            &["--ingress", "20mbit", "--egress", "20mbit", "--address", "10.9.0.5"],
        )
        .unwrap();
        let free = attach(&host, "free", &["--address", "10.9.0.6"]).unwrap();
        let other = attach(&host, "other", &["--address", "10.9.0.7"]).unwrap();
        for (way, from, to, address) in [
            ("into it", &free, &limited, "10.9.0.5:5001"),
            ("out of it", &limited, &free, "10.9.0.6:5001"),
        ] {
            let rate = stream(from, to, address);
            println!("{way}: {:.1} Mbit/s of 20", rate / 1e6);
            assert!((0.5 * LIMIT..=1.3 * LIMIT).contains(&rate), "{way}: {rate}");
        }
        // Nobody else is held back.
        let rate = stream(&free, &other, "10.9.0.7:5001");
        println!("without a limit: {:.0} Mbit/s", rate / 1e6);
        assert!(rate > 5.0 * LIMIT, "{rate}");
    });
}
