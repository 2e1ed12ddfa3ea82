//! The working: address and mask in binary, and their AND, which is the network.
//!
//! A `|` stands where the network's bits end. On a terminal they are cyan, and the host's yellow.
//! IPv4 is a line each. IPv6 would be 135 columns wide, so it is a line a group.

use crate::cli::table::{bold, pad};
use model::cidr::{self, Subnet};
use model::explain::{Language, Text};
use std::net::IpAddr;

pub(super) fn drawn(subnet: &Subnet, language: Language, colour: bool) -> String {
    let rows = [
        (Text::Address, subnet.address),
        (Text::Mask, subnet.mask),
        (Text::And, subnet.network.addr()),
    ]
    .map(|(name, address)| (name.say(language), address));
    match subnet.address {
        IpAddr::V4(_) => lines(&rows, subnet.length, colour),
        IpAddr::V6(_) => columns(&rows, subnet.length, language, colour),
    }
}

type Rows = [(String, IpAddr); 3];

fn lines(rows: &Rows, boundary: u8, colour: bool) -> String {
    let mut drawn = String::new();
    for (name, address) in rows {
        // At the edge of two groups the mark stands for the dot.
        let bits = cidr::groups(*address, boundary).join(".").replace("|.", "|");
        let (network, host) = bits.split_once('|').unwrap_or((&bits, ""));
        drawn += &bold(&pad(name, 10), colour);
        drawn += &pad(&address.to_string(), 17);
        drawn +=
            &format!("{}|{}\n", painted(network, NETWORK, colour), painted(host, HOST, colour));
    }
    drawn
}

fn columns(rows: &Rows, boundary: u8, language: Language, colour: bool) -> String {
    const WIDTH: usize = 25;
    let names: String = rows.iter().map(|(name, _)| pad(name, WIDTH)).collect();
    let heading = format!("{}{names}", pad(&Text::Group.say(language), 7));
    let mut drawn = bold(heading.trim_end(), colour) + "\n";
    let columns = rows.each_ref().map(|(_, address)| cidr::groups(*address, boundary));
    let mut colours = NETWORK;
    for group in 0..columns[0].len() {
        let mut line = pad(&(group + 1).to_string(), 7);
        for (column, (_, address)) in columns.iter().zip(rows) {
            let bits = &column[group];
            line += &format!("{} ", hexadecimal(*address, group));
            line += &match bits.split_once('|') {
                Some((network, host)) => {
                    painted(network, NETWORK, colour) + "|" + &painted(host, HOST, colour)
                }
                None => painted(bits, colours, colour),
            };
            line += &" ".repeat(WIDTH - 5 - bits.len());
        }
        if columns[0][group].contains('|') {
            colours = HOST;
        }
        drawn += line.trim_end();
        drawn.push('\n');
    }
    drawn
}

/// A group as IPv6 addresses have it, its leading zeros written out.
fn hexadecimal(address: IpAddr, group: usize) -> String {
    match address {
        IpAddr::V6(address) => format!("{:04x}", address.segments()[group]),
        IpAddr::V4(address) => format!("{:02x}", address.octets()[group]),
    }
}

const NETWORK: &str = "36";
const HOST: &str = "33";

fn painted(bits: &str, paint: &str, colour: bool) -> String {
    if colour && !bits.is_empty() { format!("\x1b[{paint}m{bits}\x1b[0m") } else { bits.to_owned() }
}
