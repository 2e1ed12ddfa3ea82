//! The smallest case that still differs: parts are taken out one by one as long as it does.

use crate::case::Case;
use crate::run::differs;

/// Takes out what can be taken out. The last packet is the one that differs.
pub fn shrink(mut case: Case) -> Case {
    let many = case.packets.len();
    let alone = Case { packets: case.packets.split_off(many - 1), ..case.clone() };
    if differs(&alone).is_some() {
        case = alone;
    } else {
        case.packets.extend(alone.packets);
    }
    loop {
        let mut smaller = false;
        let mut place = 0;
        while let Some(attempt) = without(&case, place) {
            if differs(&attempt).is_some() {
                case = attempt;
                smaller = true;
            } else {
                place += 1;
            }
        }
        if !smaller {
            return case;
        }
    }
}

/// The case without its part of this number; none if there are not so many. Large parts come first.
fn without(case: &Case, place: usize) -> Option<Case> {
    let mut case = case.clone();
    let mut left = place;
    let spaces = case.spaces.len();
    if left < spaces {
        let name = case.spaces.remove(left).name;
        case.cables.retain(|cable| cable.ends.iter().all(|end| end.space != name));
        case.packets.retain(|packet| packet.space != name);
        return Some(case);
    }
    left -= spaces;
    if take(&mut case.cables, &mut left) {
        return Some(case);
    }
    let before = case.packets.len().saturating_sub(1);
    if left < before {
        case.packets.remove(left);
        return Some(case);
    }
    left -= before;
    for space in &mut case.spaces {
        if take(&mut space.nft, &mut left) || take(&mut space.iptables, &mut left) {
            return Some(case);
        }
    }
    for space in &mut case.spaces {
        for table in &mut space.nft {
            if take(&mut table.chains, &mut left) {
                return Some(case);
            }
        }
        if space.iptables.iter_mut().any(|table| take(&mut table.chains, &mut left)) {
            return Some(case);
        }
    }
    for space in &mut case.spaces {
        let chains = space.iptables.iter_mut().flat_map(|table| &mut table.chains);
        if chains.into_iter().any(|chain| take(&mut chain.rules, &mut left)) {
            return Some(case);
        }
        for table in &mut space.nft {
            if take(&mut table.sets, &mut left)
                || table.chains.iter_mut().any(|chain| take(&mut chain.rules, &mut left))
            {
                return Some(case);
            }
        }
        if take(&mut space.ip, &mut left)
            || take(&mut space.ip6, &mut left)
            || take(&mut space.bridge, &mut left)
            || take(&mut space.ipset, &mut left)
            || take(&mut space.sysctls, &mut left)
            || take(&mut space.sockets, &mut left)
        {
            return Some(case);
        }
    }
    None
}

/// Takes the part out if it is in this list.
fn take<T>(list: &mut Vec<T>, left: &mut usize) -> bool {
    if *left < list.len() {
        list.remove(*left);
        return true;
    }
    *left -= list.len();
    false
}
