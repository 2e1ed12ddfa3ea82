//! What is told of a packet.

use super::*;
use crate::capture::{Direction, Tag};
use std::net::UdpSocket;
use std::time::SystemTime;

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_nanos()).unwrap()
}

#[test]
fn a_packet_is_told_whole_on_both_sides() {
    let pair = Pair::new();
    let mut right = pair.capture(|_| ());
    let mut left = Capture::open(pair.left.namespace.as_fd(), &options()).unwrap();
    let begin = now();
    let groups = [
        (RIGHT, Direction::ToUs),
        ([0xff; 6], Direction::Broadcast),
        ([3, 0, 0, 0, 0, 1], Direction::Multicast),
        ([2, 0, 0, 0, 0, 9], Direction::Other),
    ];
    for (length, (to, _)) in (100..).zip(groups) {
        pair.send(&frame(to, OURS, length));
    }
    let (came, went) = (wait_for(&mut right, 4), wait_for(&mut left, 4));
    let end = now();
    let by_link = index(&pair.right, "right");
    let on_its_way = index(&pair.left, "left");
    for (number, (to, direction)) in groups.into_iter().enumerate() {
        let sent = frame(to, OURS, 100 + number);
        let expected = Frame {
            time: 0,
            link: by_link,
            hardware: 1,
            direction,
            protocol: OURS,
            length: 100 + number as u32,
            bytes: &[],
            tag: None,
            checksum_to_come: false,
        };
        let seen = |kept: &Kept| (Frame { time: 0, ..kept.frame }, kept.bytes.clone());
        assert_eq!(seen(&came[number]), (expected, sent.clone()));
        let expected = Frame { link: on_its_way, direction: Direction::Outgoing, ..expected };
        assert_eq!(seen(&went[number]), (expected, sent));
    }
    for kept in came.iter().chain(&went) {
        assert!((begin..=end).contains(&kept.frame.time), "{begin} {kept:?} {end}");
    }
    assert_eq!(right.counts().unwrap(), Counts { passed: 4, lost: 0 });
    // The kernel forgets, we do not.
    assert_eq!(right.counts().unwrap(), Counts { passed: 4, lost: 0 });
}

#[test]
fn no_more_is_kept_than_was_asked_for() {
    let pair = Pair::new();
    let (all, few) = (only(OURS, u32::MAX), only(OURS, 17));
    // Returns what it was given to return: the packet's length.
    let step = |code| Instruction { code, yes: 0, no: 0, operand: 0 };
    let length = [step(0x80), step(0x16)];
    for (snap, filter, expected) in [
        (262_144, None, 200),
        (20, None, 20),
        (20, Some(&all[..]), 20),
        (20, Some(&few[..]), 17),
        (10, Some(&few[..]), 10),
        (20, Some(&length[..]), 20),
        (0, None, 0),
    ] {
        let mut capture = pair.capture(|options| (options.snap, options.filter) = (snap, filter));
        let sent = frame(RIGHT, OURS, 200);
        pair.send(&sent);
        let kept = wait_for(&mut capture, 1);
        assert_eq!((kept[0].frame.length, &kept[0].bytes[..]), (200, &sent[..expected]));
    }
}

#[test]
fn the_filter_decides_what_is_seen() {
    let pair = Pair::new();
    let (some, none) = (only(OTHERS, u32::MAX), only(0xffff, u32::MAX));
    let mut some = pair.capture(|options| options.filter = Some(&some));
    let mut none = pair.capture(|options| options.filter = Some(&none));
    for protocol in [OURS, OTHERS, OURS, OTHERS] {
        pair.send(&frame(RIGHT, protocol, 60));
    }
    let kept = wait_for(&mut some, 2);
    assert!(kept.iter().all(|kept| kept.frame.protocol == OTHERS), "{kept:?}");
    assert_eq!(some.counts().unwrap(), Counts { passed: 2, lost: 0 });
    assert_eq!(none.drain(|_| ()).unwrap(), Drained { packets: 0, gone: false });
    assert_eq!(none.counts().unwrap(), Counts::default());
    let open = |filter: &[Instruction]| {
        let options = Options { filter: Some(filter), ..options() };
        Capture::open(pair.right.namespace.as_fd(), &options)
    };
    // No end, no instruction, too many.
    let step = Instruction { code: 0x28, yes: 0, no: 0, operand: 12 };
    for filter in [vec![step], vec![], vec![step; 70_000]] {
        assert!(open(&filter).unwrap_err().to_string().contains("filter"));
    }
}

#[test]
fn a_tag_that_was_taken_off_is_told() {
    let pair = Pair::new();
    let mut right = pair.capture(|_| ());
    let mut left = Capture::open(pair.left.namespace.as_fd(), &options()).unwrap();
    for protocol in [0x8100, 0x88a8] {
        let plain = frame(RIGHT, OURS, 100);
        let tag = [u16::to_be_bytes(protocol), 0x6064_u16.to_be_bytes()].concat();
        let tagged = [&plain[..12], &tag, &plain[12..]].concat();
        pair.send(&tagged);
        let came = wait_for(&mut right, 1);
        let told = (came[0].frame.tag, came[0].frame.length, &came[0].bytes);
        assert_eq!(told, (Some(Tag { protocol, control: 0x6064 }), 100, &plain));
        // Who sent it has put it in the packet.
        let until = Instant::now() + LONG;
        let mut went = Vec::new();
        while went.is_empty() {
            assert!(Instant::now() < until);
            left.drain(keep(&mut went)).unwrap();
            went.retain(|kept| kept.frame.protocol == protocol);
        }
        assert_eq!((went[0].frame.tag, &went[0].bytes), (None, &tagged));
    }
}

#[test]
fn loopback_is_seen_twice_and_without_checksums() {
    let place = Place::new();
    place.run("ip link set lo up");
    let mut capture = Capture::open(place.namespace.as_fd(), &options()).unwrap();
    within(place.namespace.as_fd(), || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
    })
    .unwrap();
    let mut kept = Vec::new();
    let until = Instant::now() + LONG;
    while kept.len() < 2 {
        assert!(Instant::now() < until, "{kept:?}");
        ready(&capture, Duration::from_millis(100));
        capture.drain(keep(&mut kept)).unwrap();
        // IPv6 announces itself.
        kept.retain(|kept| kept.frame.protocol == 0x0800);
    }
    let directions: Vec<_> = kept.iter().map(|kept| kept.frame.direction).collect();
    assert_eq!(directions, [Direction::Outgoing, Direction::ToUs]);
    assert_eq!(kept[0].bytes, kept[1].bytes);
    assert!(kept[0].bytes.ends_with(b"hello"));
    for Kept { frame, .. } in &kept {
        assert_eq!((frame.hardware, frame.length), (772, 14 + 20 + 8 + 5));
        assert!(frame.checksum_to_come);
    }
}
