//! The least that connects a container: the fewest netlink messages, and the start of a process
//! that does nothing.

use anyhow::{Context as _, ensure};
use kernel::apply::Applier;
use kernel::{NetNs, Sockets};
use model::diff::{Change, Step};
use model::host::link::Veth;
use model::host::route::Nexthop;
use model::host::{Address, Bridge, Link, LinkKind, NamespaceId, Route};
use model::net::{IpNet, LinkName};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A bridge made by hand, in a host of its own, with nothing of ours on it.
pub(crate) struct Floor {
    host: NetNs,
    held: Mutex<Vec<NetNs>>,
}

fn carry_out(
    host: &NetNs,
    steps: &[Step],
    others: BTreeMap<NamespaceId, BorrowedFd<'_>>,
) -> anyhow::Result<Duration> {
    let mut sockets = Sockets::open_in(host.as_fd())?;
    sockets.route()?;
    let started = Instant::now();
    Applier::new(&mut sockets, &others)?.apply(steps, &mut |_, _, _| Ok(()))?;
    Ok(started.elapsed())
}

fn name(text: &str) -> anyhow::Result<LinkName> {
    Ok(text.parse()?)
}

impl Floor {
    pub(crate) fn new(host: NetNs) -> anyhow::Result<Self> {
        let bridge = Link {
            up: true,
            group: 0,
            ..Link::ours(name("floor")?, LinkKind::Bridge(Bridge::default()))
        };
        let steps = [
            Step { namespace: NamespaceId::Host, change: Change::CreateLink(bridge) },
            Step {
                namespace: NamespaceId::Host,
                change: Change::AddAddress(Address::new(name("floor")?, "10.78.0.1/16".parse()?)),
            },
        ];
        carry_out(&host, &steps, BTreeMap::new())?;
        Ok(Self { host, held: Mutex::default() })
    }

    pub(crate) fn host(&self) -> &NetNs {
        &self.host
    }

    /// Connects containers until there are so many.
    pub(crate) fn fill(&self, count: usize) -> anyhow::Result<()> {
        let mut held = self.held.lock().expect("nobody panics with it");
        while held.len() < count {
            let (i, netns) = (held.len(), NetNs::fresh()?);
            self.connect(&format!("fl{i}"), u16::try_from(1000 + i)?, &netns)?;
            held.push(netns);
        }
        Ok(())
    }

    /// One container connected, and taken off again outside the time.
    pub(crate) fn attach_once(&self, turn: u16) -> anyhow::Result<Duration> {
        let netns = NetNs::fresh()?;
        let link = format!("ft{turn}");
        let time = self.connect(&link, 10 + turn, &netns)?;
        self.disconnect(&link)?;
        Ok(time)
    }

    pub(crate) fn disconnect(&self, link: &str) -> anyhow::Result<()> {
        let change = Change::DeleteLink { name: name(link)? };
        let delete = Step { namespace: NamespaceId::Host, change };
        carry_out(&self.host, &[delete], BTreeMap::new())?;
        Ok(())
    }

    /// Connects a container with the number's address.
    pub(crate) fn connect(
        &self,
        link: &str,
        number: u16,
        netns: &NetNs,
    ) -> anyhow::Result<Duration> {
        let inside = NamespaceId::Container(link.to_owned());
        let eth0 = name("eth0")?;
        let veth = Link {
            up: true,
            master: Some(name("floor")?),
            group: 0,
            ..Link::ours(name(link)?, LinkKind::Veth(Veth::to(inside.clone(), eth0.clone())))
        };
        let peer = Link {
            up: true,
            group: 0,
            ..Link::ours(eth0.clone(), LinkKind::Veth(Veth::to(NamespaceId::Host, name(link)?)))
        };
        let address = IpNet::new(Self::address(number).into(), 16)?;
        let default =
            Route::ours("0.0.0.0/0".parse()?, Nexthop::via("10.78.0.1".parse()?, eth0.clone()));
        let steps = [
            Step {
                namespace: NamespaceId::Host,
                change: Change::CreateVeth { link: veth, peer, peer_namespace: inside.clone() },
            },
            Step {
                namespace: inside.clone(),
                change: Change::AddAddress(Address::new(eth0, address)),
            },
            Step { namespace: inside.clone(), change: Change::AddRoute(default) },
        ];
        carry_out(&self.host, &steps, BTreeMap::from([(inside, netns.as_fd())]))
    }

    pub(crate) fn address(number: u16) -> Ipv4Addr {
        let [high, low] = number.to_be_bytes();
        Ipv4Addr::new(10, 78, high, low)
    }
}

/// A static program of a few hundred bytes that ends at once.
pub(crate) fn empty_process() -> anyhow::Result<PathBuf> {
    let directory = tempfile::tempdir()?.keep();
    let (source, program) = (directory.join("empty.c"), directory.join("empty"));
    let exit =
        r#"void _start(void) { __asm__ volatile("mov $60, %eax; xor %edi, %edi; syscall"); }"#;
    std::fs::write(&source, exit)?;
    let built = Command::new("cc")
        .args(["-Os", "-static", "-nostdlib", "-o"])
        .args([&program, &source])
        .status()
        .context("a C compiler is needed for the empty process")?;
    ensure!(built.success(), "the empty process does not compile");
    Ok(program)
}

pub(crate) fn run_empty(program: &Path) -> anyhow::Result<Duration> {
    let mut command = Command::new(program);
    crate::private::run(&mut command, "")
}
