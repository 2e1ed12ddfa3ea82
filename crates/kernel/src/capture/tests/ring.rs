//! A ring that fills, empties and goes round.

use super::*;

#[test]
fn what_does_not_fit_is_counted_and_what_follows_is_seen() {
    const SENT: u64 = 1000;
    let pair = Pair::new();
    let mut capture =
        pair.capture(|options| (options.ring, options.patience) = (0, Duration::from_millis(300)));
    assert_eq!(capture.ring(), 256 << 10);
    (0..SENT).for_each(|_| pair.send(&frame(RIGHT, OURS, 1400)));
    let counts = wait_for_arrival(&mut capture, SENT);
    let fit = usize::try_from(SENT - counts.lost).unwrap();
    assert!(counts.passed == SENT && (1..256).contains(&fit), "{counts:?}");
    assert_eq!(wait_for(&mut capture, fit).len(), fit);
    // There is room again.
    pair.send(&frame(RIGHT, OTHERS, 60));
    assert_eq!(wait_for(&mut capture, 1)[0].frame.protocol, OTHERS);
    let (passed, lost) = (SENT + 1, counts.lost);
    assert_eq!(capture.counts().unwrap(), Counts { passed, lost });
}

#[test]
fn packets_come_in_order_over_many_turns_of_the_ring() {
    const SENT: u32 = 20_000;
    let pair = Pair::new();
    let mut capture = pair.capture(|options| options.ring = 0);
    let numbered = |number: u32| {
        let mut frame = frame(RIGHT, OURS, 1400);
        frame[14..18].copy_from_slice(&number.to_be_bytes());
        frame
    };
    let (mut seen, mut next) = (0, 0);
    let mut look = |capture: &mut Capture| {
        let look = |frame: Frame<'_>| {
            let number = u32::from_be_bytes(*frame.bytes[14..].first_chunk().unwrap());
            assert!(number >= next, "{number} came behind {next}");
            assert_eq!(frame.bytes, numbered(number));
            (seen, next) = (seen + 1, number + 1);
        };
        capture.drain(look).unwrap();
        seen
    };
    for number in 0..SENT {
        pair.send(&numbered(number));
        if number % 10 == 0 {
            look(&mut capture);
        }
    }
    let counts = wait_for_arrival(&mut capture, SENT.into());
    assert_eq!(counts.passed, u64::from(SENT));
    // Who is kept from looking for a while may lose some.
    let fit = SENT - u32::try_from(counts.lost).unwrap();
    let until = Instant::now() + LONG;
    while look(&mut capture) < fit {
        assert!(Instant::now() < until, "{counts:?}");
        ready(&capture, Duration::from_millis(100));
    }
    assert!(fit > 1000, "{counts:?}");
}

#[test]
fn a_reader_that_panics_gets_the_block_again() {
    let pair = Pair::new();
    let mut capture = pair.capture(|_| ());
    pair.send(&frame(RIGHT, OURS, 60));
    let until = Instant::now() + LONG;
    while !ready(&capture, Duration::from_millis(100)).contains(PollFlags::IN) {
        assert!(Instant::now() < until);
    }
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = capture.drain(|_| panic!("on purpose"));
    }));
    assert!(panicked.is_err());
    assert_eq!(wait_for(&mut capture, 1).len(), 1);
}
