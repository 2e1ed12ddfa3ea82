//! Rules of routing policy (`RTM_GETRULE`, `net/core/fib_rules.c`): which table is asked for a packet.

use crate::net::{Family, IpNet, LinkName};
use serde::{Deserialize, Serialize};

/// One rule, as `ip rule` shows it. Rules are asked in the order of their priorities, those of equal
/// priority in the order in which the kernel lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FibRule {
    pub family: Family,
    /// Lower is asked first (`FRA_PRIORITY`).
    pub priority: u32,
    pub action: FibAction,
    /// The rule is for what does not match the selectors (`FIB_RULE_INVERT`).
    pub inverted: bool,
    /// Selectors: `None` matches everything.
    pub source: Option<IpNet>,
    pub destination: Option<IpNet>,
    pub iif: Option<LinkName>,
    pub oif: Option<LinkName>,
    /// The packet's mark, and the bits of it that count.
    pub mark: Option<(u32, u32)>,
    /// Type of service; 0 matches everything.
    pub tos: u8,
    /// The protocol's number.
    pub protocol: Option<u8>,
    /// First and last port, both included.
    pub source_ports: Option<(u16, u16)>,
    pub destination_ports: Option<(u16, u16)>,
    /// First and last user id of the sending socket.
    pub users: Option<(u32, u32)>,
    /// Routes with a prefix of this length or a shorter one are passed over
    /// (`FRA_SUPPRESS_PREFIXLEN`).
    pub suppress_prefix_length: Option<u32>,
    /// Routes by a link of this group are passed over (`FRA_SUPPRESS_IFGROUP`).
    pub suppress_group: Option<u32>,
    /// A selector that the model has no place for, such as `l3mdev` or a flow label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmodelled: Option<String>,
}

/// What a rule does (`FR_ACT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FibAction {
    Table(u32),
    /// On with the first rule of this priority.
    Goto(u32),
    Nop,
    Blackhole,
    Unreachable,
    Prohibit,
}

impl FibRule {
    /// A rule that sends everything to a table.
    pub fn to_table(family: Family, priority: u32, table: u32) -> Self {
        Self {
            family,
            priority,
            action: FibAction::Table(table),
            inverted: false,
            source: None,
            destination: None,
            iif: None,
            oif: None,
            mark: None,
            tos: 0,
            protocol: None,
            source_ports: None,
            destination_ports: None,
            users: None,
            suppress_prefix_length: None,
            suppress_group: None,
            unmodelled: None,
        }
    }
}
