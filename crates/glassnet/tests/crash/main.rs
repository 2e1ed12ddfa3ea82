//! Kills the daemon, at every declared place and at random ones under load, damages its files, and
//! looks at what is left once the engine has sent its DELs: nothing may be.
//!
//! Every round has a host of its own: a thread in fresh network and mount namespaces, in which the
//! daemon and the CNI program run as processes.

mod damaged;
mod failpoints;
mod host;
mod late_detach;
mod left;
mod live;
mod load;
mod random;
mod shim;

#[path = "../../src/failpoint.rs"]
#[allow(dead_code)]
mod client_failpoint;

/// The daemon is a program without a library; its list is compiled in from its source.
#[path = "../../src/daemon/failpoint.rs"]
#[allow(dead_code)]
mod daemon_failpoint;
