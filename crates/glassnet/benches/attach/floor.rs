//! The least that connects a container: the fewest netlink messages, and the start of a process
//! that does nothing.

use anyhow::{Context as _, ensure};
use kernel::apply::Applier;
use kernel::{NetNs, Sockets};
use model::diff::{Change, Step};
use model::host::link::Veth;
use model::host::route::Nexthop;
use model::host::{Address, Bridge, Link, LinkKind, NamespaceId, Route};
use model::net::LinkName;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A bridge made by hand, with nothing of ours on it.
pub(crate) struct Floor {
    kernel: RefCell<Sockets>,
    held: RefCell<Vec<NetNs>>,
}

fn carry_out(
    sockets: &mut Sockets,
    steps: &[Step],
    others: BTreeMap<NamespaceId, BorrowedFd<'_>>,
) -> anyhow::Result<()> {
    Applier::new(sockets, &others)?.apply(steps, &mut |_, _, _| Ok(()))?;
    Ok(())
}

fn name(text: &str) -> anyhow::Result<LinkName> {
    Ok(text.parse()?)
}

impl Floor {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut kernel = Sockets::open_here()?;
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
        carry_out(&mut kernel, &steps, BTreeMap::new())?;
        Ok(Self { kernel: RefCell::new(kernel), held: RefCell::default() })
    }

    /// Connects containers until there are so many.
    pub(crate) fn fill(&self, count: usize) -> anyhow::Result<()> {
        while self.held.borrow().len() < count {
            let netns = NetNs::fresh()?;
            let i = self.held.borrow().len();
            self.connect(&format!("fl{i}"), u16::try_from(1000 + i)?, &netns)?;
            self.held.borrow_mut().push(netns);
        }
        Ok(())
    }

    /// One container connected, and taken off again outside the time.
    pub(crate) fn attach_once(&self, turn: usize) -> anyhow::Result<Duration> {
        let netns = NetNs::fresh()?;
        let link = format!("ft{turn}");
        let time = self.connect(&link, u16::try_from(10 + turn)?, &netns)?;
        let delete = Step {
            namespace: NamespaceId::Host,
            change: Change::DeleteLink { name: name(&link)? },
        };
        carry_out(&mut self.kernel.borrow_mut(), &[delete], BTreeMap::new())?;
        Ok(time)
    }

    fn connect(&self, link: &str, number: u16, netns: &NetNs) -> anyhow::Result<Duration> {
        let inside = NamespaceId::Container(link.to_owned());
        let [high, low] = number.to_be_bytes();
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
        let address = format!("10.78.{high}.{low}/16").parse()?;
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
        let mut kernel = self.kernel.borrow_mut();
        let started = Instant::now();
        carry_out(&mut kernel, &steps, BTreeMap::from([(inside, netns.as_fd())]))?;
        Ok(started.elapsed())
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

pub(crate) fn run_empty(program: &PathBuf) -> anyhow::Result<Duration> {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    super::node::run(&mut command, "")
}
