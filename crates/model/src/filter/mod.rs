//! Which packets are wanted: the language of tcpdump's filters (`pcap-filter(7)`), compiled to
//! classic BPF.
//!
//! ```text
//! "tcp port 80" ──words──▶ ──read──▶ Expression ──lower──▶ Condition ──assemble──▶ instructions
//! ```
//!
//! What is understood: hosts, networks, ports and ranges of them, protocols by name and number,
//! Ethernet addresses, `vlan`, `less`, `greater`, `broadcast`, `multicast`, comparisons of bytes
//! (`tcp[tcpflags] & tcp-syn != 0`), `and`, `or`, `not` and brackets. `and` and `or` bind equally and
//! from the left, as they do there. Anything else is an error that says so.
//!
//! One filter means the same to a file and to a socket: the tag that the kernel takes off a frame is
//! put back in thought. So a tagged packet is found by `vlan and host …`, wherever it is looked for.
//!
//! Read in this order: [`expression`], [`read`](mod@read), [`lower`], [`condition`], [`assemble`], [`bpf`].

mod arithmetic;
mod assemble;
pub mod bpf;
mod condition;
mod expression;
mod lower;
mod names;
mod primitive;
mod read;
#[cfg(test)]
mod tests;
mod value;
mod words;

pub use crate::packet::Start;
pub use bpf::Instruction;
pub use read::{Problem, Wanted, Wrong};

use expression::Expression;
use lower::Layout;
use std::net::IpAddr;

/// A filter that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Expression);

impl Filter {
    /// Reads a filter; `hosts` gives the addresses of a name, and none if it does not know it.
    pub fn read(text: &str, hosts: &dyn Fn(&str) -> Vec<IpAddr>) -> Result<Self, Wrong> {
        read::read(text, hosts).map(Self)
    }

    /// The program for packets of one kind, as they are in a file. It gives 0 or `snap`.
    pub fn program(&self, start: Start, snap: u32) -> Vec<Instruction> {
        let layout = match start {
            Start::Ethernet => Layout::Ethernet { beside: false },
            Start::Ip => Layout::Ip,
        };
        assemble::assemble(&lower::lower(&self.0, layout), snap)
    }
}

/// The program for a packet socket of any link: of a packet that is wanted, so many bytes are kept.
///
/// A packet on the loopback link is taken once, as it comes in. Links that are neither Ethernet nor
/// bare IP have all their packets taken without a filter, and none with one. `None` is given for a
/// filter that is longer than the kernel takes.
pub fn of_socket(filter: Option<&Filter>, snap: u32) -> Option<Vec<Instruction>> {
    let program = assemble::assemble(&lower::on_any_link(filter.map(|filter| &filter.0)), snap);
    (program.len() <= bpf::LONGEST).then_some(program)
}
