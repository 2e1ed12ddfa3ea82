//! Labs: several hosts, switches and routers on this one computer, made from
//! a small YAML file.
//!
//! A lab is not a simulation. Each machine is a process with network, mount,
//! UTS, PID and IPC namespaces of its own, so that all of glassnet, and any
//! other program, runs in it for real.
//!
//! ```text
//!            .fabric (a namespace of the lab)
//!            ┌────────────────────────────────────┐
//!   alpha    │ p.0 ─┐                             │    beta
//!   eth0 ════╪══════╡ fabric (a bridge)           │
//!            │      ╞══════════════ p.2 ══════════╪════ eth0
//!   eth1 ════╪═ p.1 ─ c.1 (a cable) ─ p.3 ════════╪════ eth1
//!            └────────────────────────────────────┘
//! ```
//!
//! Machines and fabric are held by their first processes and by nothing else:
//! no bind mount, no name below /run. So ending those processes ends the lab,
//! and `kill` of one is a power cut. They are found by a random token that is
//! on disk before the first of them starts; however an `up` is interrupted,
//! `down` finds all it had made.
//!
//! A lab can be broken on purpose: power (`kill`), cables (`cut`), services
//! (`stop`, `freeze`) and what a router or switch loses in silence (`drop`).
//! What is broken so is mended by its counterpart.
//!
//! What a lab never does: touch the machine's own links, routes, rules or
//! sysctls. A veth is born with one end in the fabric and one in a machine.
//!
//! The same program plays the first processes: its hidden verb `lab-init`
//! must lead to `init::run`.

mod cable;
mod command;
mod credentials;
mod crew;
mod down;
mod dropped;
mod error;
mod exec;
mod faults;
pub mod file;
pub mod init;
mod launch;
mod list;
mod namespace;
mod power;
mod privilege;
mod process;
mod programs;
mod progress;
mod running;
mod service;
mod services;
mod state;
mod stock;
mod topology;
mod up;
mod visit;
mod wire;
mod wiring;

pub use cable::{cut, mend};
pub use down::down;
pub use dropped::{Dropped, NotDroppable};
pub use error::Error;
pub use exec::exec;
pub use faults::{drop, pass};
pub use file::schema;
pub use list::{ContainerStatus, LabStatus, MachineStatus, ServiceStatus, ls, names};
pub use power::{Disk, kill, start};
pub use process::Process;
pub use progress::{Progress, Step};
pub use running::{Running, running};
pub use service::{NoSuchService, Service};
pub use services::{Activity, freeze, start_service, stop, thaw};
pub use state::Phase;
pub use topology::{
    Container, Etcd, Link, LinkEnd, Machine, Network, Page, Role, Route, Switch, Sysctl, Topology,
};
pub use up::up;
pub use visit::{View, topology, visit};
pub use wire::WireError;
