//! Plan by hand, difference, steps, kernel, reading: the whole round on hosts that are namespaces.

mod changes;
mod proof;
mod tunnel;

use crate::apply::{Applier, Failure};
use crate::observe::{self, Parts};
use crate::testing::Place;
use model::diff::{Step, diff};
use model::host::{Actual, Namespace, NamespaceId, Never, Wanted};
use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, AsRawFd as _};

/// A host and what it should be.
struct Host {
    place: Place,
    wanted: Wanted,
}

impl Host {
    fn new() -> Self {
        let mut wanted = Wanted::default();
        wanted.namespace(NamespaceId::Host);
        Self { place: Place::new(), wanted }
    }

    /// Two hosts whose links `u0` are the two ends of one wire.
    fn two() -> [Self; 2] {
        let (a, b) = (Self::new(), Self::new());
        let there = b.place.namespace.as_fd().as_raw_fd();
        let path = format!("/proc/{}/fd/{there}", std::process::id());
        a.run(&format!("ip link add u0 type veth peer name u0 netns {path}"));
        for host in [&a, &b] {
            host.run("sysctl -qw net.ipv6.conf.u0.accept_dad=0");
            host.run("ip link set u0 up");
            host.run("ip link set lo up");
        }
        [a, b]
    }

    fn run(&self, command: &str) -> String {
        self.place.run(command)
    }

    fn wants(&mut self) -> &mut Namespace<Never> {
        self.wanted.namespace(NamespaceId::Host)
    }

    fn read(&mut self) -> Actual {
        let paths = self.wants().sysctls.keys().cloned().collect();
        let read = observe::namespace(&mut self.place.sockets, &Parts::all(paths)).unwrap();
        let mut actual = Actual::default();
        actual.namespaces.insert(NamespaceId::Host, read);
        actual
    }

    fn steps(&mut self) -> Vec<Step> {
        let actual = self.read();
        let diff = diff(&self.wanted, &actual);
        assert_eq!(diff.conflicts, []);
        diff.steps
    }

    fn apply(&mut self, steps: &[Step]) -> Result<(), Failure> {
        let mut applier = Applier::new(&mut self.place.sockets, &BTreeMap::new()).unwrap();
        applier.apply(steps, &mut |_, _, _| Ok(())).map(|_| ())
    }

    /// Makes the host what it should be, and looks whether anything is left to do. Gives what was
    /// done.
    fn converge(&mut self) -> Vec<Step> {
        let steps = self.steps();
        if let Err(failure) = self.apply(&steps) {
            panic!("{failure}\n{:#?}", steps[failure.step]);
        }
        let rest = self.steps();
        assert!(rest.is_empty(), "left to do: {rest:#?}");
        steps
    }
}
