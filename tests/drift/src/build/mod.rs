//! A case made of real namespaces. They have no names: the last descriptor takes them away, also when
//! the test is killed.
//!
//! ```text
//! namespaces ─▶ settings for links to come ─▶ cables
//!   ─▶ in each: ip ─▶ settings ─▶ ipset ─▶ iptables ─▶ nft
//!   ─▶ in each: bridge
//! ```

mod settle;
mod tool;

use crate::case::{Case, Space};
use crate::error::{Error, Result};
use kernel::{NetNs, netns};
use model::host::NamespaceId;
use std::fmt::Write as _;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

/// The namespaces of a case.
#[derive(Debug)]
pub struct Network {
    pub spaces: Vec<Built>,
}

/// One of them.
#[derive(Debug)]
pub struct Built {
    pub name: String,
    pub id: NamespaceId,
    namespace: NetNs,
}

impl AsFd for Built {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.namespace.as_fd()
    }
}

impl Built {
    fn new(space: &Space) -> Result<Self> {
        let id = NamespaceId::Named(format!("netns:{}", space.name).into());
        Ok(Self { name: space.name.clone(), id, namespace: NetNs::fresh()? })
    }
}

/// What every namespace of ours is told before it has links, so that nothing happens by itself or late:
/// addresses are usable at once, and nobody is told of better ways.
const QUIET: [(&str, &str); 9] = [
    ("net/ipv6/conf/all/accept_dad", "0"),
    ("net/ipv6/conf/default/accept_dad", "0"),
    ("net/ipv6/conf/default/dad_transmits", "0"),
    ("net/ipv6/conf/default/router_solicitations", "0"),
    ("net/ipv6/conf/all/accept_redirects", "0"),
    ("net/ipv6/conf/default/accept_redirects", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    // Sockets for echoes, for root's group.
    ("net/ipv4/ping_group_range", "0 0"),
];

/// Makes all of it.
pub fn build(case: &Case) -> Result<Network> {
    let spaces = case.spaces.iter().map(Built::new).collect::<Result<Vec<_>>>()?;
    let network = Network { spaces };
    for built in &network.spaces {
        let quiet = QUIET.map(|(path, value)| format!("{path}={value}"));
        settings(built, &quiet)?;
    }
    network.cables(case)?;
    let both = || network.spaces.iter().zip(&case.spaces);
    let lines = |lines: &[String]| lines.iter().fold(String::new(), |all, line| all + line + "\n");
    for (built, space) in both() {
        let lo = "link set lo up\n".to_owned();
        tool::carry_out(built, "ip", &[], &(lo + &lines(&space.ip)))?;
        tool::carry_out(built, "ip", &["-6"], &lines(&space.ip6))?;
        settings(built, &space.sysctls)?;
        answer_at_once(built)?;
        tool::feed(built, "ipset", &["restore"], &lines(&space.ipset))?;
        iptables(built, space)?;
        let tables: String = space.nft.iter().map(crate::case::Table::script).collect();
        tool::feed(built, "nft", &["-f", "-"], &tables)?;
    }
    // A port takes no state before its cable's other end is up.
    settle::wait(&network)?;
    for (built, space) in both() {
        tool::carry_out(built, "bridge", &[], &lines(&space.bridge))?;
    }
    Ok(network)
}

impl Network {
    pub fn space(&self, name: &str) -> Result<&Built> {
        let found = self.spaces.iter().find(|built| built.name == name);
        found.ok_or_else(|| Error::NotThere { subject: "it".to_owned(), name: name.to_owned() })
    }

    /// All cables in one go: a link may be made in any namespace from any.
    fn cables(&self, case: &Case) -> Result<()> {
        let Some(workshop) = self.spaces.first() else { return Ok(()) };
        let mut lines = String::new();
        for (cable, place) in case.cables.iter().zip(0..) {
            let numbers = Case::numbers(place);
            let mut words = Vec::new();
            for (end, number) in cable.ends.iter().zip(numbers) {
                let space = self.space(&end.space)?;
                // `ip` takes a path for the namespace's name.
                words.push(format!(
                    "name {} index {number} address {} netns /proc/{}/fd/{}",
                    end.link,
                    mac(number),
                    std::process::id(),
                    space.as_fd().as_raw_fd()
                ));
            }
            let _ = writeln!(lines, "link add {} type veth peer {}", words[0], words[1]);
        }
        tool::feed(workshop, "ip", &["-batch", "-"], &lines)
    }
}

/// The address of the cable's end with this number.
pub fn mac(number: u32) -> String {
    let [.., high, low] = number.to_be_bytes();
    format!("02:00:00:00:{high:02x}:{low:02x}")
}

/// Who answers for others does so after a while that is left to chance, unless told otherwise.
fn answer_at_once(built: &Built) -> Result<()> {
    let links = || -> std::io::Result<Vec<String>> {
        let mut paths = Vec::new();
        for family in ["ipv4", "ipv6"] {
            for link in std::fs::read_dir(format!("/proc/sys/net/{family}/neigh"))? {
                let link = link?.file_name();
                let link = link.to_string_lossy();
                paths.push(format!("net/{family}/neigh/{link}/proxy_delay=0"));
            }
        }
        Ok(paths)
    };
    let paths = netns::within(built.as_fd(), links)?
        .map_err(Error::system(format!("list the links of {}", built.name)))?;
    settings(built, &paths)
}

/// Has each of the programs make its tables.
fn iptables(built: &Built, space: &Space) -> Result<()> {
    for family in ["iptables", "ip6tables"] {
        for by in ["nft", "legacy"] {
            let program = format!("{family}-{by}");
            let its = space.iptables.iter().filter(|table| table.program == program);
            let tables: String = its.map(crate::case::XTable::script).collect();
            // Others may use the older program at the same time, which lets one in at a time.
            let arguments: &[&str] = if by == "legacy" { &["--wait", "20"] } else { &[] };
            tool::feed(built, &format!("{program}-restore"), arguments, &tables)?;
        }
    }
    Ok(())
}

/// Writes settings, each as `path=value`.
fn settings(built: &Built, settings: &[String]) -> Result<()> {
    let write = || {
        for setting in settings {
            let (path, value) = setting.split_once('=').unwrap_or((setting, ""));
            std::fs::write(format!("/proc/sys/{path}"), value)
                .map_err(Error::system(format!("set {setting} in {}", built.name)))?;
        }
        Ok(())
    };
    netns::within(built.as_fd(), write)?
}
