//! Links that go down or away, and captures that may not be.

use super::*;
use crate::NetNs;
use nix::sched::{CloneFlags, unshare};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

/// Drains until the link is gone; the packets until then.
fn wait_for_the_end(capture: &mut Capture) -> Vec<Kept> {
    let mut kept = Vec::new();
    let until = Instant::now() + LONG;
    while !capture.drain(keep(&mut kept)).unwrap().gone {
        assert!(Instant::now() < until, "the link was removed and nobody said so");
        ready(capture, Duration::from_millis(10));
    }
    kept
}

#[test]
fn a_link_that_is_removed_ends_the_capture_behind_its_last_packet() {
    for patience in [1, 300] {
        let pair = Pair::new();
        let link = index(&pair.right, "right");
        let mut capture =
            pair.capture(|options| options.patience = Duration::from_millis(patience));
        (0..10).for_each(|_| pair.send(&frame(RIGHT, OURS, 60)));
        wait_for_arrival(&mut capture, 10);
        pair.right.run("ip link delete right");
        let kept = wait_for_the_end(&mut capture);
        assert_eq!(kept.iter().filter(|kept| kept.frame.protocol == OURS).count(), 10);
        // It stays so, and nothing is to be waited for.
        assert_eq!(capture.drain(|_| ()).unwrap(), Drained { packets: 0, gone: true });
        assert_eq!(ready(&capture, Duration::ZERO), PollFlags::empty());
        let options = Options { link: Some(link), ..options() };
        let error = Capture::open(pair.right.namespace.as_fd(), &options).unwrap_err();
        assert!(error.already_gone() && error.to_string().contains(&format!("link {link}")));
    }
}

#[test]
fn a_full_ring_is_handed_over_before_the_end_is_told() {
    let pair = Pair::new();
    let mut capture = pair.capture(|options| (options.ring, options.patience) = (0, LONG));
    (0..500).for_each(|_| pair.send(&frame(RIGHT, OURS, 1400)));
    let Counts { passed, lost } = wait_for_arrival(&mut capture, 500);
    assert!(lost > 0);
    pair.right.run("ip link delete right");
    let packets = usize::try_from(passed - lost).unwrap();
    assert_eq!(capture.drain(|_| ()).unwrap(), Drained { packets, gone: true });
}

#[test]
fn a_link_that_moves_to_another_namespace_is_gone_as_well() {
    let pair = Pair::new();
    let mut capture = pair.capture(|_| ());
    let elsewhere = Place::new();
    let there = elsewhere.namespace.as_fd().as_raw_fd();
    pair.right.run(&format!("ip link set right netns /proc/{}/fd/{there}", std::process::id()));
    wait_for_the_end(&mut capture);
}

#[test]
fn a_link_that_goes_down_is_captured_again_when_it_is_up() {
    let pair = Pair::new();
    pair.right.run("ip link set right down");
    // It was down at the beginning already.
    let mut capture = pair.capture(|_| ());
    for _ in 0..3 {
        assert_eq!(capture.drain(|_| ()).unwrap(), Drained { packets: 0, gone: false });
        assert_eq!(ready(&capture, Duration::ZERO), PollFlags::empty());
        pair.right.run("ip link set right up");
        wait_until_it_sends(&pair.left, "left");
        pair.send(&frame(RIGHT, OURS, 60));
        wait_for(&mut capture, 1);
        pair.right.run("ip link set right down");
        assert!(ready(&capture, LONG).contains(PollFlags::ERR));
    }
}

#[test]
fn a_capture_of_all_links_sees_those_that_come_later() {
    let pair = Pair::new();
    let mut capture = Capture::open(pair.right.namespace.as_fd(), &options()).unwrap();
    pair.right.run("ip link delete right");
    assert!(!capture.drain(|_| ()).unwrap().gone);
    pair.right.run("ip link add new type veth peer name far");
    for link in ["new", "far"] {
        pair.right.run(&format!("ip link set {link} up"));
    }
    let (new, far) = (index(&pair.right, "new"), index(&pair.right, "far"));
    send_by(&sender(&pair.right, "new"), &frame([0xff; 6], OURS, 60));
    let links: Vec<_> = wait_for(&mut capture, 2).iter().map(|kept| kept.frame.link).collect();
    assert_eq!(links, [new, far]);
}

#[test]
fn a_link_takes_in_all_packets_only_while_it_was_asked_to() {
    let pair = Pair::new();
    let told = || pair.right.run("ip -d link show dev right").contains("promiscuity 1");
    let plain = pair.capture(|_| ());
    assert!(!told());
    let all = pair.capture(|options| options.promiscuous = true);
    assert!(told());
    drop(all);
    assert!(!told());
    drop(plain);
}

#[test]
fn a_capture_keeps_its_namespace_alive() {
    let pair = Pair::new();
    let mut capture = pair.capture(|_| ());
    let Pair { left, right, sender } = pair;
    drop(right);
    send_by(&sender, &frame(RIGHT, OURS, 60));
    wait_for(&mut capture, 1);
    drop(left);
}

#[test]
fn who_may_not_capture_is_told_what_it_takes() {
    let pair = Pair::new();
    let try_without = |lost: CapabilitySet| {
        let there = pair.right.namespace.as_fd();
        let attempt = || {
            // What a thread does to itself ends with it.
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            let mut sets = capabilities(None).unwrap();
            sets.effective.remove(lost);
            set_capabilities(None, sets).unwrap();
            let here = NetNs::current().unwrap();
            let open = |namespace| Capture::open(namespace, &options()).map(drop);
            (open(there), open(here.as_fd()))
        };
        std::thread::scope(|scope| scope.spawn(attempt).join().unwrap())
    };
    let (elsewhere, here) = try_without(CapabilitySet::NET_RAW);
    for error in [elsewhere.unwrap_err(), here.unwrap_err()] {
        assert_eq!(error.errno(), Some(nix::errno::Errno::EPERM));
        assert!(error.to_string().contains("CAP_NET_RAW"), "{error}");
    }
    // A thread that is there already need not enter.
    let (elsewhere, here) = try_without(CapabilitySet::SYS_ADMIN);
    here.unwrap();
    let error = elsewhere.unwrap_err();
    assert_eq!(error.errno(), Some(nix::errno::Errno::EPERM));
    assert!(error.to_string().contains("CAP_SYS_ADMIN"), "{error}");
}
