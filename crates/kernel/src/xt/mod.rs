//! Extensions of iptables from their C structs (`include/uapi/linux/netfilter/xt_*.h`), as they stand
//! in expressions `match` and `target` of nftables (`net/netfilter/nft_compat.c`) and in entries of
//! iptables-legacy.
//!
//! ```text
//! name, revision, bytes ──▶ known(…) ──▶ Extension (Match | Target), or why it is not understood
//! ```
//!
//! A file for each family of extensions; each function names its struct and the header it is in. A
//! revision that is not listed is not understood: it may ask for more. What depends on what nobody can
//! see (rates, chance, who sends) is [`Match::Uncertain`], not misunderstood.

mod address;
mod beside;
mod connection;
mod header;
mod info;
mod link;
mod mark;
mod nat;
mod port;
mod set;
#[cfg(test)]
mod tests;
mod uncertain;

pub(crate) use info::{Counted, Info};
use model::host::Unknown;
use model::host::nft::Expression;
use model::host::nft::xt::{Extension, Match, Target};
use model::net::Family;

/// Finds the name of a set of ipset by its index.
pub(crate) type SetName<'a> = dyn FnMut(u16) -> Option<String> + 'a;

/// Which of the two an extension is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Match,
    Target,
}

impl Kind {
    /// The word that the kernel uses.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Target => "target",
        }
    }
}

/// An extension as the kernel shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) kind: Kind,
    /// Whose: `ip_tables` or `ip6_tables`.
    pub(crate) family: Family,
    pub(crate) name: &'a str,
    pub(crate) revision: u8,
    pub(crate) info: &'a [u8],
}

impl Shown<'_> {
    /// The words for it: `iptables' match conntrack, revision 3`.
    pub(crate) fn words(&self) -> String {
        format!("iptables' {} {}, revision {}", self.kind.as_str(), self.name, self.revision)
    }

    /// The extension, or why it is not understood. The bytes of one that is are not kept: all that they
    /// say is said.
    pub(crate) fn expression(
        &self,
        set_name: &mut SetName<'_>,
    ) -> Result<Expression<Unknown>, String> {
        let info = Info { family: self.family, bytes: self.info };
        let known = match self.kind {
            Kind::Match => known_match(self.name, self.revision, info, set_name)
                .map(|known| known.map(Extension::Match)),
            Kind::Target => known_target(self.name, self.revision, info)
                .map(|known| known.map(Extension::Target)),
        };
        match known {
            None => Err(self.words()),
            Some(Err(why)) => Err(format!("{}: {why}", self.words())),
            Some(Ok(is)) => {
                let raw = Unknown { bytes: Vec::new(), why: self.words() };
                Ok(Expression::Extension { is, raw })
            }
        }
    }
}

/// The words of the first comment among a rule's expressions.
pub(crate) fn comment(expressions: &[Expression<Unknown>]) -> Option<String> {
    expressions.iter().find_map(|expression| match expression {
        Expression::Extension { is: Extension::Match(Match::Comment(words)), .. } => {
            Some(words.clone())
        }
        _ => None,
    })
}

/// `None` for an extension, or a revision of it, that is not known at all.
type Known<T> = Option<Result<T, String>>;

fn known_match(
    name: &str,
    revision: u8,
    info: Info<'_>,
    set_name: &mut SetName<'_>,
) -> Known<Match> {
    Some(match (name, revision) {
        ("addrtype", 0 | 1) => address::kinds(info, revision),
        ("comment", 0) => Ok(Match::Comment(info.text(0, 256))),
        ("connmark", 1) => mark::connection(info),
        ("conntrack", 1..=3) => connection::tracked(info, revision),
        ("hl" | "ttl", 0) => header::ttl(info),
        ("icmp" | "icmp6", 0) => header::icmp(info),
        ("iprange", 1) => address::range(info),
        ("length", 0) => header::length(info),
        ("mac", 0) => link::mac(info),
        ("mark", 1) => mark::packet(info),
        ("multiport", 0 | 1) => port::several(info, revision),
        ("physdev", 0) => link::bridge_port(info),
        ("pkttype", 0) => link::packet_type(info),
        ("rpfilter", 0) => address::way_back(info),
        ("set", 1..=4) => set::holds(info, revision, set_name),
        ("state", 0) => info.u32(0).map(|states| Match::State { states }),
        ("tcp", 0) => port::tcp(info),
        ("udp", 0) => port::udp(info),
        _ => return uncertain::match_of(name, info),
    })
}

fn known_target(name: &str, revision: u8, info: Info<'_>) -> Known<Target> {
    Some(match (name, revision) {
        ("CONNMARK", 1 | 2) => mark::set_connection(info, revision),
        ("CT", 0..=2) => connection::tracking(info),
        ("DNAT", 0..=2) => nat::range(info, revision).map(Target::Dnat),
        ("HL" | "TTL", 0) => header::set_ttl(info),
        ("MARK", 2) => mark::set_packet(info),
        ("MASQUERADE", 0) => nat::masquerade(info),
        ("NETMAP", 0) => nat::prefix(info),
        ("NOTRACK", 0) => Ok(Target::Ct { notrack: true, zone: 0 }),
        ("REDIRECT", 0) => nat::redirect(info),
        ("REJECT", 0) => info.u32(0).map(|with| Target::Reject { with }),
        ("SET", 0..=3) => set::changes(info, revision),
        ("SNAT", 0..=2) => nat::range(info, revision).map(Target::Snat),
        ("TCPMSS", 0) => Ok(Target::TcpMss),
        _ if beside::is(name) => Ok(Target::Aside { extension: name.to_owned() }),
        _ => return None,
    })
}
