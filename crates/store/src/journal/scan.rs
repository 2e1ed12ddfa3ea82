//! Finds the intact frames in bytes from disk, whatever the bytes are. Pure.

use crate::Gap;

use super::format::{FRAME_HEAD, read_frame};

/// What a file's bytes hold behind its header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan<'a> {
    pub(super) frames: Vec<Frame<'a>>,
    /// In order, disjoint; the last one may reach the end of the file.
    pub(super) gaps: Vec<Gap>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) offset: usize,
    pub(super) payload: &'a [u8],
}

impl Frame<'_> {
    fn end(self) -> usize {
        self.offset + FRAME_HEAD + self.payload.len()
    }
}

/// Reads frames from `start` on, and behind unreadable bytes from the next intact one.
pub(super) fn scan(bytes: &[u8], start: usize) -> Scan<'_> {
    let mut found = Scan { frames: Vec::new(), gaps: Vec::new() };
    let mut at = start;
    while at < bytes.len() {
        match next_frame(bytes, at) {
            Some(frame) => {
                found.note_gap(at, frame.offset);
                at = frame.end();
                found.frames.push(frame);
            }
            None => {
                found.note_gap(at, bytes.len());
                break;
            }
        }
    }
    found
}

impl Scan<'_> {
    fn note_gap(&mut self, from: usize, to: usize) {
        if from < to {
            self.gaps.push(Gap { offset: from as u64, bytes: (to - from) as u64 });
        }
    }

    /// The only unreadable bytes, if they are the file's last: a write that did not complete.
    pub(super) fn torn_tail(&self) -> Option<Gap> {
        let &[gap] = &self.gaps[..] else { return None };
        let before_all_frames = self.frames.last().is_some_and(|f| f.offset as u64 > gap.offset);
        (!before_all_frames).then_some(gap)
    }
}

fn next_frame(bytes: &[u8], from: usize) -> Option<Frame<'_>> {
    (from..bytes.len())
        .find_map(|offset| read_frame(&bytes[offset..]).map(|payload| Frame { offset, payload }))
}

#[cfg(test)]
mod tests {
    use super::super::format::push_frame;
    use super::*;

    fn three() -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in ["one", "two", "three"] {
            push_frame(&mut bytes, &word).unwrap();
        }
        bytes
    }

    fn words<'a>(scan: &Scan<'a>) -> Vec<&'a str> {
        scan.frames.iter().map(|f| std::str::from_utf8(f.payload).unwrap()).collect()
    }

    #[test]
    fn a_cut_anywhere_is_a_torn_tail_or_nothing() {
        let bytes = three();
        for length in 0..=bytes.len() {
            let found = scan(&bytes[..length], 0);
            let end = found.frames.last().map_or(0, |f| f.end());
            let tail = Gap { offset: end as u64, bytes: (length - end) as u64 };
            assert_eq!(found.torn_tail(), (end < length).then_some(tail));
        }
    }

    #[test]
    fn damage_in_the_middle_is_no_torn_tail() {
        let mut bytes = three();
        bytes[13 + 9] ^= 0x10;
        let found = scan(&bytes, 0);
        assert_eq!(words(&found), ["\"one\"", "\"three\""]);
        assert_eq!(found.gaps, [Gap { offset: 13, bytes: 13 }]);
        assert_eq!(found.torn_tail(), None);
        bytes.extend([0; 100]);
        let found = scan(&bytes, 0);
        assert_eq!(found.gaps.len(), 2);
        assert_eq!(found.torn_tail(), None);
    }

    #[test]
    fn zeros_and_noise_hold_no_frames() {
        assert_eq!(scan(&[0; 4096], 0).frames, []);
        assert_eq!(scan(&[0xff; 4096], 0).frames, []);
    }

    #[test]
    fn a_record_that_quotes_a_frame_hides_none() {
        let quoted: Vec<char> = three().iter().map(|&b| char::from(b)).collect();
        let mut bytes = Vec::new();
        push_frame(&mut bytes, &quoted.iter().collect::<String>()).unwrap();
        bytes[0] ^= 1;
        assert_eq!(scan(&bytes, 0).frames, []);
    }
}
