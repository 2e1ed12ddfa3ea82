//! What the tests stand on: a namespace of their own and the tools that serve as oracles in it. Tests
//! beside the crate include this file, and the names it uses.

use crate::{NetNs, Sockets, netns};
use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

/// A fresh network namespace with sockets in it. It ends with the test.
pub(crate) struct Place {
    pub(crate) namespace: NetNs,
    pub(crate) sockets: Sockets,
}

impl Place {
    pub(crate) fn new() -> Self {
        let namespace = NetNs::fresh().expect("the kernel crate's tests need root");
        let sockets = Sockets::open_in(namespace.as_fd()).unwrap();
        Self { namespace, sockets }
    }

    /// Runs a program in the namespace; the words are split at spaces.
    pub(crate) fn run(&self, command: &str) -> String {
        self.feed(command, "")
    }

    /// The same with a text on its standard input.
    pub(crate) fn feed(&self, command: &str, input: &str) -> String {
        self.try_feed(command, input).unwrap_or_else(|error| panic!("{command}: {error}\n{input}"))
    }

    /// The same; what it says if it fails.
    pub(crate) fn try_feed(&self, command: &str, input: &str) -> Result<String, String> {
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
}
