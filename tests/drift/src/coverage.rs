//! What occurred in the cases that agreed: every stage, decision, kind of evidence, reason and
//! expression, counted by its name; and those that have to occur.
//!
//! A name is the one that the value has in JSON.

use model::host::nft::xt::Extension;
use model::host::nft::{Expression, NftTable};
use model::host::{Namespace, Table, Unknown};
use model::path::{End, Evidence, Part, Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Counts by kind and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage(BTreeMap<String, u64>);

/// What has to occur in a run of some hundred cases: all that the model has, but what is named below.
///
/// - `foreign` expressions, and decisions of tunnels by program: no tool makes them.
/// - `payload_set`, `number_generator`: end a walk as unknown wherever they could decide.
/// - `match state` is one of older programs, which write `connection` now; `target set` changes what
///   later rules find.
/// - `decision wire`: a case has no link to outside.
/// - `reason not_own`, `no_tunnel_end`, `came_back` and `hairpin` need odd tunnels and ports.
const WANTED: &[(&str, &[&str])] = &[
    (
        "stage",
        &[
            "leave",
            "output",
            "neighbour",
            "transmit",
            "receive",
            "bridge",
            "prerouting",
            "route",
            "forward",
            "input",
            "postrouting",
            "encapsulate",
            "decapsulate",
            "deliver",
        ],
    ),
    (
        "decision",
        &[
            "route",
            "local",
            "neighbour",
            "cross",
            "taken",
            "port",
            "flood",
            "up",
            "pass",
            "wrap",
            "unwrap",
            "delivered",
        ],
    ),
    ("change", &["source", "destination"]),
    (
        "evidence",
        &[
            "route",
            "fib_rule",
            "connection",
            "neighbour",
            "resolved",
            "fdb",
            "rule",
            "policy",
            "sysctl",
            "pair",
            "socket",
        ],
    ),
    (
        "reason",
        &[
            "no_route",
            "route_refuses",
            "link_down",
            "no_neighbour",
            "not_forwarding",
            "rule",
            "too_big",
            "ttl_expired",
            "no_socket",
            "no_tunnel_to",
            "other_host",
            "port_state",
            "isolated",
            "martian",
            "reverse_path",
        ],
    ),
    (
        "expression",
        &[
            "payload",
            "meta",
            "meta_set",
            "ct",
            "ct_set",
            "fib",
            "cmp",
            "bitwise",
            "lookup",
            "immediate",
            "verdict",
            "counter",
            "nat",
            "masquerade",
            "redirect",
            "reject",
            "notrack",
            "range",
            "byte_order",
            "log",
            "limit",
            "extension",
        ],
    ),
    ("legacy", &["raw", "mangle", "nat", "filter"]),
    (
        "match",
        &[
            "address_type",
            "comment",
            "connection",
            "connection_mark",
            "icmp",
            "icmp6",
            "ip_range",
            "length",
            "mac",
            "mark",
            "multiport",
            "packet_type",
            "physdev",
            "reverse_path",
            "set",
            "tcp",
            "ttl",
            "udp",
            "uncertain",
        ],
    ),
    (
        "target",
        &[
            "aside",
            "connection_mark",
            "ct",
            "dnat",
            "mark",
            "masquerade",
            "netmap",
            "redirect",
            "reject",
            "snat",
            "tcp_mss",
            "ttl",
        ],
    ),
    (
        "ipset",
        &[
            "bitmap:port",
            "hash:ip",
            "hash:ip,port",
            "hash:ip,port,ip",
            "hash:ip,port,net",
            "hash:net",
            "hash:net,iface",
            "hash:net,port",
            "list:set",
        ],
    ),
    ("fib", &["address_type", "oif", "oif_name"]),
];

impl Coverage {
    /// Counts what is in a path.
    pub(crate) fn path(&mut self, path: &Path) {
        for hop in &path.hops {
            self.count("stage", &hop.stage);
            self.count("decision", &hop.decision);
            if let model::path::Decision::Pass { changes } = &hop.decision {
                changes.iter().for_each(|change| self.count("change", change));
            }
            hop.evidence.iter().for_each(|evidence| self.evidence(evidence));
        }
        if let End::Dropped { because, .. } = &path.end {
            self.count("reason", because);
            match because {
                model::path::Reason::Rule { evidence }
                | model::path::Reason::RouteRefuses { evidence } => self.evidence(evidence),
                _ => {}
            }
        }
    }

    fn evidence(&mut self, evidence: &Evidence) {
        self.count("evidence", evidence);
    }

    /// Counts the expressions of a ruleset that a packet was walked through.
    pub(crate) fn read(&mut self, part: &Part, namespace: &Namespace<Unknown>) {
        match part {
            Part::Nft => self.tables(&namespace.nft.tables),
            Part::Legacy => {
                for table in &namespace.legacy {
                    self.count("legacy", &table.name);
                }
                self.tables(&namespace.legacy);
            }
            Part::IpSets => {
                for set in &namespace.ipsets {
                    self.count("ipset", &set.kind);
                }
            }
            _ => {}
        }
    }

    fn tables(&mut self, tables: &Table<NftTable<Unknown>>) {
        let chains = tables.iter().flat_map(|table| &table.chains);
        for expression in chains.flat_map(|chain| &chain.rules).flat_map(|rule| &rule.expressions) {
            self.count("expression", expression);
            match expression {
                Expression::Meta { key, .. } => self.count("meta", key),
                Expression::Ct { key, .. } => self.count("ct", key),
                Expression::Payload { base, .. } => self.count("payload", base),
                Expression::Verdict(verdict) => self.count("verdict", verdict),
                Expression::Extension { is: Extension::Match(one), .. } => self.count("match", one),
                Expression::Extension { is: Extension::Target(one), .. } => {
                    self.count("target", one);
                }
                Expression::Fib { result, .. } => self.count("fib", result),
                _ => {}
            }
        }
    }

    fn count(&mut self, kind: &str, value: &impl Serialize) {
        *self.0.entry(format!("{kind} {}", tag(value))).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (name, count) in other.0 {
            *self.0.entry(name).or_default() += count;
        }
    }

    /// What has to occur and did not.
    pub fn gaps(&self) -> Vec<String> {
        let wanted = WANTED
            .iter()
            .flat_map(|(kind, names)| names.iter().map(move |name| format!("{kind} {name}")));
        wanted.filter(|name| !self.0.contains_key(name)).collect()
    }

    /// All that occurred, a line each.
    pub fn table(&self) -> String {
        let mut table = String::new();
        for (name, count) in &self.0 {
            let _ = writeln!(table, "{count:>8}  {name}");
        }
        table
    }
}

/// The name of an enum's variant.
fn tag(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        Ok(_) | Err(_) => String::new(),
    }
}
