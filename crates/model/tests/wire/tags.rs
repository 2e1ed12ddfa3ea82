//! A filter of a socket, which has the first tag beside the packet, keeps what the filter of a file
//! keeps, which has it within.

use crate::filters;
use crate::packets;
use crate::random::{Random, seed};
use model::filter::bpf::{Told, run, run_told};
use model::filter::{Filter, Start, of_socket};
use model::packet::ether_type;

const ETHERNET: u16 = 1;
/// Links without a header (`ARPHRD_NONE`), and one that is neither.
const BARE_IP: u16 = 0xfffe;
const INFINIBAND: u16 = 32;
const LOOPBACK: u16 = 772;
const TO_US: u8 = 0;
const OUTGOING: u8 = 4;

/// As the kernel gives a frame to a socket.
pub(crate) fn untagged(frame: &[u8]) -> (Vec<u8>, Option<(u16, u16)>) {
    let half = |at: usize| Some(u16::from_be_bytes(*frame.get(at..)?.first_chunk()?));
    match (half(12), half(14), half(16)) {
        (Some(kind @ (ether_type::VLAN | ether_type::SERVICE_VLAN)), Some(control), Some(_)) => {
            ([&frame[..12], &frame[16..]].concat(), Some((kind, control)))
        }
        _ => (frame.to_vec(), None),
    }
}

fn filter(text: &str) -> Filter {
    Filter::read(text, &|_| Vec::new()).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

/// Bytes of the frame's header that lie in the tag, before it and behind it, and across its ends.
fn frame_loads() -> Vec<String> {
    let mut all = Vec::new();
    for at in 8..20 {
        for size in [1, 2, 4] {
            all.push(format!("ether[{at}:{size}] & 7 = 0"));
            all.push(format!("ether[{at}:{size}] > 0x64"));
            all.push(format!("link[{at}:{size}] = 0x{:x}", 0x8100_0064_u32 >> (32 - 8 * size)));
        }
    }
    all
}

#[test]
fn a_tag_beside_a_packet_is_as_good_as_one_in_it() {
    let mut random = Random::new(seed());
    let mut texts = filters::primitives();
    texts.extend(filters::combinations());
    texts.extend(frame_loads());
    // A place that is worked out is not put right, see `lower`.
    texts.retain(|text| !text.contains("ether[len"));
    let known = texts.clone();
    texts.extend((0..200).map(|_| filters::combination(&known, &mut random)));
    let frames: Vec<_> = (0..600).map(|_| packets::packet(&mut random).bytes).collect();
    let (mut tagged, mut kept) = (0, 0);
    for text in &texts {
        let filter = filter(text);
        let in_file = filter.program(Start::Ethernet, 1);
        let of_socket = of_socket(Some(&filter), 1).expect("it is short enough");
        for frame in &frames {
            let (bytes, tag) = untagged(frame);
            let told = Told { hardware: ETHERNET, direction: TO_US, tag };
            let wanted = run(&in_file, frame, frame.len() as u32);
            let got = run_told(&of_socket, &bytes, bytes.len() as u32, &told);
            assert_eq!(got, wanted, "{text}: {told:x?} {bytes:02x?}");
            tagged += usize::from(tag.is_some());
            kept += usize::from(got > 0 && tag.is_some());
        }
    }
    println!(
        "{} filters, {} frames; {kept} of {tagged} tagged ones kept",
        texts.len(),
        frames.len()
    );
    assert!(kept > 10_000, "{kept}");
}

#[test]
fn a_link_of_another_kind_has_its_own_layout() {
    let mut random = Random::new(seed());
    let programs: Vec<_> = filters::primitives()
        .into_iter()
        .map(|text| {
            let filter = filter(&text);
            let of_socket = of_socket(Some(&filter), 1).expect("it is short enough");
            (text, filter.program(Start::Ip, 1), of_socket)
        })
        .collect();
    let everything = of_socket(None, 1).expect("it is short");
    for _ in 0..300 {
        let bytes = packets::bare(&mut random).bytes;
        let length = bytes.len() as u32;
        let on = |hardware, direction| Told { hardware, direction, tag: None };
        for (text, in_file, of_socket) in &programs {
            let wanted = run(in_file, &bytes, length);
            let got = run_told(of_socket, &bytes, length, &on(BARE_IP, OUTGOING));
            assert_eq!(got, wanted, "{text}: {bytes:02x?}");
            assert_eq!(run_told(of_socket, &bytes, length, &on(INFINIBAND, TO_US)), 0, "{text}");
        }
        for (hardware, direction, wanted) in
            [(LOOPBACK, OUTGOING, 0), (LOOPBACK, TO_US, 1), (INFINIBAND, OUTGOING, 1)]
        {
            let got = run_told(&everything, &bytes, length, &on(hardware, direction));
            assert_eq!(got, wanted, "{hardware} {direction}");
        }
    }
}
