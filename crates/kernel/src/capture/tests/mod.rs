//! Captures of packets that are sent in namespaces of the tests' own.

mod ends;
mod packets;
mod ring;

use super::socket::Socket;
use super::{Capture, Counts, Drained, Frame, Options, links, program};
use crate::netns::within;
use crate::socket_filter;
use crate::testing::Place;
use model::filter::Instruction;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendFlags, send};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::time::{Duration, Instant};

/// Protocols for experiments (IEEE 802, Ethertypes 0x88b5 and 0x88b6): nobody else's packets.
const OURS: u16 = 0x88b5;
const OTHERS: u16 = 0x88b6;
const LEFT: [u8; 6] = [2, 0, 0, 0, 0, 1];
const RIGHT: [u8; 6] = [2, 0, 0, 0, 0, 2];
/// Until then a test that waits in vain waits.
const LONG: Duration = Duration::from_secs(20);

/// Two namespaces, and a veth link between them whose ends are called after them.
struct Pair {
    left: Place,
    right: Place,
    /// On the left, to send by.
    sender: Socket,
}

impl Pair {
    fn new() -> Self {
        let (left, right) = (Place::new(), Place::new());
        let there = right.namespace.as_fd().as_raw_fd();
        let there = format!("/proc/{}/fd/{there}", std::process::id());
        let ends = "address 02:00:00:00:00:01 type veth peer name right address 02:00:00:00:00:02";
        left.run(&format!("ip link add left {ends} netns {there}"));
        for (place, link) in [(&left, "left"), (&right, "right")] {
            // The kernel's own packets would come in between.
            place.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
            place.run(&format!("ip link set {link} up"));
        }
        let sender = sender(&left, "left");
        Self { left, right, sender }
    }

    /// Sends from left to right.
    fn send(&self, frame: &[u8]) {
        send_by(&self.sender, frame);
    }

    /// Captures what arrives on the right.
    fn capture<'a>(&self, change: impl FnOnce(&mut Options<'a>)) -> Capture {
        let mut options = Options { link: Some(index(&self.right, "right")), ..options() };
        change(&mut options);
        Capture::open(self.right.namespace.as_fd(), &options).unwrap()
    }
}

fn index(place: &Place, name: &str) -> u32 {
    let links = links(place.namespace.as_fd()).unwrap();
    links.iter().find(|link| link.name == name).unwrap().index
}

/// A socket that sends on a link and hears nothing.
fn sender(place: &Place, link: &str) -> Socket {
    wait_until_it_sends(place, link);
    let socket = within(place.namespace.as_fd(), Socket::open).unwrap().unwrap();
    let nothing = Instruction { code: 0x06, yes: 0, no: 0, operand: 0 };
    socket_filter::attach(socket.as_fd(), &program(Some(&[nothing]), 1)).unwrap();
    socket.bind(Some(index(place, link))).unwrap();
    socket
}

fn send_by(socket: &Socket, frame: &[u8]) {
    assert_eq!(send(socket.as_fd(), frame, SendFlags::empty()).unwrap(), frame.len());
}

/// Waits until a link sends what it is given. After its other end has come up it drops everything for
/// a moment, and says that it was sent (`linkwatch_do_dev`, `noop_enqueue`).
fn wait_until_it_sends(place: &Place, link: &str) {
    let until = Instant::now() + LONG;
    while !place.run(&format!("ip link show dev {link}")).contains("state UP") {
        assert!(Instant::now() < until, "{link} stays silent");
    }
}

/// All links, everything.
fn options() -> Options<'static> {
    Options {
        link: None,
        snap: 262_144,
        ring: 2 << 20,
        filter: None,
        promiscuous: false,
        patience: Duration::from_millis(1),
    }
}

/// An Ethernet frame of so many bytes, whose payload counts up.
fn frame(to: [u8; 6], protocol: u16, length: usize) -> Vec<u8> {
    let mut frame = [&to[..], &LEFT, &protocol.to_be_bytes()].concat();
    frame.extend((0..=u8::MAX).cycle().take(length - frame.len()));
    frame
}

/// Keeps packets of a protocol, of each so many bytes.
fn only(protocol: u16, keep: u32) -> [Instruction; 4] {
    let step = |code, operand| Instruction { code, yes: 0, no: 0, operand };
    let is_it = Instruction { code: 0x15, yes: 0, no: 1, operand: protocol.into() };
    [step(0x28, 12), is_it, step(0x06, keep), step(0x06, 0)]
}

/// A packet that was captured.
#[derive(Debug)]
struct Kept {
    /// Without its bytes.
    frame: Frame<'static>,
    bytes: Vec<u8>,
}

fn keep(kept: &mut Vec<Kept>) -> impl FnMut(Frame<'_>) {
    |Frame { time, link, hardware, direction, protocol, length, bytes, tag, checksum_to_come }| {
        let (bytes, none) = (bytes.to_vec(), &[][..]);
        let frame = Frame {
            time,
            link,
            hardware,
            direction,
            protocol,
            length,
            bytes: none,
            tag,
            checksum_to_come,
        };
        kept.push(Kept { frame, bytes });
    }
}

/// Drains until so many packets of ours have come.
fn wait_for(capture: &mut Capture, count: usize) -> Vec<Kept> {
    let mut kept = Vec::new();
    let until = Instant::now() + LONG;
    loop {
        capture.drain(keep(&mut kept)).unwrap();
        kept.retain(|kept| [OURS, OTHERS].contains(&kept.frame.protocol));
        if kept.len() >= count {
            return kept;
        }
        assert!(Instant::now() < until, "{count} packets did not come: {kept:?}");
        ready(capture, Duration::from_millis(100));
    }
}

/// Waits until so many packets have come to the ring; the last counts.
fn wait_for_arrival(capture: &mut Capture, count: u64) -> Counts {
    let until = Instant::now() + LONG;
    loop {
        let counts = capture.counts().unwrap();
        if counts.passed >= count {
            return counts;
        }
        assert!(Instant::now() < until, "{count} packets did not come: {counts:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What polling says within the time given.
fn ready(capture: &Capture, patience: Duration) -> PollFlags {
    let mut waiting = [PollFd::new(capture, PollFlags::IN)];
    poll(&mut waiting, Some(&Timespec::try_from(patience).unwrap())).unwrap();
    waiting[0].revents()
}
