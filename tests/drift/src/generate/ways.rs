//! How hosts reach each other's networks.

use super::draft::Draft;

pub(super) fn lead(draft: &mut Draft) {
    for from in 0..draft.hosts.len() {
        for place in 0..draft.networks.len() {
            let to = draft.networks[place].host;
            if to != from {
                direct(draft, from, place);
            }
        }
    }
}

/// A route over the underlay, to the host itself or the next one on the way.
fn direct(draft: &mut Draft, from: usize, place: usize) {
    let network = &draft.networks[place];
    let to = network.host;
    let next = |here: usize| if to > here { here + 1 } else { here - 1 };
    let shared = draft.underlays.iter().find(|underlay| {
        let has = |host| underlay.ends.iter().any(|(end, _)| *end == host);
        has(from) && (has(to) || has(next(from)))
    });
    let Some(underlay) = shared else { return };
    let hop = if underlay.ends.iter().any(|(end, _)| *end == to) { to } else { next(from) };
    let (hop, owner) = (draft.hosts[hop].number, draft.hosts[to].number);
    let lines: Vec<_> = network
        .families
        .iter()
        .map(|family| {
            let (prefix, via) = (network.prefix(*family, owner), underlay.address(*family, hop));
            format!("route add {prefix} via {via}")
        })
        .collect();
    let name = draft.hosts[from].name.clone();
    for line in lines {
        draft.ip(&name, line);
    }
}
