//! The kernel takes our programs, and keeps what we say that it keeps.

use super::{asked, digits};
use crate::filters;
use crate::packets;
use crate::random::{Random, seed};
use model::filter::{Filter, Instruction, Start, bpf, of_socket};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Serialize)]
struct Question {
    programs: Vec<Vec<(u16, u8, u8, u32)>>,
    frames: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    kept: Vec<Vec<usize>>,
    loopback: usize,
}

fn numbers(program: &[Instruction]) -> Vec<(u16, u8, u8, u32)> {
    program.iter().map(|one| (one.code, one.yes, one.no, one.operand)).collect()
}

#[test]
fn a_socket_keeps_what_a_file_keeps() {
    let mut random = Random::new(seed());
    let mut texts = filters::primitives();
    texts.extend(filters::combinations());
    // A place that is worked out is not put right for a tag, see `lower`.
    texts.retain(|text| !text.contains("ether[len"));
    // Places before the packet, where the kernel would tell other things.
    texts.extend(["ether[-1] = 0", "ip[-100] = 0", "ether[0xfffff004:4] = 0"].map(str::to_owned));
    let known = texts.clone();
    texts.extend((0..100).map(|_| filters::combination(&known, &mut random)));
    let all: Vec<Filter> =
        texts.iter().map(|text| Filter::read(text, &|_| Vec::new()).expect("a filter")).collect();
    let frames: BTreeSet<Vec<u8>> = (0..400).map(|_| packets::packet(&mut random).bytes).collect();
    let frames: Vec<_> = frames.into_iter().collect();
    let snap = 65_535;
    let mut programs = vec![numbers(&of_socket(None, snap).expect("it is short"))];
    programs.extend(
        all.iter()
            .map(|filter| numbers(&of_socket(Some(filter), snap).expect("it is short enough"))),
    );
    let question =
        Question { programs, frames: frames.iter().map(|frame| digits(frame)).collect() };
    let answer: Answer = asked(include_str!("filters.py"), &question);
    assert_eq!(answer.loopback, 1, "a packet on the loopback link is seen once");
    let everything: Vec<_> = (0..frames.len()).collect();
    assert_eq!(answer.kept[0], everything, "every frame arrives");
    let mut kept = 0;
    for ((text, filter), theirs) in texts.iter().zip(&all).zip(&answer.kept[1..]) {
        let program = filter.program(Start::Ethernet, 1);
        let is_kept = |number: &usize| {
            let frame = &frames[*number];
            bpf::run(&program, frame, frame.len() as u32) > 0
        };
        let ours: Vec<_> = everything.iter().copied().filter(is_kept).collect();
        assert_eq!(&ours, theirs, "{text}");
        kept += ours.len();
    }
    println!("{} filters, {} frames, {kept} times kept", texts.len(), frames.len());
    assert!(kept > 10_000, "{kept}");
}
