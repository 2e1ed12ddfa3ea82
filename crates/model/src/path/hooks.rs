//! What happens at a netfilter hook: chains of all tables in the order of their priorities, with
//! connection tracking and NAT at theirs.
//!
//! ```text
//! prerouting, output    … −200 connection tracking … −100 the NAT chains, for the destination …
//! input, postrouting    …                             100 the NAT chains, for the source …
//! ```
//!
//! All NAT chains hang on one hook whatever their priority, which orders them among themselves
//! only (`nf_nat_register_fn`); they are asked once a connection and side (`nf_nat_inet_fn`). Which
//! of two chains of equal priority runs first depends on the order in which they were made, which
//! is not in the state: they run in the order of their names.

use super::buffer::{State, Tracking};
use super::machine::{Halt, Machine};
use super::nft::{self, Scene};
use super::{Evidence, Reason, Translation, conntrack};
use crate::host::Unknown;
use crate::host::nft::{Chain, ChainKind, Hook, NatKind, NftFamily, NftTable};
use crate::net::{Family, LinkName};
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Where in the stack a hook is.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'x> {
    pub(super) hook: Hook,
    pub(super) stack: Stack<'x>,
    pub(super) iif: Option<&'x LinkName>,
    pub(super) oif: Option<&'x LinkName>,
}

/// Whose hook it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stack<'x> {
    /// IPv4 or IPv6; the next hop, where it is known.
    Ip {
        nexthop: Option<IpAddr>,
    },
    Bridge(&'x LinkName),
    /// A link's own ingress or egress.
    Device(&'x LinkName),
}

/// The packet came through.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    pub(super) changes: Vec<Translation>,
    pub(super) evidence: Vec<Evidence>,
    /// A chain of the type `route` gave the packet another mark (`nf_route_table_hook4`).
    pub(super) is_remarked: bool,
}

impl Passed {
    /// Nobody had a say.
    pub(super) fn is_silent(&self) -> bool {
        self.changes.is_empty() && self.evidence.is_empty()
    }
}

type Placed<'m> = (&'m NftTable<Unknown>, &'m Chain<Unknown>);

/// What runs at a hook.
enum Turn<'m> {
    Track,
    Chain(Placed<'m>, ChainKind),
    Nat(NatKind),
}

const TRACK: i32 = -200;
const NAT_DESTINATION: i32 = -100;
const NAT_SOURCE: i32 = 100;

/// Runs all that hangs on a hook.
pub(super) fn run(machine: &Machine<'_>, state: &mut State, at: &At<'_>) -> Result<Passed, Halt> {
    run_within(machine, state, at, i32::MIN..=i32::MAX)
}

/// Runs what hangs on a hook with one of these priorities.
pub(super) fn run_within(
    machine: &Machine<'_>,
    state: &mut State,
    at: &At<'_>,
    priorities: RangeInclusive<i32>,
) -> Result<Passed, Halt> {
    let (nft, legacy) = (machine.nft(&state.namespace)?, machine.legacy(&state.namespace)?);
    let Some(family) = state.packet.addresses().map(|(source, _)| Family::of(source)) else {
        return Ok(Passed::default());
    };
    let mut nat_chains = Vec::new();
    let mut turns = Vec::new();
    for table in nft.tables.iter().chain(legacy) {
        for chain in &table.chains {
            let Some(base) = &chain.base else { continue };
            if !priorities.contains(&base.priority) {
                continue;
            }
            if base.hook != at.hook || !sees(table.family, family, at, &base.devices) {
                continue;
            }
            match base.kind {
                ChainKind::Nat => nat_chains.push((base.priority, (table, chain))),
                ChainKind::Filter | ChainKind::Route => {
                    turns.push((base.priority, Turn::Chain((table, chain), base.kind)));
                }
            }
        }
    }
    if matches!(at.stack, Stack::Ip { .. }) {
        match at.hook {
            Hook::Prerouting | Hook::Output => {
                turns.insert(0, (TRACK, Turn::Track));
                turns.push((NAT_DESTINATION, Turn::Nat(NatKind::Destination)));
            }
            Hook::Input | Hook::Postrouting => {
                turns.push((NAT_SOURCE, Turn::Nat(NatKind::Source)));
            }
            Hook::Forward | Hook::Ingress | Hook::Egress => {}
        }
    }
    turns.sort_by_key(|(priority, _)| *priority);
    nat_chains.sort_by_key(|(priority, _)| *priority);

    let mut passed = Passed::default();
    for (_, turn) in turns {
        match turn {
            Turn::Track => passed.evidence.extend(conntrack::track(machine, state)?),
            Turn::Chain(chain, kind) => {
                let mark = state.mark;
                ask(machine, state, at, chain, &mut passed)?;
                passed.is_remarked |= kind == ChainKind::Route && state.mark != mark;
            }
            Turn::Nat(kind) => {
                for (_, chain) in &nat_chains {
                    if is_done(state, kind) {
                        break;
                    }
                    ask(machine, state, at, *chain, &mut passed)?;
                }
                if let Tracking::Connection { index, reply: false } = state.tracking {
                    *state.connections[index].done(kind) = true;
                }
                passed.changes.extend(conntrack::translate(state, kind));
            }
        }
    }
    if let (Stack::Ip { .. }, Hook::Input | Hook::Postrouting) = (at.stack, at.hook)
        && let Tracking::Connection { index, .. } = state.tracking
    {
        state.connections[index].confirmed = true;
    }
    Ok(passed)
}

/// Whether the side of the packet's connection is settled, or there is no connection.
fn is_done(state: &mut State, kind: NatKind) -> bool {
    match state.tracking {
        Tracking::Connection { index, reply: false } => *state.connections[index].done(kind),
        Tracking::Connection { reply: true, .. } | Tracking::NotYet | Tracking::Untracked => true,
    }
}

/// Whether a table's chains of this hook see the packet.
fn sees(table: NftFamily, packet: Family, at: &At<'_>, devices: &[LinkName]) -> bool {
    match (at.stack, table) {
        (Stack::Ip { .. }, NftFamily::Inet) => true,
        (Stack::Ip { .. }, NftFamily::Ip) => packet == Family::V4,
        (Stack::Ip { .. }, NftFamily::Ip6) => packet == Family::V6,
        (Stack::Bridge(_), NftFamily::Bridge) => true,
        (Stack::Device(link), NftFamily::Netdev | NftFamily::Inet) => devices.contains(link),
        _ => false,
    }
}

/// Has one base chain's verdict; what it rests on is kept.
fn ask(
    machine: &Machine<'_>,
    state: &mut State,
    at: &At<'_>,
    (table, chain): Placed<'_>,
    passed: &mut Passed,
) -> Result<(), Halt> {
    let mut scene = Scene { machine, table, at, state, evidence: &mut passed.evidence, rules: 0 };
    match nft::base_chain(&mut scene, chain)? {
        nft::Fate::Accepted => Ok(()),
        nft::Fate::Dropped(evidence) => {
            Err(Halt::Drop(Reason::Rule { evidence: Box::new(evidence) }))
        }
    }
}
