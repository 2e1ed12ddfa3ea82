//! A network namespace of its own, and the programs that are the oracle, run in it.

use kernel::{NetNs, Sockets, netns};
use model::host::nft::{NftTable, Ruleset};
use model::host::{Table, Unknown};
use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

pub(crate) struct Place {
    namespace: NetNs,
    sockets: Sockets,
}

impl Place {
    pub(crate) fn new() -> Self {
        let namespace = NetNs::fresh().expect("these tests need root");
        let sockets = Sockets::open_in(namespace.as_fd()).unwrap();
        Self { namespace, sockets }
    }

    /// Runs a program with a text on its standard input; what it prints, or why it failed.
    pub(crate) fn try_run(&self, command: &str, input: &str) -> Result<String, String> {
        let mut words = command.split(' ');
        let program = words.next().unwrap();
        let spawn = || {
            Command::new(program)
                .args(words)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
        };
        let mut child = netns::within(self.namespace.as_fd(), spawn)
            .unwrap()
            .unwrap_or_else(|error| panic!("cannot run {program}, which tests need: {error}"));
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    pub(crate) fn run(&self, command: &str, input: &str) -> String {
        self.try_run(command, input).unwrap_or_else(|error| panic!("{command}: {error}\n{input}"))
    }

    /// The tables of iptables-legacy.
    pub(crate) fn read_legacy(&mut self) -> Table<NftTable<Unknown>> {
        kernel::observe::legacy(&mut self.sockets).unwrap()
    }

    pub(crate) fn read(&mut self) -> Ruleset<Unknown> {
        kernel::nft::read(self.sockets.netfilter().unwrap()).unwrap()
    }
}
